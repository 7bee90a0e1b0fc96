"""Elements repeated, turned around and moved along axes."""

from __future__ import annotations

import numpy as np

from keraunos.ops import _dims
from keraunos.ops._arguments import axes_tuple, axis_index, concrete, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import joining, shaping
from keraunos.tensor import Tensor, convert_to_tensor, execute

operation = operations("numpy")


@operation
def tile(x, repeats):
    """`x` repeated as a whole along each axis."""
    x = tensor(x)
    counts = list(_dims.sizes_of(repeats))
    sizes = list(_dims.shape_of(x))
    rank = max(len(counts), len(sizes))
    counts = [1] * (rank - len(counts)) + counts
    sizes = [1] * (rank - len(sizes)) + sizes
    inner = [part for size in sizes for part in (1, size)]
    outer = [part for count, size in zip(counts, sizes) for part in (count, size)]
    x = _dims.broadcast_to(_dims.reshape(x, inner), outer)
    return _dims.reshape(x, tuple(_dims.product(both) for both in zip(counts, sizes)))


@operation
def repeat(x, repeats, axis=None):
    """`x` with each element along an axis repeated; `repeats` is an int, or one int per element."""
    x = tensor(x)
    if axis is None:
        x, axis = shaping.ravel(x), 0
    axis = axis_index(axis, len(x.shape))
    if isinstance(repeats, Tensor) and repeats.is_symbolic and len(repeats.shape) == 0:
        count = repeats
    else:
        known = concrete(repeats)
        if known is None:
            raise ValueError("repeat: one count per element must be known when the function is traced.")
        if known.size > 1:
            index = np.repeat(np.arange(known.size), known.reshape(-1)).astype("int32")
            if x.shape[axis] not in (None, known.size):
                raise ValueError(
                    "repeat: one count per element of the axis is needed. "
                    f"Received: {known.size} counts, shape {tuple(x.shape)}"
                )
            return execute("gather", [x, convert_to_tensor(index)], {"axis": axis})
        count = int(known.reshape(-1)[0]) if known.size else 1
    sizes = list(_dims.shape_of(x))
    inner = sizes[: axis + 1] + [1] + sizes[axis + 1 :]
    outer = sizes[: axis + 1] + [count] + sizes[axis + 1 :]
    x = _dims.broadcast_to(_dims.reshape(x, inner), outer)
    sizes[axis] = _dims.product((sizes[axis], count))
    return _dims.reshape(x, tuple(sizes))


@operation
def flip(x, axis=None):
    """`x` in reverse order along one, several or all axes."""
    x = tensor(x)
    axes = axes_tuple(axis, len(x.shape))
    return execute("flip", [x], {"axes": list(axes)}) if axes else x


@operation
def fliplr(x):
    """`x` in reverse order along the second axis."""
    x = tensor(x)
    if len(x.shape) < 2:
        raise ValueError(f"fliplr: a tensor of rank 2 or more is needed. Received: shape {tuple(x.shape)}")
    return flip(x, 1)


@operation
def flipud(x):
    """`x` in reverse order along the first axis."""
    x = tensor(x)
    if len(x.shape) < 1:
        raise ValueError(f"flipud: a tensor of rank 1 or more is needed. Received: shape {tuple(x.shape)}")
    return flip(x, 0)


@operation
def roll(x, shift, axis=None):
    """`x` moved along axes; what leaves at one end comes in at the other. Without an axis: as a vector."""
    x = tensor(x)
    if axis is None:
        sizes = _dims.shape_of(x)
        return _dims.reshape(_roll_axis(shaping.ravel(x), shift, 0), sizes)
    axes = [axis] if isinstance(axis, int) else list(axis)
    shifts = [shift] * len(axes) if not isinstance(shift, (list, tuple)) else list(shift)
    if len(shifts) == 1:
        shifts *= len(axes)
    if len(axes) == 1 and len(shifts) > 1:
        axes *= len(shifts)
    for a, amount in zip(axes, shifts):
        x = _roll_axis(x, amount, axis_index(a, len(x.shape)))
    return x


def _roll_axis(x, shift, axis):
    length = x.shape[axis]
    known = concrete(shift)
    if length is not None and known is not None:
        amount = int(known) % length if length else 0
        if not amount:
            return x
        cut = length - amount
        parts = [joining.slice_axis(x, axis, cut, None), joining.slice_axis(x, axis, 0, cut)]
        return execute("concatenate", parts, {"axis": axis})
    length = with_dtype(_dims.size_of(x, axis), "int32")
    index = _dims.iota(length if length.is_symbolic else int(length.numpy()), "int32")
    index = execute("subtract", [index, with_dtype(shift, "int32")], {})
    index = execute("mod", [index, length], {})
    return execute("gather", [x, index], {"axis": axis})


@operation
def rot90(array, k=1, axes=(0, 1)):
    """`array` turned by 90 degrees `k` times, from the first of two axes towards the second."""
    x = tensor(array)
    rank = len(x.shape)
    if rank < 2:
        raise ValueError(f"Input array must have at least 2 dimensions. Received: array.ndim={rank}")
    if len(axes) != 2 or axes[0] == axes[1]:
        raise ValueError(f"Invalid axes: {axes}. Axes must be a tuple of two different dimensions.")
    first, second = (axis_index(axis, rank, "axes") for axis in axes)
    k %= 4
    if k == 0:
        return x
    if k == 2:
        return flip(x, (first, second))
    if k == 1:
        return shaping.swapaxes(flip(x, second), first, second)
    return flip(shaping.swapaxes(x, first, second), second)


__all__ = [
    "flip",
    "fliplr",
    "flipud",
    "repeat",
    "roll",
    "rot90",
    "tile",
]
