"""Changing shapes: reshaping, moving axes, joining, splitting, repeating, padding."""

from __future__ import annotations


import numpy as np

from keraunos.dtypes import standardize_dtype
from keraunos.ops import _dims
from keraunos.ops._arguments import axes_tuple, axis_index, common, concrete, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.tensor import Tensor, convert_to_tensor, execute, scalar

operation = operations("numpy")

OPEN_END = 2**62


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


# ------------------------------------------------------------------ joining and splitting


@operation("xs")
def concatenate(xs, axis=0):
    """Tensors joined along an axis; their dtypes are promoted to a common one."""
    xs = common(unpacked(xs, "concatenate"))
    if axis is None:
        return execute("concatenate", [ravel(x) for x in xs], {"axis": 0})
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
    rows = [expand_dims(item, axis) for item in xs]
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
    from keraunos.ops.numpy import elementwise, indexing

    length = _dims.size_of(x, axis)
    part, longer = elementwise.floor_divide(length, sections), elementwise.mod(length, sections)
    cuts = [
        elementwise.add(elementwise.multiply(part, i), elementwise.minimum(longer, i)) for i in range(1, sections)
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


# ------------------------------------------------------------------ repeating and turning


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
        x, axis = ravel(x), 0
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
        return _dims.reshape(_roll_axis(ravel(x), shift, 0), sizes)
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
        parts = [slice_axis(x, axis, cut, None), slice_axis(x, axis, 0, cut)]
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
        return swapaxes(flip(x, second), first, second)
    return flip(swapaxes(x, first, second), second)


# ------------------------------------------------------------------ padding


@operation("x", "constant_values")
def pad(x, pad_width, mode="constant", constant_values=None):
    """`x` with a margin.

    Args:
        x: the tensor.
        pad_width: an int, a pair `(before, after)`, or one pair per axis.
        mode: `"constant"`, `"reflect"` (mirrored without the edge), `"symmetric"` (with the edge), `"edge"`, `"wrap"`.
        constant_values: the value of a constant margin, 0 by default.
    """
    x = tensor(x)
    widths = _pad_widths(pad_width, len(x.shape))
    if mode == "constant":
        value = with_dtype(0 if constant_values is None else constant_values, x.dtype)
        if not any(before or after for before, after in widths):
            return x
        low, high = [before for before, _ in widths], [after for _, after in widths]
        return execute("pad", [x, value], {"low": low, "high": high})
    if constant_values is not None:
        raise ValueError(
            "Argument `constant_values` can only be provided when `mode == 'constant'`. "
            f"Received: mode={mode}, constant_values={constant_values}"
        )
    if mode not in ("reflect", "symmetric", "edge", "wrap"):
        raise ValueError(
            "pad: `mode` must be 'constant', 'reflect', 'symmetric', 'edge' or 'wrap'. " f"Received: mode={mode}"
        )
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = _pad_axis(x, axis, before, after, mode)
    return x


def _pad_widths(pad_width, rank):
    widths = np.asarray(concrete(pad_width))
    if widths.dtype.kind not in "iu" or widths.ndim > 2:
        raise ValueError(f"pad: `pad_width` must be integers. Received: pad_width={pad_width}")
    if widths.ndim < 2:
        if widths.ndim == 1 and widths.size == 1:
            widths = np.repeat(widths, 2)
        if widths.ndim == 1 and widths.size != 2:
            raise ValueError(f"pad: `pad_width` must be a pair or one pair per axis. Received: pad_width={pad_width}")
        widths = np.broadcast_to(widths, (rank, 2))
    elif widths.shape == (1, 2):
        widths = np.broadcast_to(widths, (rank, 2))
    elif widths.shape != (rank, 2):
        raise ValueError(
            "`pad_width` must have the same length as `x.shape`. "
            f"Received: pad_width={pad_width} (of length {len(widths)}) and a tensor of rank {rank}"
        )
    return [(int(before), int(after)) for before, after in widths]


def _pad_axis(x, axis, before, after, mode):
    length = x.shape[axis]
    if length is not None:
        index = np.pad(np.arange(length, dtype="int32"), (before, after), mode)
        return execute("gather", [x, convert_to_tensor(index)], {"axis": axis})
    parts = []
    if mode == "wrap":
        parts = [slice_axis(x, axis, -before, None)] if before else []
        parts += [x] + ([slice_axis(x, axis, 0, after)] if after else [])
    elif mode == "edge":
        parts = [slice_axis(x, axis, 0, 1)] * before + [x] + [slice_axis(x, axis, -1, None)] * after
    else:
        skip = 1 if mode == "reflect" else 0
        if before:
            parts.append(execute("flip", [slice_axis(x, axis, skip, before + skip)], {"axes": [axis]}))
        parts.append(x)
        if after:
            end = -skip if skip else None
            parts.append(execute("flip", [slice_axis(x, axis, -after - skip, end)], {"axes": [axis]}))
    return execute("concatenate", parts, {"axis": axis})


# ------------------------------------------------------------------ diagonals


@operation
def diagonal(x, offset=0, axis1=0, axis2=1):
    """The diagonal of two axes, as a new last axis."""
    x = tensor(x)
    rank = len(x.shape)
    if rank < 2:
        raise ValueError(f"`diagonal` requires an array of at least two dimensions, but `x` is of shape {x.shape}.")
    first, second = axis_index(axis1, rank, "axis1"), axis_index(axis2, rank, "axis2")
    if first == second:
        raise ValueError(f"diagonal: `axis1` and `axis2` must differ. Received: {axis1}, {axis2}")
    x = permute(x, [a for a in range(rank) if a not in (first, second)] + [first, second])
    rows, columns = x.shape[-2], x.shape[-1]
    if rows is None or columns is None:
        return _diagonal_of_unknown_size(x, offset)
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    start = max(offset, 0) + max(-offset, 0) * columns
    index = start + np.arange(length) * (columns + 1)
    flat = _dims.reshape(x, (*_dims.shape_of(x)[:-2], rows * columns))
    return execute("gather", [flat, convert_to_tensor(index.astype("int32"))], {"axis": rank - 2})


def _diagonal_of_unknown_size(x, offset):
    from keraunos.ops.numpy import elementwise

    rank = len(x.shape)
    rows, columns = (with_dtype(_dims.size_of(x, rank - 2 + i), "int32") for i in (0, 1))
    length = elementwise.minimum(
        elementwise.add(rows, min(offset, 0)), elementwise.subtract(columns, max(offset, 0))
    )
    steps = _dims.iota(elementwise.maximum(length, 0), "int32")
    start = elementwise.add(elementwise.multiply(columns, max(-offset, 0)), max(offset, 0))
    index = elementwise.add(elementwise.multiply(steps, elementwise.add(columns, 1)), start)
    flat = _dims.reshape(x, (*_dims.shape_of(x)[:-2], elementwise.multiply(rows, columns)))
    return execute("gather", [flat, index], {"axis": rank - 2})


def _view_spec(x, dtype=None):
    from keraunos.tensor import KerasTensor

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
    "append",
    "array_split",
    "broadcast_to",
    "concatenate",
    "diagonal",
    "dsplit",
    "dstack",
    "expand_dims",
    "flip",
    "fliplr",
    "flipud",
    "hsplit",
    "hstack",
    "moveaxis",
    "ndim",
    "pad",
    "ravel",
    "repeat",
    "reshape",
    "roll",
    "rot90",
    "size",
    "split",
    "squeeze",
    "stack",
    "swapaxes",
    "tile",
    "transpose",
    "view",
    "vsplit",
    "vstack",
]
