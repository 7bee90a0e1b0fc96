"""Order, search and counting: sort, quantiles, histograms, unique values."""

from __future__ import annotations

import math

import numpy as np

from keraunos import dtypes
from keraunos.dtypes import promoted
from keraunos.ops import _dims
from keraunos.ops._arguments import (
    axes_tuple,
    axis_index,
    booleans,
    concrete,
    floats,
    operand_type,
    pair,
    tensor,
    with_dtype,
    without_bool,
)
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, indexing, joining, number_kinds, reduction, shaping
from keraunos.tensor import KerasTensor, Tensor, cast_tensor, convert_to_tensor, execute, scalar

operation = operations("numpy")


def _vector_or_axis(x, axis):
    x = tensor(x)
    if axis is None:
        return shaping.ravel(x), 0
    return x, axis_index(axis, len(x.shape))


@operation
def sort(x, axis=-1):
    """`x` with its elements in rising order along an axis (`None`: as a vector). NaN comes last."""
    x, axis = _vector_or_axis(x, axis)
    if x.dtype == "bool":
        return cast_tensor(sort(cast_tensor(x, "int32"), axis), "bool")
    return execute("sort", [x], {"axis": axis, "descending": False})


@operation
def argsort(x, axis=-1):
    """The places (int32) of the elements in rising order along an axis (`None`: as a vector). Stable."""
    x = tensor(x)
    if not x.shape:
        return scalar(0, "int32")
    x, axis = _vector_or_axis(without_bool(x), axis)
    return execute("argsort", [x], {"axis": axis, "descending": False})


@operation
def argpartition(x, kth, axis=-1):
    """Places such that the element at `kth` is where it would be if sorted, smaller ones before it."""
    if not isinstance(kth, int):
        raise ValueError(f"kth must be an integer. Received: kth = {kth}")
    return argsort(x, axis)


@operation("sorted_sequence", "values", name="SearchSorted")
def searchsorted(sorted_sequence, values, side="left"):
    """Where each value belongs in a sorted vector (int32): before (`"left"`) or after (`"right"`) equal ones."""
    sequence = tensor(sorted_sequence)
    if len(sequence.shape) != 1:
        raise ValueError(
            "`searchsorted` only supports 1-D sorted sequences. "
            f"You can use `keras.ops.vectorized_map` to extend it to N-D sequences. Received: {sequence.shape}"
        )
    if side not in ("left", "right"):
        raise ValueError(f"searchsorted: `side` must be 'left' or 'right'. Received: side={side}")
    sequence, values = pair(sequence, values)
    return cast_tensor(execute("searchsorted", [sequence, values], {"side": side}), "int32")


@operation("x", "bins")
def digitize(x, bins):
    """The number of the bin of each element (int32): i where `bins[i - 1] <= x < bins[i]`."""
    return searchsorted(bins, x, side="right")


def _nonzero_spec(x):
    return tuple(KerasTensor((None,), dtype="int32") for _ in x.shape)


@operation(spec=_nonzero_spec)
def nonzero(x):
    """The coordinates of the elements that are not zero, one int32 tensor per axis. Needs a value."""
    return tuple(convert_to_tensor(index.astype("int32")) for index in np.nonzero(booleans(x).numpy()))


@operation("x1", "x2", name="IsIn")
def isin(x1, x2, assume_unique=False, invert=False):
    """Whether each element of `x1` is among those of `x2`."""
    x1, x2 = pair(x1, x2)
    is_equal = comparisons.equal(shaping.expand_dims(x1, -1), shaping.ravel(x2))
    found = reduction.any(is_equal, axis=-1)
    return comparisons.logical_not(found) if invert else found


def _unique_spec(
    x,
    sorted=True,
    return_index=False,
    return_inverse=False,
    return_counts=False,
    axis=None,
    size=None,
    fill_value=None,
):
    shape = list(x.shape)
    if axis is None:
        values = (size,)
        whole = 1
        for n in shape:
            whole = None if whole is None or n is None else whole * n
        inverse = tuple(shape)
    else:
        at = axis_index(axis, len(shape))
        inverse = (shape[at],)
        shape[at] = size
        values = tuple(shape)
    results = [KerasTensor(values, dtype=x.dtype)]
    if return_index:
        results.append(KerasTensor((size,), dtype="int32"))
    if return_inverse:
        results.append(KerasTensor(inverse, dtype="int32"))
    if return_counts:
        results.append(KerasTensor((size,), dtype="int32"))
    return results[0] if len(results) == 1 else tuple(results)


@operation(spec=_unique_spec)
def unique(
    x,
    sorted=True,
    return_index=False,
    return_inverse=False,
    return_counts=False,
    axis=None,
    size=None,
    fill_value=None,
):
    """The different elements (or, with an axis, sub-tensors) of `x` in rising order. Needs a value.

    Args:
        x: the tensor.
        sorted: kept for Keras's sake; the result is sorted.
        return_index: whether to return also where each first occurs.
        return_inverse: whether to return also, for each element, its place in the result.
        return_counts: whether to return also how often each occurs.
        axis: the axis, or `None` for single elements.
        size: cut or fill up the result to this many.
        fill_value: what to fill up with, by default the smallest of the result.
    """
    array = tensor(x).numpy()
    found = np.unique(array, return_index=True, return_inverse=True, return_counts=True, axis=axis)
    values, index, inverse, counts = found
    inverse = inverse.reshape(array.shape if axis is None else (-1,))
    at = 0 if axis is None else axis_index(axis, array.ndim)
    if size is not None:
        count = values.shape[at]
        values = np.take(values, np.arange(min(count, size)), axis=at)
        index, counts = index[:size], counts[:size]
        if size > count:
            missing = size - count
            filler = np.take(values, [0], axis=at) if fill_value is None and count else fill_value or 0
            shape = list(values.shape)
            shape[at] = missing
            values = np.concatenate([values, np.broadcast_to(filler, shape).astype(values.dtype)], axis=at)
            index = np.pad(index, (0, missing), constant_values=index[0] if count else 0)
            counts = np.pad(counts, (0, missing))
    results = [convert_to_tensor(values)]
    for wanted, part in ((return_index, index), (return_inverse, inverse), (return_counts, counts)):
        if wanted:
            results.append(convert_to_tensor(part.astype("int32")))
    return results[0] if len(results) == 1 else tuple(results)


def _bincount_spec(x, weights=None, minlength=0, sparse=False):
    dtype = "int32" if weights is None else promoted(x.dtype, operand_type(weights))
    shape = [None] if len(x.shape) == 1 else [x.shape[0], None]
    return KerasTensor(tuple(shape), dtype=dtype, sparse=sparse)


@operation("x", spec=_bincount_spec)
def bincount(x, weights=None, minlength=0, sparse=False):
    """How often each of 0, 1, ..., max(x) occurs, or the sums of the weights there.

    `x` is a vector, or a batch of them (one row of counts each). The size of the result depends on values.
    """
    if sparse:
        raise ValueError("bincount: sparse tensors are not supported. Received: sparse=True")
    x = tensor(x)
    if x.dtype not in dtypes.INTS and x.dtype != "bool":
        raise TypeError(f"bincount: `x` must hold integers. Received: dtype={x.dtype}")
    values = cast_tensor(x, "int32")
    length = minlength
    if 0 not in x.shape:
        length = int(np.max([minlength, int(values.numpy().max()) + 1]))
    if weights is None:
        return reduction.sum(execute("one_hot", [values], {"depth": length, "dtype": "int32"}), axis=-2)
    dtype = promoted(x.dtype, operand_type(weights))
    weights = reduction.accumulating(with_dtype(weights, dtype))
    hot = execute("one_hot", [values], {"depth": length, "dtype": weights.dtype})
    return cast_tensor(reduction.sum(arithmetic.multiply(hot, shaping.expand_dims(weights, -1)), axis=-2), dtype)


def _histogram_spec(x, bins=10, range=None):
    return KerasTensor((bins,), dtype="int32"), KerasTensor((bins + 1,), dtype=dtypes.to_float(x.dtype))


@operation(spec=_histogram_spec)
def histogram(x, bins=10, range=None):
    """`(counts, edges)` of `bins` bins of equal width over `range` (by default from the smallest to the largest).

    Elements outside of the range are not counted; the last bin includes its upper edge.
    """
    if not isinstance(bins, int) or isinstance(bins, bool) or bins < 0:
        raise ValueError(f"Argument `bins` should be a non-negative integer. Received: bins={bins}")
    if range is not None and range != () and (len(range) != 2 or range[0] > range[1]):
        raise ValueError(f"Argument `range` must be a pair (lower, upper). Received: range={range}")
    if tensor(x).is_symbolic:
        return _traced_histogram(tensor(x), bins, range)
    array = tensor(x).numpy()
    limits = tuple(float(limit) for limit in range) if range else None
    counts, edges = np.histogram(array.astype("float64") if array.dtype.kind in "bV" else array, bins, limits)
    dtype = dtypes.to_float(tensor(x).dtype)
    return convert_to_tensor(counts.astype("int32")), convert_to_tensor(edges.astype("float64"), dtype=dtype)


def _traced_histogram(x, bins, limits):
    values = shaping.ravel(floats(x))
    if limits:
        low, high = scalar(float(limits[0]), values.dtype), scalar(float(limits[1]), values.dtype)
    else:
        low, high = reduction.min(values), reduction.max(values)
    is_point = comparisons.equal(low, high)
    low = choices.where(is_point, arithmetic.subtract(low, 0.5), low)
    high = choices.where(is_point, arithmetic.add(high, 0.5), high)
    share = convert_to_tensor(np.linspace(0.0, 1.0, bins + 1), dtype=values.dtype)
    edges = arithmetic.add(low, arithmetic.multiply(share, arithmetic.subtract(high, low)))
    column = shaping.expand_dims(values, 1)
    lower, upper = joining.slice_axis(edges, 0, 0, -1), joining.slice_axis(edges, 0, 1, None)
    is_in = comparisons.logical_and(comparisons.greater_equal(column, lower), comparisons.less(column, upper))
    is_last = comparisons.logical_and(comparisons.equal(column, high), comparisons.equal(_dims.iota(bins, "int32"), bins - 1))
    counts = reduction.sum(cast_tensor(comparisons.logical_or(is_in, is_last), "int32"), axis=0)
    return counts, edges


# ------------------------------------------------------------------ quantiles

_METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


def _rows_to_sort(x, axis):
    """`x` with the given axes joined into a last one; and its axes as a tuple."""
    rank = len(x.shape)
    axes = axes_tuple(axis, rank)
    kept = [a for a in range(rank) if a not in axes]
    x = shaping.permute(x, kept + list(axes))
    sizes = _dims.shape_of(x)
    return _dims.reshape(x, (*sizes[: len(kept)], _dims.product(sizes[len(kept) :]))), axes


def _kept(result, x_shape, axes, keepdims, leading):
    """`result` (leading axes, then the kept ones) with axes of size 1 put back."""
    if not keepdims:
        return result
    sizes = list(_dims.shape_of(result))
    for a in axes:
        sizes.insert(leading + a, 1)
    return _dims.reshape(result, tuple(sizes))


def _between(low, high, fraction, method):
    if method == "lower":
        return low
    if method == "higher":
        return high
    if method == "midpoint":
        return arithmetic.multiply(arithmetic.add(low, high), 0.5)
    # Equal neighbours, infinite ones too, need no interpolation.
    step = arithmetic.multiply(arithmetic.subtract(high, low), fraction)
    return choices.where(comparisons.equal(low, high), low, arithmetic.add(low, step))


@operation("x", "q")
def quantile(x, q, axis=None, method="linear", keepdims=False):
    """The q-quantiles along axes (all by default).

    Args:
        x: the tensor.
        q: a number in [0, 1], or several, which make up the first axis of the result.
        axis: an axis, several, or `None`.
        method: between two elements: `"linear"`, `"lower"`, `"higher"`, `"midpoint"` or `"nearest"`.
        keepdims: whether reduced axes stay with size 1.
    """
    return _quantile(x, q, axis, method, keepdims, "quantile", skip_nan=False)


def _quantile(x, q, axis, method, keepdims, name, skip_nan):
    if method not in _METHODS:
        raise ValueError(f"{name}: `method` must be one of {_METHODS}. Received: method={method}")
    x = floats(x)
    q = with_dtype(q, x.dtype)
    if len(q.shape) > 1:
        raise ValueError(f"`q` must be a scalar or 1-D. Received: q.shape={tuple(q.shape)}")
    rows, axes = _rows_to_sort(x, axis)
    last = len(rows.shape) - 1
    ordered = execute("sort", [rows], {"axis": last, "descending": False})
    is_nan = number_kinds.isnan(rows)
    if skip_nan:
        count = reduction.sum(cast_tensor(comparisons.logical_not(is_nan), x.dtype), last, True)
    else:
        size = _dims.size_of(rows, last)
        count = with_dtype(size, x.dtype) if isinstance(size, Tensor) else scalar(float(size), x.dtype)
    # (rows..., q): the place of each quantile among the sorted elements
    place = arithmetic.multiply(arithmetic.subtract(count, 1.0), shaping.ravel(q))
    place = arithmetic.maximum(place, 0.0)
    if method == "nearest":
        place = execute("round", [place], {})
    low, high = execute("floor", [place], {}), execute("ceil", [place], {})
    fraction = arithmetic.subtract(place, low)

    def pick(index):
        index = cast_tensor(index, "int32")
        if not skip_nan:
            return execute("gather", [ordered, index], {"axis": last})
        return indexing.take_along_axis(ordered, index, axis=last)

    result = _between(pick(low), pick(high), fraction, "linear" if method == "nearest" else method)
    is_bad = reduction.all(is_nan, last, True) if skip_nan else reduction.any(is_nan, last, True)
    result = choices.where(is_bad, math.nan, result)
    result = shaping.moveaxis(result, -1, 0)
    if not q.shape:
        return _kept(shaping.squeeze(result, 0), x.shape, axes, keepdims, 0)
    return _kept(result, x.shape, axes, keepdims, 1)


@operation("x", "q")
def percentile(x, q, axis=None, method="linear", keepdims=False):
    """As `quantile`, with q in percent."""
    return _quantile(x, _hundredth(x, q), axis, method, keepdims, "percentile", skip_nan=False)


def _hundredth(x, q):
    known = None if isinstance(q, Tensor) else concrete(q)
    if known is not None:
        return with_dtype(np.asarray(known, "float64") / 100.0, floats(x).dtype)
    return arithmetic.divide(floats(q), 100.0)


@operation("x", "q")
def nanquantile(x, q, axis=None, method="linear", keepdims=False):
    """As `quantile`, of the elements that are not NaN."""
    return _quantile(x, q, axis, method, keepdims, "nanquantile", skip_nan=True)


@operation("x", "q")
def nanpercentile(x, q, axis=None, method="linear", keepdims=False):
    """As `percentile`, of the elements that are not NaN."""
    return _quantile(x, _hundredth(x, q), axis, method, keepdims, "nanpercentile", skip_nan=True)


@operation
def median(x, axis=None, keepdims=False):
    """The median along axes (all by default)."""
    return _quantile(x, 0.5, axis, "linear", keepdims, "median", skip_nan=False)


@operation
def nanmedian(x, axis=None, keepdims=False):
    """The median of the elements that are not NaN."""
    return _quantile(x, 0.5, axis, "linear", keepdims, "nanmedian", skip_nan=True)


__all__ = [
    "argpartition",
    "argsort",
    "bincount",
    "digitize",
    "histogram",
    "isin",
    "median",
    "nanmedian",
    "nanpercentile",
    "nanquantile",
    "nonzero",
    "percentile",
    "quantile",
    "searchsorted",
    "sort",
    "unique",
]
