"""Tensors joined along an axis, and split along one."""

from __future__ import annotations

import numpy as np

from keraunos.ops import _dims
from keraunos.ops._arguments import axis_index, common, concrete, tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, shaping
from keraunos.tensor import execute

operation = operations("numpy")


OPEN_END = 2**62


@operation("xs")
def concatenate(xs, axis=0):
    """Tensors joined along an axis; their dtypes are promoted to a common one."""
    xs = common(unpacked(xs, "concatenate"))
    if axis is None:
        return execute("concatenate", [shaping.ravel(x) for x in xs], {"axis": 0})
    axis = axis_index(axis, len(xs[0].shape))
    for x in xs:
        if len(x.shape) != len(xs[0].shape):
            raise ValueError(
                "concatenate: all tensors must have the same rank. "
                f"Received: shapes {[tuple(x.shape) for x in xs]}"
            )
    return execute("concatenate", xs, {"axis": axis}) if len(xs) > 1 else xs[0]


def unpacked(xs, name):
    """The tensors of a list, or along the first axis of one tensor."""
    if isinstance(xs, (list, tuple)):
        if not xs:
            raise ValueError(f"{name}: at least one tensor is needed. Received: an empty {type(xs).__name__}")
        return list(xs)
    xs = tensor(xs)
    if not xs.shape or xs.shape[0] is None:
        raise ValueError(f"{name}: a list of tensors is needed. Received: a tensor of shape {xs.shape}")
    return [slice_axis(xs, 0, i, i + 1, squeeze_axis=True) for i in range(xs.shape[0])]


def slice_axis(x, axis, begin, end, stride=1, squeeze_axis=False):
    """`x[..., begin:end:stride, ...]` along one axis of a Tensor; `end` `None` for open."""
    rank = len(x.shape)
    begins, ends, strides = [0] * rank, [OPEN_END] * rank, [1] * rank
    begins[axis], ends[axis], strides[axis] = begin, OPEN_END if end is None else end, stride
    part = execute("slice", [x], {"begin": begins, "end": ends, "strides": strides})
    if squeeze_axis:
        sizes = list(_dims.shape_of(part))
        del sizes[axis]
        return _dims.reshape(part, tuple(sizes))
    return part


@operation
def stack(x, axis=0):
    """Tensors of one shape joined along a new axis."""
    xs = common(unpacked(x, "stack"))
    shapes = [tuple(item.shape) for item in xs]
    rank = len(shapes[0]) + 1
    axis = axis_index(axis, rank)
    for shape in shapes:
        if len(shape) != rank - 1 or any(
            a is not None and b is not None and a != b for a, b in zip(shape, shapes[0])
        ):
            raise ValueError(f"stack: all tensors must have the same shape. Received: shapes {shapes}")
    rows = [shaping.expand_dims(item, axis) for item in xs]
    return execute("concatenate", rows, {"axis": axis}) if len(rows) > 1 else rows[0]


@operation("xs")
def hstack(xs):
    """Tensors joined along the second axis (vectors along the first)."""
    xs = [at_least(item, 1) for item in unpacked(xs, "hstack")]
    return concatenate(xs, axis=0 if len(xs[0].shape) == 1 else 1)


@operation("xs")
def vstack(xs):
    """Tensors joined along the first axis; vectors are rows."""
    return concatenate([at_least(item, 2) for item in unpacked(xs, "vstack")], axis=0)


@operation("xs")
def dstack(xs):
    """Tensors joined along the third axis."""
    return concatenate([at_least(item, 3) for item in unpacked(xs, "dstack")], axis=2)


def at_least(x, rank):
    """`x` with axes of size 1 added, as NumPy's `atleast_1d`, `_2d` and `_3d` do."""
    x = tensor(x)
    sizes = _dims.shape_of(x)
    if len(sizes) >= rank:
        return x
    if rank == 3:
        sizes = {0: (1, 1), 1: (1, *sizes), 2: sizes}[len(sizes)]
        return _dims.reshape(x, (*sizes, 1))
    return _dims.reshape(x, (1,) * (rank - len(sizes)) + tuple(sizes))


@operation("x1", "x2")
def append(x1, x2, axis=None):
    """`x2` joined to `x1`, both as vectors unless an axis is given."""
    return concatenate([x1, x2], axis=axis)


@operation
def split(x, indices_or_sections, axis=0):
    """`x` cut along an axis: into equal parts (an int), or before the given indices. Returns a list."""
    x = tensor(x)
    axis = axis_index(axis, len(x.shape))
    if isinstance(indices_or_sections, int) and x.shape[axis] is None:
        return _split_unknown(x, indices_or_sections, axis)
    return _split_at(x, _cuts(x, indices_or_sections, axis, "split"), axis)


def _split_unknown(x, sections, axis):
    """Parts of an axis whose size is only known when the traced function runs; the first ones may be one longer."""
    from keraunos.ops.numpy import indexing

    length = _dims.size_of(x, axis)
    part, longer = arithmetic.floor_divide(length, sections), arithmetic.mod(length, sections)
    cuts = [
        arithmetic.add(arithmetic.multiply(part, i), arithmetic.minimum(longer, i)) for i in range(1, sections)
    ]
    bounds = [None, *cuts, None]
    return [indexing._dynamic_slice(x, axis, slice(a, b)) for a, b in zip(bounds[:-1], bounds[1:])]


def _cuts(x, indices_or_sections, axis, name):
    sections = indices_or_sections
    if not isinstance(sections, int):
        known = concrete(sections)
        if known is None:
            raise ValueError(f"{name}: indices must be known when the function is traced.")
        if known.ndim:
            return [int(index) for index in known]
        sections = int(known)
    length = x.shape[axis]
    if sections < 1:
        raise ValueError(f"{name}: the number of parts must be positive. Received: {sections}")
    if length % sections:
        raise ValueError(
            "`x` size must be divisible by `indices_or_sections` along axis. "
            f"Received: x.shape={tuple(x.shape)}, axis={axis}, indices_or_sections={sections}"
        )
    return [length // sections * i for i in range(1, sections)]


def _split_at(x, cuts, axis):
    bounds = [0, *cuts, None]
    return [slice_axis(x, axis, begin, end) for begin, end in zip(bounds[:-1], bounds[1:])]


@operation
def array_split(x, indices_or_sections, axis=0):
    """As `split`; the first parts are one longer when the size does not divide."""
    x = tensor(x)
    axis = axis_index(axis, len(x.shape))
    sections = indices_or_sections
    if not isinstance(sections, int):
        return _split_at(x, _cuts(x, sections, axis, "array_split"), axis)
    if sections <= 0:
        raise ValueError(f"number of sections must be larger than 0. Received: indices_or_sections={sections}")
    length = x.shape[axis]
    if length is None:
        return _split_unknown(x, sections, axis)
    small, longer = divmod(length, sections)
    lengths = [small + 1] * longer + [small] * (sections - longer)
    return _split_at(x, [int(cut) for cut in np.cumsum(lengths[:-1])], axis)


@operation
def hsplit(x, indices_or_sections):
    """`split` along the second axis (the first of a vector)."""
    x = tensor(x)
    return split(x, indices_or_sections, axis=0 if len(x.shape) == 1 else 1)


@operation
def vsplit(x, indices_or_sections):
    """`split` along the first axis."""
    return split(x, indices_or_sections, axis=0)


@operation
def dsplit(x, indices_or_sections):
    """`split` along the third axis."""
    return split(x, indices_or_sections, axis=2)


__all__ = [
    "append",
    "array_split",
    "concatenate",
    "dsplit",
    "dstack",
    "hsplit",
    "hstack",
    "split",
    "stack",
    "vsplit",
    "vstack",
]
