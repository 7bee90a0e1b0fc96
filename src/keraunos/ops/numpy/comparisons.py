"""Comparisons of elements, and logic."""

from __future__ import annotations

from keraunos.ops._arguments import (
    booleans,
    pair,
)
from keraunos.ops._dispatch import named, operations
from keraunos.tensor import execute

operation = operations("numpy")


def _comparison(name, meaning):
    def function(x1, x2):
        return execute(name, list(pair(x1, x2)), {})

    return operation("x1", "x2")(named(function, name, meaning))


equal = _comparison("equal", "`x1 == x2`.")
not_equal = _comparison("not_equal", "`x1 != x2`.")
greater = _comparison("greater", "`x1 > x2`.")
greater_equal = _comparison("greater_equal", "`x1 >= x2`.")
less = _comparison("less", "`x1 < x2`.")
less_equal = _comparison("less_equal", "`x1 <= x2`.")


def _logic(name, meaning):
    def function(x1, x2):
        return execute(name, [booleans(x1), booleans(x2)], {})

    return operation("x1", "x2")(named(function, name, meaning))


logical_and = _logic("logical_and", "Whether both are not zero.")
logical_or = _logic("logical_or", "Whether at least one is not zero.")
logical_xor = _logic("logical_xor", "Whether exactly one is not zero.")


@operation
def logical_not(x):
    """Whether zero."""
    return execute("logical_not", [booleans(x)], {})


__all__ = [
    "equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "not_equal",
]
