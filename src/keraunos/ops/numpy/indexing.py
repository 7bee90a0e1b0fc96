"""Reading elements: `x[key]`, `take`, `take_along_axis`."""

from __future__ import annotations

import builtins
import operator as python_operator

import numpy as np

from keraunos import dtypes
from keraunos.ops import _dims
from keraunos.ops._arguments import axis_index, concrete, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, joining, shaping
from keraunos.ops.numpy.joining import OPEN_END
from keraunos.tensor import Tensor, cast_tensor, convert_to_tensor, execute

operation = operations("numpy")


def _integer_or_none(value):
    """`value` as an int if it is an integer known now, else `None`."""
    if isinstance(value, (bool, np.bool_)):
        return None
    if isinstance(value, Tensor):
        if value.is_symbolic or len(value.shape) or value.dtype not in dtypes.INTS:
            return None
        return int(value.numpy())
    try:
        return python_operator.index(value)
    except TypeError:
        return None


@operation("x", "key")
def get_item(x, key):
    """`x[key]`, as NumPy does it: integers, slices, `None`, `...`, integer arrays and bool masks.

    >>> from keraunos import ops
    >>> ops.get_item(ops.arange(6), slice(1, None, 2)).numpy().tolist()
    [1, 3, 5]
    """
    x = tensor(x)
    entries = _entries(x, key)
    is_advanced = any(_is_array(entry) for entry in entries)
    if not is_advanced:
        return _basic(x, entries)
    return _advanced(x, entries)


def _is_array(entry):
    return entry is not None and not isinstance(entry, (int, builtins.slice))


def _entries(x, key):
    """One entry per axis of `x` (int, slice or integer Tensor), with `None`s where a new axis stands."""
    if isinstance(key, list):
        key = (np.asarray(key) if not any(isinstance(k, Tensor) for k in key) else joining.stack(key),)
    elif not isinstance(key, tuple):
        key = (key,)
    entries = []
    ellipsis_at = None
    for part in key:
        if part is None or isinstance(part, builtins.slice):
            entries.append(part)
        elif part is Ellipsis:
            if ellipsis_at is not None:
                raise IndexError("an index can only have a single ellipsis ('...')")
            ellipsis_at = len(entries)
        else:
            number = _integer_or_none(part)
            if number is not None:
                entries.append(number)
            else:
                entries.extend(_array_entries(part))
    used = sum(entry is not None for entry in entries)
    rank = len(x.shape)
    if used > rank:
        raise IndexError(f"Too many indices for a tensor of rank {rank}. Received: {used} indices")
    rest = [builtins.slice(None)] * (rank - used)
    at = len(entries) if ellipsis_at is None else ellipsis_at
    return entries[:at] + rest + entries[at:]


def _array_entries(part):
    """The index arrays that an array of ints, or a bool mask over several axes, stands for."""
    if hasattr(part, "value") and hasattr(part, "assign"):
        part = part.value
    if not isinstance(part, Tensor):
        part = np.asarray(part)
        if part.dtype.kind == "f" and part.size == 0:
            part = part.astype("int32")
        if part.dtype.kind not in "biu":
            raise IndexError(
                "only integers, slices (`:`), ellipsis (`...`), None and integer or boolean arrays are valid "
                f"indices. Received: {part!r:.100}"
            )
        part = convert_to_tensor(part)
    if part.dtype == "bool":
        # Where a mask holds decides the size of the result, so it must be known.
        return [convert_to_tensor(index.astype("int32")) for index in np.nonzero(part.numpy())]
    if part.dtype not in dtypes.INTS:
        raise IndexError(f"Index arrays must be of an integer dtype or bool. Received: dtype={part.dtype}")
    return [part]


def _basic(x, entries):
    """Ints, slices and `None`s."""
    begins, ends, strides = [], [], []
    shape = x.shape
    is_whole = True
    dynamic = []
    axis = 0
    for entry in entries:
        if entry is None:
            continue
        begin, end, stride = 0, OPEN_END, 1
        if isinstance(entry, int):
            size = shape[axis]
            if size is not None and not -size <= entry < size:
                raise IndexError(f"index {entry} is out of bounds for axis {axis} with size {size}")
            is_whole = False
            if entry < 0 and size is not None:
                entry += size
            begin, end = entry, entry + 1 if entry != -1 else OPEN_END
        elif entry != builtins.slice(None):
            is_whole = False
            bounds = _slice_bounds(entry, shape[axis])
            if bounds is None:
                dynamic.append((axis, entry))
            else:
                begin, end, stride = bounds
        begins.append(begin)
        ends.append(end)
        strides.append(stride)
        axis += 1
    if not is_whole:
        x = execute("slice", [x], {"begin": begins, "end": ends, "strides": strides})
    for axis, entry in dynamic:
        x = _dynamic_slice(x, axis, entry)
    if any(entry is None or isinstance(entry, int) for entry in entries):
        sizes = iter(_dims.shape_of(x))
        result = []
        for entry in entries:
            if entry is None:
                result.append(1)
            else:
                size = next(sizes)
                if not isinstance(entry, int):
                    result.append(size)
        x = _dims.reshape(x, tuple(result))
    return x


def _slice_bounds(entry, size):
    """`(begin, end, stride)` for the core, or `None` if a bound is only known when the traced function runs."""
    parts = []
    for bound in (entry.start, entry.stop, entry.step):
        if bound is None:
            parts.append(None)
            continue
        number = _integer_or_none(bound)
        if number is None:
            if isinstance(bound, Tensor) and bound.is_symbolic:
                return None
            if hasattr(bound, "value"):
                return None
            raise IndexError(f"slice indices must be integers or None. Received: {entry}")
        parts.append(number)
    start, stop, step = parts
    step = 1 if step is None else step
    if step == 0:
        raise ValueError("slice step cannot be zero")
    if size is not None:
        begin, end, step = builtins.slice(start, stop, step).indices(size)
        if step > 0:
            return begin, max(begin, end), step
        return (begin, end if end >= 0 else -OPEN_END, step) if begin > end else (0, 0, 1)
    if step > 0:
        return 0 if start is None else start, OPEN_END if stop is None else stop, step
    return OPEN_END if start is None else start, -OPEN_END if stop is None else stop, step


def _dynamic_slice(x, axis, entry):
    """`x[start:stop:step]` along one axis, with bounds that are tensors."""
    size = with_dtype(_dims.size_of(x, axis), "int32")
    step = 1 if entry.step is None else _integer_or_none(entry.step)
    if step is None or step < 1:
        raise ValueError("The step of a slice with traced bounds must be a positive integer.")

    def bound(value, default):
        if value is None:
            return default
        value = with_dtype(value, "int32")
        value = choices.where(comparisons.less(value, 0), arithmetic.add(value, size), value)
        return choices.clip(value, 0, size)

    start, stop = bound(entry.start, with_dtype(0, "int32")), bound(entry.stop, size)
    length = arithmetic.subtract(stop, start)
    if step > 1:
        length = arithmetic.floor_divide(arithmetic.add(length, step - 1), step)
    steps = _dims.iota(arithmetic.maximum(length, 0), "int32")
    index = arithmetic.add(arithmetic.multiply(steps, step), start)
    return execute("gather", [x, index], {"axis": axis})


def _advanced(x, entries):
    """Index arrays among the entries. Ints beside them count as arrays of rank 0."""
    basic = [
        builtins.slice(None) if _is_array(entry) or isinstance(entry, int) else entry for entry in entries
    ]
    arrays, positions = [], []
    axis = 0  # of the tensor after the basic part
    for entry in entries:
        if _is_array(entry) or isinstance(entry, int):
            arrays.append(entry)
            positions.append(axis)
        axis += 1
    x = _basic(x, basic)
    if len(arrays) == 1:
        return gather(x, arrays[0], positions[0])
    is_contiguous = positions == list(range(positions[0], positions[0] + len(positions)))
    first = positions[0] if is_contiguous else 0
    rank = len(x.shape)
    others = [a for a in range(rank) if a not in positions]
    x = shaping.permute(x, others[:first] + positions + others[first:])
    sizes = _dims.shape_of(x)
    count = len(positions)
    # One index into the joined axes instead of one per axis.
    flat = None
    for offset, index in enumerate(arrays):
        size = sizes[first + offset]
        index = _from_front(convert_to_tensor(index), size)
        flat = index if flat is None else arithmetic.add(arithmetic.multiply(flat, size), index)
    joined = _dims.reshape(x, (*sizes[:first], _dims.product(sizes[first : first + count]), *sizes[first + count :]))
    return execute("gather", [joined, flat], {"axis": first})


def _from_front(index, size):
    """The int Tensor `index` with negative entries counted from the end."""
    if index.dtype.startswith("uint"):
        return cast_tensor(index, "int32")
    known = concrete(index)
    if known is not None:
        if not known.size or known.min() >= 0:
            _check_range(known, size)
            return index
        if type(size) is int:
            _check_range(known, size)
            return convert_to_tensor(np.where(known < 0, known + size, known).astype(known.dtype))
    return choices.where(comparisons.less(index, 0), arithmetic.add(index, size), index)


def _check_range(index, size):
    if type(size) is int and index.size and (index.max() >= size or index.min() < -size):
        wrong = index[(index >= size) | (index < -size)].flat[0]
        raise IndexError(f"index {wrong} is out of bounds for axis with size {size}")


def gather(x, indices, axis):
    """The rows `indices` (ints, also negative) of one axis of the Tensor `x`."""
    indices = convert_to_tensor(indices)
    if indices.dtype not in ("int32", "int64"):
        indices = cast_tensor(indices, "int32")
    return execute("gather", [x, _from_front(indices, _dims.size_of(x, axis))], {"axis": axis})


@operation("x", "indices")
def take(x, indices, axis=None):
    """The elements of `x` at `indices` along an axis, or of `x` as a vector.

    The shape of the result has that of `indices` in place of the axis. Raises `IndexError` outside of the axis.
    """
    x = tensor(x)
    indices = tensor(indices)
    if indices.dtype not in dtypes.INTS:
        indices = cast_tensor(indices, "int32")
    if axis is None:
        return gather(shaping.ravel(x), indices, 0)
    return gather(x, indices, axis_index(axis, len(x.shape)))


@operation("x", "indices")
def take_along_axis(x, indices, axis=None):
    """For each position of `indices`, the element of `x` whose place along the axis it names.

    `x` and `indices` have the same rank; their other axes broadcast.
    """
    x, indices = tensor(x), tensor(indices)
    if indices.dtype not in ("int32", "int64"):
        indices = cast_tensor(indices, "int32")
    if axis is None:
        if len(indices.shape) != 1:
            raise ValueError(f"`indices` must be 1D if axis=None. Received: indices.shape={tuple(indices.shape)}")
        return gather(shaping.ravel(x), indices, 0)
    if len(x.shape) != len(indices.shape):
        raise ValueError(
            "`x` and `indices` must have the same number of dimensions, "
            f"but received shapes {tuple(x.shape)} and {tuple(indices.shape)}"
        )
    axis = axis_index(axis, len(x.shape))
    sizes_x, sizes_i = list(_dims.shape_of(x)), list(_dims.shape_of(indices))
    shared = list(_dims.broadcast_sizes(sizes_x[:axis] + sizes_x[axis + 1 :], sizes_i[:axis] + sizes_i[axis + 1 :]))
    size_x, size_i = sizes_x[axis], sizes_i[axis]
    x = _dims.broadcast_to(x, tuple(shared[:axis] + [size_x] + shared[axis:]))
    indices = _dims.broadcast_to(indices, tuple(shared[:axis] + [size_i] + shared[axis:]))
    return execute("take_along_axis", [x, _from_front(indices, size_x)], {"axis": axis})


@operation(name="UnravelIndex")
def unravel_index(indices, shape):
    """The coordinates, one tensor per axis, of positions in a tensor of a shape counted as a vector."""
    indices = tensor(indices)
    if indices.dtype not in dtypes.INTS:
        indices = cast_tensor(indices, "int32")
    sizes = _dims.sizes_of(shape)
    if None in sizes:
        raise ValueError(f"`shape` must be fully defined. Received: shape={shape}")
    indices = choices.where(
        comparisons.less(indices, 0), arithmetic.add(indices, _dims.product(sizes)), indices
    )
    coordinates = []
    for size in reversed(sizes):
        coordinates.append(arithmetic.mod(indices, size))
        indices = arithmetic.floor_divide(indices, size)
    return tuple(reversed(coordinates))


__all__ = ["get_item", "take", "take_along_axis", "unravel_index"]
