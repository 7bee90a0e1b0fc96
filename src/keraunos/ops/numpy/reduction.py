"""Sums, means, extremes and running totals along axes."""

from __future__ import annotations

import math

from keraunos import dtypes
from keraunos.dtypes import standardize_dtype
from keraunos.ops import _dims
from keraunos.ops._arguments import axes_tuple, axis_index, booleans, floats, operand_type, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, elementwise, number_kinds, shaping
from keraunos.tensor import cast_tensor, execute, scalar

operation = operations("numpy")

_ACCUMULATOR = {
    "bool": "int32",
    "int8": "int32",
    "int16": "int32",
    "uint8": "uint32",
    "uint16": "uint32",
}


def accumulating(x):
    """`x` as a Tensor wide enough to add up in: small ints and bools become 32 bits."""
    x = tensor(x)
    wide = _ACCUMULATOR.get(x.dtype)
    return x if wide is None else cast_tensor(x, wide)


def reduce(name, x, axis, keepdims):
    """The core's reduction `name` of the Tensor `x`."""
    axes = axes_tuple(axis, len(x.shape))
    if not axes and axis is not None and not isinstance(axis, int):
        return x  # no axis at all: nothing to reduce
    return execute(name, [x], {"axes": list(axes), "keepdims": bool(keepdims)})


@operation
def sum(x, axis=None, keepdims=False):
    """The sum along axes (all by default). Bools and small ints are added up in 32 bits."""
    return reduce("sum", accumulating(x), axis, keepdims)


@operation
def mean(x, axis=None, keepdims=False):
    """The mean along axes (all by default), as a float."""
    return reduce("mean", floats(x), axis, keepdims)


@operation
def prod(x, axis=None, keepdims=False, dtype=None):
    """The product along axes (all by default)."""
    x = accumulating(x) if dtype is None else cast_tensor(tensor(x), standardize_dtype(dtype))
    return reduce("prod", x, axis, keepdims)


def _extreme(name, x, axis, keepdims, initial):
    x = tensor(x)
    axes = axes_tuple(axis, len(x.shape))
    if 0 in [x.shape[a] for a in axes]:
        if initial is None:
            raise ValueError(f"{name}: an empty axis has no {name}. Received: shape {tuple(x.shape)}, axis={axis}")
        sizes = [
            1 if a in axes else size
            for a, size in enumerate(_dims.shape_of(x))
            if keepdims or a not in axes
        ]
        return _dims.fill(with_dtype(initial, x.dtype), tuple(sizes))
    if x.dtype == "bool":
        x = reduce("any" if name == "max" else "all", x, axis, keepdims)
    else:
        x = reduce(name, x, axis, keepdims)
    if initial is None:
        return x
    return (arithmetic.maximum if name == "max" else arithmetic.minimum)(x, with_dtype(initial, x.dtype))


@operation
def max(x, axis=None, keepdims=False, initial=None):
    """The largest element along axes (all by default), at least `initial`."""
    return _extreme("max", x, axis, keepdims, initial)


@operation
def min(x, axis=None, keepdims=False, initial=None):
    """The smallest element along axes (all by default), at most `initial`."""
    return _extreme("min", x, axis, keepdims, initial)


@operation
def amax(x, axis=None, keepdims=False):
    """The largest element along axes (all by default)."""
    return _extreme("max", x, axis, keepdims, None)


@operation
def amin(x, axis=None, keepdims=False):
    """The smallest element along axes (all by default)."""
    return _extreme("min", x, axis, keepdims, None)


@operation
def ptp(x, axis=None, keepdims=False):
    """The largest minus the smallest element along axes."""
    x = tensor(x)
    largest, smallest = _extreme("max", x, axis, keepdims, None), _extreme("min", x, axis, keepdims, None)
    return arithmetic.subtract(largest, smallest)


@operation
def any(x, axis=None, keepdims=False):
    """Whether any element along axes is not zero."""
    return reduce("any", booleans(x), axis, keepdims)


@operation
def all(x, axis=None, keepdims=False):
    """Whether all elements along axes are not zero."""
    return reduce("all", booleans(x), axis, keepdims)


@operation
def count_nonzero(x, axis=None):
    """How many elements along axes are not zero (int32)."""
    return reduce("sum", cast_tensor(booleans(x), "int32"), axis, False)


def _position(name, x, axis, keepdims):
    x = tensor(x)
    if x.dtype == "bool":
        x = cast_tensor(x, "int32")
    rank = len(x.shape)
    if axis is None:
        found = execute(name, [shaping.ravel(x)], {"axis": 0, "keepdims": False})
        return _dims.reshape(found, (1,) * rank) if keepdims else found
    return execute(name, [x], {"axis": axis_index(axis, rank), "keepdims": bool(keepdims)})


@operation
def argmax(x, axis=None, keepdims=False):
    """The place of the largest element along an axis (int32); of the first one if there are several."""
    return _position("argmax", x, axis, keepdims)


@operation
def argmin(x, axis=None, keepdims=False):
    """The place of the smallest element along an axis (int32); of the first one if there are several."""
    return _position("argmin", x, axis, keepdims)


@operation
def var(x, axis=None, keepdims=False):
    """The variance along axes (all by default), in two passes."""
    x = floats(x)
    deviation = execute("subtract", [x, reduce("mean", x, axis, True)], {})
    return reduce("mean", execute("square", [deviation], {}), axis, keepdims)


@operation
def std(x, axis=None, keepdims=False):
    """The standard deviation along axes (all by default)."""
    return execute("sqrt", [var(x, axis, keepdims)], {})


@operation("x", "weights")
def average(x, axis=None, weights=None):
    """The mean along an axis, weighted by `weights` (of the shape of `x`, or a vector along the axis)."""
    kinds = [operand_type(x)] + ([] if weights is None else [operand_type(weights)])
    dtype = dtypes.promoted(*kinds, float)
    x = with_dtype(x, dtype)
    if weights is None:
        return mean(x, axis)
    weights = with_dtype(weights, dtype)
    if len(weights.shape) == 1 and len(x.shape) > 1 and axis is not None:
        shape = [1] * len(x.shape)
        shape[axis_index(axis, len(x.shape))] = _dims.size_of(weights, 0)
        weights = _dims.reshape(weights, tuple(shape))
    elif len(weights.shape) != len(x.shape):
        raise ValueError(
            "average: `weights` must have the shape of `x`, or be a vector along `axis`. "
            f"Received: x.shape={tuple(x.shape)}, weights.shape={tuple(weights.shape)}, axis={axis}"
        )
    weights = _dims.broadcast_to(weights, _dims.shape_of(x))
    return arithmetic.divide(sum(arithmetic.multiply(x, weights), axis), sum(weights, axis))


# ------------------------------------------------------------------ running totals


def _running(name, x, axis, dtype):
    x = tensor(x)
    if dtype is not None:
        x = cast_tensor(x, standardize_dtype(dtype))
    if x.dtype == "bool":
        x = cast_tensor(x, "int32")
    if axis is None:
        x, axis = shaping.ravel(x), 0
    if isinstance(axis, (list, tuple)) and len(axis) == 1:
        axis = axis[0]
    return execute(name, [x], {"axis": axis_index(axis, len(x.shape)), "reverse": False})


@operation
def cumsum(x, axis=None, dtype=None):
    """The sums of the elements up to each one along an axis, or of `x` as a vector."""
    return _running("cumsum", x, axis, dtype)


@operation
def cumprod(x, axis=None, dtype=None):
    """The products of the elements up to each one along an axis, or of `x` as a vector."""
    return _running("cumprod", x, axis, dtype)


# ------------------------------------------------------------------ without NaN


def _nan_replaced(x, value):
    x = tensor(x)
    return choices.where(number_kinds.isnan(x), value, x) if x.dtype in dtypes.FLOATS else x


def _are_all_nan(x, axis, keepdims):
    return reduce("all", number_kinds.isnan(x), axis, keepdims)


@operation
def nansum(x, axis=None, keepdims=False):
    """The sum along axes, NaN counting as 0."""
    return sum(_nan_replaced(x, 0.0), axis, keepdims)


@operation
def nanprod(x, axis=None, keepdims=False):
    """The product along axes, NaN counting as 1."""
    return prod(_nan_replaced(x, 1.0), axis, keepdims)


@operation
def nancumsum(x, axis=None, dtype=None):
    """As `cumsum`, NaN counting as 0."""
    return cumsum(_nan_replaced(x, 0.0), axis, dtype)


@operation
def nancumprod(x, axis=None, dtype=None):
    """As `cumprod`, NaN counting as 1."""
    return cumprod(_nan_replaced(x, 1.0), axis, dtype)


def _nan_extreme(x, axis, keepdims, function, neutral):
    x = tensor(x)
    if x.dtype not in dtypes.FLOATS:
        return function(x, axis, keepdims)
    found = function(_nan_replaced(x, neutral), axis, keepdims)
    return choices.where(_are_all_nan(x, axis, keepdims), math.nan, found)


@operation
def nanmax(x, axis=None, keepdims=False):
    """The largest element that is not NaN; NaN if there is none."""
    return _nan_extreme(x, axis, keepdims, max, -math.inf)


@operation
def nanmin(x, axis=None, keepdims=False):
    """The smallest element that is not NaN; NaN if there is none."""
    return _nan_extreme(x, axis, keepdims, min, math.inf)


def _nan_position(x, axis, keepdims, function, neutral):
    x = tensor(x)
    if x.dtype not in dtypes.FLOATS:
        return function(x, axis, keepdims)
    found = function(_nan_replaced(x, neutral), axis, keepdims)
    return choices.where(_are_all_nan(x, axis, keepdims), scalar(-1, "int32"), found)


@operation
def nanargmax(x, axis=None, keepdims=False):
    """The place of the largest element that is not NaN; -1 if there is none."""
    return _nan_position(x, axis, keepdims, argmax, -math.inf)


@operation
def nanargmin(x, axis=None, keepdims=False):
    """The place of the smallest element that is not NaN; -1 if there is none."""
    return _nan_position(x, axis, keepdims, argmin, math.inf)


def _counted(x, axis, keepdims):
    """How many elements are not NaN, as a float."""
    return sum(cast_tensor(comparisons.logical_not(number_kinds.isnan(x)), x.dtype), axis, keepdims)


@operation
def nanmean(x, axis=None, keepdims=False):
    """The mean of the elements that are not NaN."""
    x = floats(x)
    return arithmetic.divide(nansum(x, axis, keepdims), _counted(x, axis, keepdims))


@operation
def nanvar(x, axis=None, keepdims=False):
    """The variance of the elements that are not NaN."""
    x = floats(x)
    deviation = arithmetic.subtract(x, nanmean(x, axis, True))
    return nanmean(elementwise.square(deviation), axis, keepdims)


@operation
def nanstd(x, axis=None, keepdims=False):
    """The standard deviation of the elements that are not NaN."""
    return execute("sqrt", [nanvar(x, axis, keepdims)], {})


__all__ = [
    "all",
    "amax",
    "amin",
    "any",
    "argmax",
    "argmin",
    "average",
    "count_nonzero",
    "cumprod",
    "cumsum",
    "max",
    "mean",
    "min",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmin",
    "nanprod",
    "nanstd",
    "nansum",
    "nanvar",
    "prod",
    "ptp",
    "std",
    "sum",
    "var",
]
