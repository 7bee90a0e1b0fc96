"""`keras.ops`: special functions, top-k, segments, Fourier transforms."""

from __future__ import annotations

import math as python_math

import numpy as np

from keraunos import dtypes
from keraunos.ops import _dims
from keraunos.ops._arguments import axes_tuple, concrete, float_pair, floats, tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, elementwise, joining, number_kinds, reduction, shaping
from keraunos.ops.numpy.elementwise import largest_number, smallest_number
from keraunos.tensor import cast_tensor, convert_to_tensor, execute, scalar

operation = operations("math")


@operation
def erf(x):
    """The error function."""
    return execute("erf", [floats(x)], {})


@operation
def erfc(x):
    """`1 - erf(x)`."""
    return arithmetic.subtract(1.0, execute("erf", [floats(x)], {}))


@operation
def erfinv(x):
    """The inverse of the error function on (-1, 1)."""
    return execute("erfinv", [floats(x)], {})


@operation
def rsqrt(x):
    """`1 / sqrt(x)`."""
    return execute("rsqrt", [floats(x)], {})


@operation
def logsumexp(x, axis=None, keepdims=False):
    """`log(sum(exp(x)))` along axes (all by default), without overflow."""
    x = floats(x)
    axes = axes_tuple(axis, len(x.shape))
    return execute("logsumexp", [x], {"axes": list(axes), "keepdims": bool(keepdims)}) if axes or axis is None else x


@operation
def top_k(x, k, sorted=True):
    """`(values, indices)` of the k largest elements along the last axis, the largest first."""
    x = tensor(x)
    if not x.shape or (x.shape[-1] is not None and not 0 <= k <= x.shape[-1]):
        raise ValueError(f"top_k: `k` must be in [0, size of the last axis]. Received: k={k}, shape {tuple(x.shape)}")
    if x.dtype == "bool":
        values, indices = execute("top_k", [cast_tensor(x, "int32")], {"k": int(k), "sorted": bool(sorted)})
        return cast_tensor(values, "bool"), indices
    return tuple(execute("top_k", [x], {"k": int(k), "sorted": bool(sorted)}))


@operation("targets", "predictions", name="InTopK")
def in_top_k(targets, predictions, k):
    """Whether each target class is among the k highest predictions of its row; ties count as within."""
    targets, predictions = tensor(targets), floats(predictions)
    if targets.dtype not in ("int32", "int64"):
        targets = cast_tensor(targets, "int32")
    classes = _dims.size_of(predictions, len(predictions.shape) - 1)
    is_class = comparisons.logical_and(comparisons.greater_equal(targets, 0), comparisons.less(targets, classes))
    safe = choices.where(is_class, targets, 0)
    last = len(predictions.shape) - 1
    own = execute("take_along_axis", [predictions, shaping.expand_dims(safe, -1)], {"axis": last})
    higher = reduction.sum(cast_tensor(comparisons.greater(predictions, own), "int32"), axis=-1)
    finite = number_kinds.isfinite(shaping.squeeze(own, -1))
    return comparisons.logical_and(comparisons.logical_and(comparisons.less(higher, k), is_class), finite)


@operation
def extract_sequences(x, sequence_length, sequence_stride):
    """Windows of `sequence_length` elements along the last axis, one every `sequence_stride`."""
    _check_positive("sequence_length", sequence_length)
    _check_positive("sequence_stride", sequence_stride)
    x = tensor(x)
    last = len(x.shape) - 1
    length = x.shape[last]
    if length is None:
        count = arithmetic.add(
            arithmetic.floor_divide(arithmetic.subtract(_dims.size_of(x, last), sequence_length), sequence_stride), 1
        )
        starts = arithmetic.multiply(_dims.iota(arithmetic.maximum(count, 0), "int32"), sequence_stride)
        index = arithmetic.add(shaping.expand_dims(starts, 1), np.arange(sequence_length, dtype="int32"))
    else:
        count = max((length - sequence_length) // sequence_stride + 1, 0)
        grid = np.arange(count)[:, None] * sequence_stride + np.arange(sequence_length)
        index = convert_to_tensor(grid.astype("int32"))
    return execute("gather", [x, index], {"axis": last})


def _check_positive(name, value):
    if isinstance(value, int) and value < 1:
        raise ValueError(f"`{name}` must be a positive integer. Received: {name}={value}")


@operation("x", "y", name="CDist")
def cdist(x, y):
    """The Euclidean distance of every row of `x` to every row of `y`."""
    x, y = float_pair(x, y)
    if len(x.shape) < 2 or len(y.shape) < 2:
        raise ValueError(f"cdist: tensors of rank 2 or more are needed. Received: {tuple(x.shape)}, {tuple(y.shape)}")
    difference = arithmetic.subtract(shaping.expand_dims(x, -2), shaping.expand_dims(y, -3))
    return elementwise.sqrt(reduction.sum(elementwise.square(difference), axis=-1))


# ------------------------------------------------------------------ segments


def _segments(name, data, segment_ids, num_segments):
    data, ids = tensor(data), tensor(segment_ids)
    if len(ids.shape) != 1:
        raise ValueError(
            "Argument `segment_ids` should be an 1-D vector, got shape: "
            f"{len(ids.shape)}. Consider either flatten input with segment_ids.reshape((-1)) and "
            "data.reshape((-1, ) + data.shape[len(segment_ids.shape):]) or vectorize with vmap."
        )
    if not data.shape or (data.shape[0] is not None and ids.shape[0] is not None and data.shape[0] != ids.shape[0]):
        raise ValueError(
            "Argument `segment_ids` and `data` should have same leading dimension. "
            f"Got {tuple(ids.shape)} v.s. {tuple(data.shape)}."
        )
    if num_segments is None:
        known = concrete(ids)
        if known is None:
            raise ValueError(
                "Argument `num_segments` must be set when using the JAX backend or a traced function. "
                f"Received: num_segments={num_segments}"
            )
        num_segments = int(known.max()) + 1 if known.size else 0
    return data, cast_tensor(ids, "int32"), int(num_segments)


def _membership(ids, count, rank):
    """(count, n, 1, ...): whether row n belongs to a segment."""
    names = _dims.reshape(_dims.iota(count, "int32"), (count, 1))
    belongs = comparisons.equal(names, ids)
    return _dims.reshape(belongs, (count, _dims.size_of(ids, 0)) + (1,) * (rank - 1))


def _spec_of_segments(data, segment_ids, num_segments=None, sorted=False):
    from keraunos.tensor import KerasTensor

    return KerasTensor((num_segments, *data.shape[1:]), dtype=data.dtype)


@operation("data", "segment_ids", spec=_spec_of_segments)
def segment_sum(data, segment_ids, num_segments=None, sorted=False):
    """The sums of the rows that belong to the same segment.

    Args:
        data: rows along the first axis.
        segment_ids: the segment of each row; rows outside of [0, num_segments) belong to none.
        num_segments: how many segments, by default the largest id plus 1.
        sorted: whether the ids are in order (only a hint).
    """
    data, ids, count = _segments("segment_sum", data, segment_ids, num_segments)
    is_within = comparisons.logical_and(comparisons.greater_equal(ids, 0), comparisons.less(ids, count))
    safe = choices.where(is_within, ids, count)
    zeros = _dims.fill(scalar(0, data.dtype), (count + 1, *_dims.shape_of(data)[1:]))
    total = execute("scatter_add", [zeros, shaping.expand_dims(safe, 1), data], {})
    return joining.slice_axis(total, 0, 0, count)


def _reduced(name, data, segment_ids, num_segments, reduce, neutral):
    data, ids, count = _segments(name, data, segment_ids, num_segments)
    belongs = _membership(ids, count, len(data.shape))
    rows = choices.where(belongs, shaping.expand_dims(data, 0), neutral(data.dtype))
    return reduce(cast_tensor(rows, data.dtype), axis=1)


@operation("data", "segment_ids", spec=_spec_of_segments)
def segment_max(data, segment_ids, num_segments=None, sorted=False):
    """The largest of the rows of each segment, element by element; -inf (or the smallest integer) without rows."""

    def neutral(dtype):
        return -python_math.inf if dtype in dtypes.FLOATS else smallest_number(dtype)

    return _reduced("segment_max", data, segment_ids, num_segments, reduction.max, neutral)


@operation("data", "segment_ids", spec=_spec_of_segments)
def segment_min(data, segment_ids, num_segments=None, sorted=False):
    """The smallest of the rows of each segment, element by element; inf (or the largest integer) without rows."""

    def neutral(dtype):
        return python_math.inf if dtype in dtypes.FLOATS else largest_number(dtype)

    return _reduced("segment_min", data, segment_ids, num_segments, reduction.min, neutral)


@operation("data", "segment_ids", spec=_spec_of_segments)
def segment_prod(data, segment_ids, num_segments=None, sorted=False):
    """The products of the rows of each segment, element by element; 1 without rows."""

    def product(rows, axis):
        return cast_tensor(reduction.prod(rows, axis=axis), rows.dtype)

    return _reduced("segment_prod", data, segment_ids, num_segments, product, lambda dtype: 1)


# ------------------------------------------------------------------ not available


@operation
def view_as_complex(x):
    """Complex numbers from pairs. Tensors are real: raises `NotImplementedError`."""
    raise NotImplementedError("view_as_complex: complex tensors are not supported.")


@operation
def view_as_real(x):
    """Pairs from complex numbers. Tensors are real: raises `NotImplementedError`."""
    raise NotImplementedError("view_as_real: complex tensors are not supported.")


@operation
def logdet(x):
    """The logarithm of the determinant of positive definite matrices."""
    from keraunos.ops import linalg

    return linalg.slogdet(x)[1]


__all__ = [
    "cdist",
    "erf",
    "erfc",
    "erfinv",
    "extract_sequences",
    "in_top_k",
    "logdet",
    "logsumexp",
    "rsqrt",
    "segment_max",
    "segment_min",
    "segment_prod",
    "segment_sum",
    "top_k",
    "view_as_complex",
    "view_as_real",
]
