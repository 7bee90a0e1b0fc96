"""Timing of short calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def per_call(function: Callable[[], object], seconds: float = 0.2) -> float:
    """Seconds of one call, from as many calls as fit into `seconds`."""
    start = time.perf_counter()
    function()
    first = time.perf_counter() - start
    count = max(1, int(seconds / max(first, 1e-7)) // 4)
    start = time.perf_counter()
    for _ in range(count):
        function()
    return (time.perf_counter() - start) / count


def once(function: Callable[[], object], units: int = 1) -> float:
    """Seconds of one unit when `function` does so many."""
    start = time.perf_counter()
    function()
    return (time.perf_counter() - start) / units


def batched(function: Callable[[Any], Any], x: Any, size: int) -> list[Any]:
    """Results for `size` rows at a time."""
    return [function(x[i : i + size]) for i in range(0, len(x), size)]
