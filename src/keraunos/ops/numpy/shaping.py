"""Shapes: new ones for the same elements, axes in another order, the bytes as another dtype."""

from __future__ import annotations

import numpy as np

from keraunos.dtypes import standardize_dtype
from keraunos.ops import _dims
from keraunos.ops._arguments import axes_tuple, axis_index, tensor
from keraunos.ops._dispatch import operations
from keraunos.tensor import KerasTensor, Tensor, convert_to_tensor, execute, scalar

operation = operations("numpy")


@operation
def reshape(x, newshape):
    """`x` in another shape of as many elements. One size may be -1 (or `None`): what is left.

    >>> from keraunos import ops
    >>> ops.reshape(ops.arange(6), (2, -1)).shape
    (2, 3)
    """
    x = tensor(x)
    if isinstance(newshape, (list, tuple)):
        if any(isinstance(size, int) and size < -1 for size in newshape):
            raise ValueError(
                "Each size in `newshape` must be a non-negative integer, or -1 for what is left. "
                f"Received: newshape={newshape}"
            )
        newshape = tuple(-1 if size is None else size for size in newshape)
        if all(type(size) is int for size in newshape) and newshape.count(-1) > 1:
            raise ValueError(
                f"There must be at most one unknown dimension (-1) in `newshape`. Received: newshape={newshape}."
            )
    return _dims.reshape(x, _dims.sizes_of(newshape))


@operation
def ravel(x):
    """`x` as a vector."""
    x = tensor(x)
    return _dims.reshape(x, (_dims.product(_dims.shape_of(x)),))


@operation
def transpose(x, axes=None):
    """`x` with its axes in another order, reversed by default."""
    x = tensor(x)
    return permute(x, _order_of(axes, len(x.shape)))


def _order_of(axes, rank):
    """`axes` as a permutation of `range(rank)`; `None` reverses."""
    if axes is None:
        return tuple(reversed(range(rank)))
    axes = list(axes)
    if len(axes) != rank:
        raise ValueError(
            f"`axes` must be a list of the same length as the input shape, a permutation of {rank} axes. "
            f"Received: axes={axes}"
        )
    if not all(-rank <= axis < rank for axis in axes):
        raise ValueError(f"Each axis in `axes` must be an integer in [{-rank}, {rank}). Received: axes={axes}")
    order = tuple(axis_index(axis, rank, "axes") for axis in axes)
    if len(set(order)) != rank:
        raise ValueError(f"`axes` must be a valid permutation of the {rank} axes of the tensor. Received: axes={axes}")
    return order


def permute(x, axes):
    """The Tensor `x` with its axes in the order `axes`."""
    if list(axes) == sorted(axes):
        return x
    return execute("transpose", [x], {"axes": list(axes)})


@operation
def swapaxes(x, axis1, axis2):
    """`x` with two axes exchanged."""
    x = tensor(x)
    order = list(range(len(x.shape)))
    first, second = axis_index(axis1, len(order), "axis1"), axis_index(axis2, len(order), "axis2")
    order[first], order[second] = second, first
    return permute(x, order)


@operation
def moveaxis(x, source, destination):
    """`x` with some axes moved elsewhere, the others in their order."""
    x = tensor(x)
    rank = len(x.shape)
    sources = [source] if isinstance(source, int) else list(source)
    destinations = [destination] if isinstance(destination, int) else list(destination)
    if len(sources) != len(destinations):
        raise ValueError(
            "`source` and `destination` must have the same number of elements. "
            f"Received: source={source}, destination={destination}"
        )
    sources = [axis_index(axis, rank, "source") for axis in sources]
    destinations = [axis_index(axis, rank, "destination") for axis in destinations]
    order = [axis for axis in range(rank) if axis not in sources]
    for to, axis in sorted(zip(destinations, sources)):
        order.insert(to, axis)
    return permute(x, order)


@operation
def expand_dims(x, axis):
    """`x` with new axes of size 1 at `axis` (an int, or several) of the result."""
    x = tensor(x)
    axes = [axis] if not isinstance(axis, (list, tuple)) else list(axis)
    rank = len(x.shape) + len(axes)
    axes = sorted({axis_index(a, rank) for a in axes})
    return execute("expand_dims", [x], {"axes": axes})


@operation
def squeeze(x, axis=None):
    """`x` without its axes of size 1, or without those of `axis`."""
    x = tensor(x)
    shape = x.shape
    if axis is None:
        axes = {a for a, size in enumerate(shape) if size == 1}
    else:
        axes = set(axes_tuple(axis if isinstance(axis, (list, tuple)) else int(axis), len(shape)))
        for a in axes:
            if shape[a] not in (1, None):
                raise ValueError(
                    f"Cannot squeeze axis={axis}, because the dimension is not 1. Received: shape {tuple(shape)}"
                )
    return execute("squeeze", [x], {"axes": sorted(axes)}) if axes else x


@operation
def broadcast_to(x, shape):
    """`x` broadcast to a shape."""
    return _dims.broadcast_to(tensor(x), _dims.sizes_of(shape))


@operation
def ndim(x):
    """The number of axes, a rank-0 int32 tensor."""
    return scalar(len(tensor(x).shape), "int32")


@operation
def size(x):
    """The number of elements, a rank-0 int32 tensor."""
    total = _dims.product(_dims.shape_of(tensor(x)))
    return total if isinstance(total, Tensor) else scalar(total, "int32")


def _view_spec(x, dtype=None):
    dtype = standardize_dtype(x.dtype if dtype is None else dtype)
    old, new = item_size(x.dtype), item_size(dtype)
    shape = list(x.shape)
    if old != new and shape and shape[-1] is not None:
        shape[-1] = shape[-1] * old // new
    return KerasTensor(tuple(shape), dtype=dtype)


def item_size(dtype):
    """Bytes of one element."""
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


@operation(spec=_view_spec)
def view(x, dtype=None):
    """The bytes of `x` read as another dtype; the last axis grows or shrinks with the size of the elements."""
    x = tensor(x)
    dtype = standardize_dtype(x.dtype if dtype is None else dtype)
    if dtype == x.dtype:
        return x
    old, new = item_size(x.dtype), item_size(dtype)
    if old != new and not x.shape:
        raise ValueError(f"view: a rank-0 tensor keeps the size of its element. Received: {x.dtype} as {dtype}")
    if old < new and x.shape[-1] % (new // old):
        raise ValueError(
            f"view: the last axis must be divisible by {new // old}. Received: shape {x.shape}, {x.dtype} as {dtype}"
        )
    if x.dtype == "bfloat16":
        # The upper half of the bits of a float32.
        wide = np.ascontiguousarray(execute("cast", [x], {"dtype": "float32"}).numpy())
        array = (wide.view("uint32") >> 16).astype("uint16")
    else:
        array = np.ascontiguousarray(x.numpy())
    if dtype != "bfloat16":
        return convert_to_tensor(array.view(dtype))
    wide = (array.view("uint16").astype("uint32") << 16).view("float32")
    return execute("cast", [convert_to_tensor(wide)], {"dtype": "bfloat16"})


__all__ = [
    "broadcast_to",
    "expand_dims",
    "moveaxis",
    "ndim",
    "ravel",
    "reshape",
    "size",
    "squeeze",
    "swapaxes",
    "transpose",
    "view",
]
