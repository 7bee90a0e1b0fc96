"""What every part of the tensorflow subset says about names that it does not have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def missing(module: str) -> Callable[[str], Any]:
    """Returns a module `__getattr__` for the public module name `module`, such as "tensorflow.math".

    Its AttributeError names what was asked for; names that Python itself probes for get the usual message.
    """

    def __getattr__(name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        raise AttributeError(f"{module}.{name} is not part of keraunos's tensorflow subset")

    return __getattr__
