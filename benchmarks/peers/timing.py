"""Timing of short calls.

A process that has waited for the others runs its first milliseconds slowly: clock, caches and pages have to come back. They
are not counted, for no peer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

WARMING_SECONDS = 0.05


def _seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def _warmed(function: Callable[[], object]) -> float:
    """Seconds of the last of the calls that fit into a moment, at least one."""
    start = time.perf_counter()
    while True:
        last = _seconds(function)
        if time.perf_counter() - start >= WARMING_SECONDS:
            return last


def per_call(function: Callable[[], object], seconds: float = 0.05) -> float:
    """Seconds of one call, from as many calls as fit into `seconds`."""
    count = max(1, int(seconds / max(_warmed(function), 1e-7)))
    start = time.perf_counter()
    for _ in range(count):
        function()
    return (time.perf_counter() - start) / count


def once(function: Callable[[], object], units: int = 1) -> float:
    """Seconds of one unit when `function` does so many. What takes longer than the warming is done once."""
    first = _seconds(function)
    if first < WARMING_SECONDS:
        _warmed(function)
        first = _seconds(function)
    return first / units


def batched(function: Callable[[Any], Any], x: Any, size: int) -> list[Any]:
    """Results for `size` rows at a time."""
    return [function(x[i : i + size]) for i in range(0, len(x), size)]
