"""What kind of number each element is: NaN, infinite, finite, real, below zero."""

from __future__ import annotations

import math

from keraunos import dtypes
from keraunos.ops import _dims
from keraunos.ops._arguments import (
    tensor,
)
from keraunos.ops._dispatch import named, operations
from keraunos.ops.numpy import comparisons
from keraunos.tensor import execute, scalar

operation = operations("numpy")


def _float_test(name, meaning, for_ints):
    def function(x):
        x = tensor(x)
        if x.dtype not in dtypes.FLOATS:
            return like(x, for_ints, "bool")
        return execute(name, [x], {})

    return operation(named(function, name, meaning))


def like(x, value, dtype):
    """A tensor of the shape of `x`, filled with `value`."""
    return _dims.fill(scalar(value, dtype), _dims.shape_of(x))


isfinite = _float_test("isfinite", "Whether neither NaN nor infinite.", True)
isinf = _float_test("isinf", "Whether infinite, of either sign.", False)
isnan = _float_test("isnan", "Whether NaN.", False)


@operation
def isposinf(x):
    """Whether plus infinity."""
    x = tensor(x)
    return like(x, False, "bool") if x.dtype not in dtypes.FLOATS else comparisons.equal(x, math.inf)


@operation
def isneginf(x):
    """Whether minus infinity."""
    x = tensor(x)
    return like(x, False, "bool") if x.dtype not in dtypes.FLOATS else comparisons.equal(x, -math.inf)


@operation
def isreal(x):
    """Whether the imaginary part is zero; tensors are real, so true."""
    return like(tensor(x), True, "bool")


@operation
def signbit(x):
    """Whether the sign bit is set: below zero, or -0.0."""
    x = tensor(x)
    if x.dtype in dtypes.FLOATS:
        return execute("signbit", [x], {})
    if x.dtype == "bool" or x.dtype.startswith("uint"):
        return like(x, False, "bool")
    return comparisons.less(x, 0)


__all__ = [
    "isfinite",
    "isinf",
    "isnan",
    "isneginf",
    "isposinf",
    "isreal",
    "signbit",
]
