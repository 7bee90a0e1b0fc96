"""`keras.ops` proper: conversion, shapes, slices and scattering."""

from __future__ import annotations

import builtins

import numpy as np

from keraunos import dtypes
from keraunos import tensor as tensors
from keraunos.dtypes import standardize_dtype
from keraunos.ops import _dims
from keraunos.ops._arguments import axis_index, concrete, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, indexing, joining
from keraunos.ops.numpy.elementwise import largest_number, smallest_number
from keraunos.tensor import KerasTensor, cast_tensor, execute

operation = operations("core")

is_tensor = tensors.is_tensor
convert_to_numpy = tensors.convert_to_numpy


@operation(name="ConvertToTensor")
def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """Makes a tensor of a tensor, variable, NumPy array, number, or nested list of those.

    Python ints become int32, Python floats become `floatx`; arrays keep their dtype.

    Args:
        x: the value.
        dtype: the dtype of the result, or `None` to take that of `x`.
        sparse: `None` or `False`.
        ragged: `None` or `False`.

    >>> convert_to_tensor([1, 2]).dtype
    'int32'
    """
    return tensors.convert_to_tensor(x, dtype=dtype, sparse=sparse, ragged=ragged)


def shape(x):
    """The shape of a tensor as a tuple. In a traced function, sizes that are not known yet are int32 tensors.

    >>> from keraunos import ops
    >>> ops.shape(ops.ones((2, 3)))
    (2, 3)
    """
    if isinstance(x, KerasTensor):
        return x.shape
    if not hasattr(x, "shape"):
        x = tensors.convert_to_tensor(x)
    return _dims.shape_of(x)


def dtype(x):
    """The dtype of a tensor as a name."""
    return standardize_dtype(x.dtype)


@operation
def cast(x, dtype):
    """`x` in another dtype. Floats out of an integer type's range end at its limits."""
    return with_dtype(x, standardize_dtype(dtype))


@operation
def saturate_cast(x, dtype):
    """`x` in another dtype, limited to its range first."""
    x = tensor(x)
    dtype = standardize_dtype(dtype)
    low = builtins.max(smallest_number(x.dtype), smallest_number(dtype))
    high = builtins.min(largest_number(x.dtype), largest_number(dtype))
    if x.dtype in dtypes.FLOATS and dtype in dtypes.INTS:
        # The largest integer may round up to a float that is out of range.
        limit = np.dtype("float32" if x.dtype == "bfloat16" else x.dtype).type
        while int(limit(high)) > largest_number(dtype):
            high = float(np.nextafter(limit(high), limit(0)))
    if x.dtype != "bool":
        x = choices.clip(x, _in_range(low, x.dtype), _in_range(high, x.dtype))
    return cast_tensor(x, dtype)


def _in_range(value, dtype):
    return float(value) if dtype in dtypes.FLOATS else int(value)


@operation("variable")
def stop_gradient(variable):
    """`variable`'s value, through which no gradient flows."""
    return execute("stop_gradient", [tensor(variable)], {})


def _unknown_count(x):
    return ValueError(
        f"Cannot infer argument `num` from shape {tuple(x.shape)}. Either provide a tensor with a concrete shape in "
        "the `axis` dimension or explicitly pass the `num` argument."
    )


def _unstack_spec(x, num=None, axis=0):
    axis = axis_index(axis, len(x.shape))
    count = x.shape[axis] if num is None else num
    if count is None:
        raise _unknown_count(x)
    return [KerasTensor(x.shape[:axis] + x.shape[axis + 1 :], dtype=x.dtype) for _ in range(count)]


@operation(spec=_unstack_spec)
def unstack(x, num=None, axis=0):
    """The sub-tensors of `x` along an axis, as a list."""
    x = tensor(x)
    axis = axis_index(axis, len(x.shape))
    count = x.shape[axis] if num is None else num
    if count is None:
        raise _unknown_count(x)
    return [joining.slice_axis(x, axis, i, i + 1, squeeze_axis=True) for i in range(count)]


# ------------------------------------------------------------------ slices


def _check_slice(x, start_indices, sizes):
    rank = len(x.shape)
    if len(sizes) != rank:
        raise ValueError(
            "The number of dimensions in `inputs` must match the number of dimensions in `shape`. "
            f"Received inputs.shape={tuple(x.shape)} and shape={sizes}"
        )
    if isinstance(start_indices, (list, tuple)) and len(start_indices) != rank:
        raise ValueError(
            "The number of dimensions in `start_indices` must match the number of dimensions in `inputs`. "
            f"Received start_indices={start_indices} and inputs.shape={tuple(x.shape)}"
        )


def _slice_spec(inputs, start_indices, shape):
    sizes = list(np.asarray(shape).tolist()) if not isinstance(shape, (list, tuple)) else list(shape)
    _check_slice(inputs, start_indices, sizes)
    result = []
    for axis, (whole, size) in enumerate(zip(inputs.shape, sizes)):
        if size != -1:
            result.append(size)
        elif whole is None or isinstance(start_indices, KerasTensor):
            result.append(None)
        else:
            result.append(whole - int(start_indices[axis]))
    return KerasTensor(tuple(result), dtype=inputs.dtype)


@operation("inputs", "start_indices", spec=_slice_spec)
def slice(inputs, start_indices, shape):
    """The part of a tensor that begins at `start_indices` and has the given shape (-1: up to the end)."""
    x = tensor(inputs)
    sizes = _dims.sizes_of(shape)
    _check_slice(x, start_indices, sizes)
    starts = _starts(start_indices)
    if starts is not None and builtins.all(type(size) is int for size in sizes):
        for start, size, whole in zip(starts, sizes, x.shape):
            if whole is not None and (start < 0 or size >= 0 and start + size > whole):
                raise ValueError(
                    f"slice: {size} elements from {start} do not lie inside of shape {tuple(x.shape)}. "
                    f"Received: start_indices={starts}, shape={sizes}"
                )
        ends = [joining.OPEN_END if size == -1 else start + size for start, size in zip(starts, sizes)]
        return execute("slice", [x], {"begin": starts, "end": ends, "strides": [1] * len(starts)})
    starts = _start_vector(start_indices)
    if builtins.all(type(size) is int and size >= 0 for size in sizes):
        return execute("dynamic_slice", [x, starts], {"sizes": list(sizes)})
    for axis, size in enumerate(sizes):
        start = _dims._element(starts, axis)
        end = None if type(size) is int and size == -1 else arithmetic.add(start, size)
        x = indexing._dynamic_slice(x, axis, builtins.slice(start, end))
    return x


def _starts(start_indices):
    """The start indices as ints, or `None` if one is only known when the traced function runs."""
    parts = start_indices if isinstance(start_indices, (list, tuple)) else [start_indices]
    values = [concrete(part) for part in parts]
    if builtins.any(value is None for value in values):
        return None
    if isinstance(start_indices, (list, tuple)):
        return [int(value) for value in values]
    return [int(value) for value in values[0].reshape(-1)]


def _start_vector(start_indices):
    if isinstance(start_indices, (list, tuple)):
        return joining.stack([with_dtype(start, "int32") for start in start_indices])
    return with_dtype(start_indices, "int32")


@operation("inputs", "start_indices", "updates")
def slice_update(inputs, start_indices, updates):
    """`inputs` with `updates` (of the same rank) in place of what begins at `start_indices`."""
    x = tensor(inputs)
    updates = with_dtype(updates, x.dtype)
    if len(updates.shape) != len(x.shape):
        raise ValueError(
            "slice_update: `updates` must have the rank of `inputs`. "
            f"Received: inputs.shape={tuple(x.shape)}, updates.shape={tuple(updates.shape)}"
        )
    return execute("dynamic_update_slice", [x, updates, _start_vector(start_indices)], {})


# ------------------------------------------------------------------ scattering


def _coordinates(indices, sizes):
    """Index rows, negative ones counted from the end."""
    indices = tensor(indices)
    if indices.dtype not in ("int32", "int64"):
        indices = cast_tensor(indices, "int32")
    known = concrete(indices)
    if known is not None and (not known.size or known.min() >= 0):
        return indices
    sizes = sizes[: indices.shape[-1]]
    lengths = joining.stack([with_dtype(size, indices.dtype) for size in sizes])
    return choices.where(comparisons.less(indices, 0), arithmetic.add(indices, lengths), indices)


@operation("indices", "values")
def scatter(indices, values, shape):
    """Zeros of a shape, with `values` added at the places `indices` (rows of coordinates)."""
    values = tensor(values)
    sizes = _dims.sizes_of(shape)
    zeros = _dims.fill(with_dtype(0, values.dtype), sizes)
    return execute("scatter_add", [zeros, _coordinates(indices, sizes), values], {})


@operation("inputs", "indices", "updates")
def scatter_update(inputs, indices, updates, reduction=None):
    """`inputs` with `updates` at the places `indices`.

    Args:
        inputs: the tensor.
        indices: rows of coordinates, `(n, k)`.
        updates: `(n,) + inputs.shape[k:]`.
        reduction: how updates meet what is there: `None` (replace it), `"add"`, `"max"`, `"min"` or `"mul"`.
    """
    reduction = reduction.lower() if isinstance(reduction, str) else reduction
    if reduction not in (None, "add", "max", "min", "mul"):
        raise ValueError(f"Invalid reduction: {reduction}. Supported values are: None, 'add', 'max', 'min', 'mul'.")
    x = tensor(inputs)
    indices = _coordinates(indices, _dims.shape_of(x))
    updates = with_dtype(updates, x.dtype)
    wanted = tuple(_dims.shape_of(indices)[:-1]) + tuple(_dims.shape_of(x)[indices.shape[-1] :])
    if len(updates.shape) < len(wanted):
        updates = _dims.broadcast_to(updates, wanted)
    if reduction is None or reduction == "add":
        return execute("scatter_add" if reduction else "scatter_update", [x, indices, updates], {})
    combine = {"max": arithmetic.maximum, "min": arithmetic.minimum, "mul": arithmetic.multiply}[reduction]
    if indices.shape[0] is None:
        raise ValueError(f"scatter_update: reduction='{reduction}' needs a known number of updates.")
    # One after the other: several may name the same place.
    for i in range(indices.shape[0]):
        place = joining.slice_axis(indices, 0, i, i + 1)
        update = joining.slice_axis(updates, 0, i, i + 1)
        key = tuple(joining.slice_axis(place, 1, axis, axis + 1, squeeze_axis=True) for axis in range(place.shape[1]))
        x = execute("scatter_update", [x, place, combine(indexing.get_item(x, key), update)], {})
    return x


__all__ = [
    "cast",
    "convert_to_numpy",
    "convert_to_tensor",
    "dtype",
    "is_tensor",
    "saturate_cast",
    "scatter",
    "scatter_update",
    "shape",
    "slice",
    "slice_update",
    "stop_gradient",
    "unstack",
]
