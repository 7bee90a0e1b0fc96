"""Tensors made, reshaped, joined and cut: the functions at the top of `tf`, written with `keraunos.ops`.

Arguments are tensorflow's; `name` is taken and ignored. Every function here is public as `tf.<name>`.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from keraunos import ops
from keraunos.runner.tensorflow.dtypes import DType, as_dtype
from keraunos.tensor import Tensor

newaxis = None


def dtype_name(dtype: Any) -> str | None:
    """The Keras name of a dtype argument; None stays None."""
    return None if dtype is None else as_dtype(dtype).name


def as_shape(shape: Any) -> tuple[Any, ...]:
    """A shape argument (list, array, tensor, single number) as a tuple of sizes."""
    if isinstance(shape, Tensor):
        if shape.is_symbolic:
            return (shape,) if shape.ndim == 0 else tuple(shape[i] for i in builtins.range(shape.shape[0]))
        shape = shape.numpy()
    if isinstance(shape, np.ndarray):
        shape = shape.tolist()
    if isinstance(shape, (list, tuple)):
        return tuple(_as_size(size) for size in shape)
    return (_as_size(shape),)


def _as_size(size: Any) -> Any:
    is_unknown = size is None or (isinstance(size, Tensor) and size.is_symbolic)
    return size if is_unknown else int(size)


def constant(value: Any, dtype: Any = None, shape: Any = None, name: str = "Const") -> Any:
    """A tensor of `value`; with `shape` it is reshaped, or repeated when it is one number."""
    tensor = ops.convert_to_tensor(value, dtype=dtype_name(dtype))
    if shape is None:
        return tensor
    shape = as_shape(shape)
    return ops.broadcast_to(tensor, shape) if tensor.ndim == 0 else ops.reshape(tensor, shape)


def convert_to_tensor(value: Any, dtype: Any = None, dtype_hint: Any = None, name: str | None = None) -> Any:
    """`value` (number, list, array, variable) as a tensor; a tensor of that dtype is returned as it is."""
    return ops.convert_to_tensor(value, dtype=dtype_name(dtype))


def is_tensor(x: Any) -> builtins.bool:
    """Whether `x` is a tensor."""
    return ops.is_tensor(x)


def ones(shape: Any, dtype: Any = "float32", name: str | None = None) -> Any:
    """A tensor of ones."""
    return ops.ones(as_shape(shape), dtype=dtype_name(dtype))


def zeros(shape: Any, dtype: Any = "float32", name: str | None = None) -> Any:
    """A tensor of zeros."""
    return ops.zeros(as_shape(shape), dtype=dtype_name(dtype))


def fill(dims: Any, value: Any, name: str | None = None) -> Any:
    """A tensor of shape `dims`, every element `value`."""
    return ops.broadcast_to(ops.convert_to_tensor(value), as_shape(dims))


def ones_like(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Ones in the shape of `input`."""
    return ops.ones_like(input, dtype=dtype_name(dtype))


def zeros_like(input: Any, dtype: Any = None, name: str | None = None) -> Any:
    """Zeros in the shape of `input`."""
    return ops.zeros_like(input, dtype=dtype_name(dtype))


def eye(num_rows: int, num_columns: int | None = None, dtype: Any = "float32", name: str | None = None) -> Any:
    """A matrix with ones on its diagonal."""
    return ops.eye(num_rows, num_columns, dtype=dtype_name(dtype))


def range(start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str = "range") -> Any:
    """The numbers from `start` up to, without, `limit` in steps of `delta`; one number is the limit."""
    if limit is None:
        start, limit = 0, start
    return ops.arange(start, limit, delta, dtype=dtype_name(dtype))


def linspace(start: Any, stop: Any, num: int, name: str | None = None, axis: int = 0) -> Any:
    """`num` evenly spaced numbers from `start` to `stop`, both included."""
    return ops.linspace(start, stop, num, axis=axis)


def meshgrid(*args: Any, indexing: str = "xy", name: str | None = None) -> Any:
    """Grids of coordinates of the given vectors."""
    return ops.meshgrid(*args, indexing=indexing)


def identity(input: Any, name: str | None = None) -> Any:
    """A tensor equal to `input`."""
    return ops.convert_to_tensor(input) + 0 if not is_tensor(input) else ops.copy(input)


def stop_gradient(input: Any, name: str | None = None) -> Any:
    """`input`, as a constant for gradients."""
    return ops.stop_gradient(input)


def shape(input: Any, out_type: Any = "int32", name: str | None = None) -> Any:
    """The sizes of `input` as an integer tensor (for a KerasTensor, whose sizes may be unknown, a tuple)."""
    sizes = ops.shape(input)
    if any(size is None for size in sizes):
        return sizes
    if all(isinstance(size, int) for size in sizes):
        return ops.convert_to_tensor(np.array(sizes, as_dtype(out_type).name))
    return ops.stack([ops.cast(size, as_dtype(out_type).name) for size in sizes])


def rank(input: Any, name: str | None = None) -> Any:
    """The number of axes, as a tensor."""
    return ops.convert_to_tensor(ops.ndim(input), dtype="int32")


def size(input: Any, out_type: Any = "int32", name: str | None = None) -> Any:
    """The number of elements, as a tensor."""
    return ops.cast(ops.size(input), as_dtype(out_type).name)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Any:
    """The elements of `tensor` in another shape; one size may be -1."""
    return ops.reshape(tensor, as_shape(shape))


def transpose(a: Any, perm: Any = None, conjugate: builtins.bool = False, name: str = "transpose") -> Any:
    """The axes of `a` in the order `perm`, reversed by default."""
    return ops.transpose(a, axes=None if perm is None else as_shape(perm))


def expand_dims(input: Any, axis: int, name: str | None = None) -> Any:
    """`input` with a new axis of size 1 at `axis`."""
    return ops.expand_dims(input, axis)


def squeeze(input: Any, axis: Any = None, name: str | None = None) -> Any:
    """`input` without its axes of size 1, or without those named."""
    return ops.squeeze(input, axis=tuple(axis) if isinstance(axis, list) else axis)


def broadcast_to(input: Any, shape: Any, name: str | None = None) -> Any:
    """`input` repeated to `shape` by NumPy's rule."""
    return ops.broadcast_to(input, as_shape(shape))


def concat(values: Any, axis: int, name: str = "concat") -> Any:
    """Tensors joined along an existing axis."""
    return ops.concatenate(values, axis=axis)


def stack(values: Any, axis: int = 0, name: str = "stack") -> Any:
    """Tensors of one shape joined along a new axis."""
    return ops.stack(values, axis=axis)


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str = "unstack") -> Any:
    """The slices of `value` along `axis`, as a list."""
    return list(ops.unstack(value, num=num, axis=axis))


def split(value: Any, num_or_size_splits: Any, axis: int = 0, num: int | None = None, name: str = "split") -> Any:
    """Cuts `value` into so many equal parts, or into parts of the given sizes."""
    if isinstance(num_or_size_splits, int):
        return list(ops.split(value, num_or_size_splits, axis=axis))
    borders = np.cumsum(as_shape(num_or_size_splits))[:-1].tolist()
    return list(ops.split(value, borders, axis=axis))


def tile(input: Any, multiples: Any, name: str | None = None) -> Any:
    """`input` repeated as a whole, `multiples[i]` times along axis i."""
    return ops.tile(input, as_shape(multiples))


def repeat(input: Any, repeats: Any, axis: int | None = None, name: str | None = None) -> Any:
    """Every element repeated along `axis`."""
    return ops.repeat(input, repeats, axis=axis)


def reverse(tensor: Any, axis: Any, name: str | None = None) -> Any:
    """`tensor` turned round along the axes named."""
    return ops.flip(tensor, axis=as_shape(axis))


def roll(input: Any, shift: Any, axis: Any, name: str | None = None) -> Any:
    """`input` moved round along `axis` by `shift` places."""
    return ops.roll(input, shift, axis=axis)


def pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0, name: str | None = None) -> Any:
    """`tensor` with `paddings[i] = (before, after)` elements added along axis i."""
    widths = [as_shape(pair) for pair in (paddings.numpy() if is_tensor(paddings) else paddings)]
    mode = mode.lower()
    return ops.pad(tensor, widths, mode=mode, constant_values=constant_values if mode == "constant" else None)


def gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: int = 0, batch_dims: int = 0, name: str | None = None
) -> Any:
    """The slices of `params` along `axis` at `indices`."""
    if batch_dims != 0:
        raise NotImplementedError(f"tf.gather: batch_dims must be 0 in this subset. Received: batch_dims={batch_dims}")
    return ops.take(params, indices, axis=axis)


def gather_nd(params: Any, indices: Any, batch_dims: int = 0, name: str | None = None) -> Any:
    """The elements or slices of `params` at the coordinates in the last axis of `indices`."""
    if batch_dims != 0:
        raise NotImplementedError(f"tf.gather_nd: batch_dims must be 0 in this subset. Received: {batch_dims}")
    indices = ops.convert_to_tensor(indices)
    sizes = ops.shape(params)
    depth = indices.shape[-1]
    # One index into the flattened leading axes does the work of `depth` coordinates.
    strides = np.cumprod([1, *sizes[1:depth][::-1]])[::-1].astype("int32")
    flat = ops.sum(indices * ops.cast(ops.convert_to_tensor(strides), indices.dtype), axis=-1)
    return ops.take(ops.reshape(params, (-1, *sizes[depth:])), flat, axis=0)


def boolean_mask(tensor: Any, mask: Any, axis: int = 0, name: str = "boolean_mask") -> Any:
    """The slices of `tensor` along `axis` where the one-dimensional `mask` is true. Needs concrete values."""
    places = np.flatnonzero(ops.convert_to_numpy(mask))
    return ops.take(tensor, places.astype("int32"), axis=axis)


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Any:
    """`size[i]` elements from `begin[i]` along axis i; size -1 means to the end."""
    cuts = zip(as_shape(begin), as_shape(size), strict=True)
    return input_[tuple(builtins.slice(start, None if count == -1 else start + count) for start, count in cuts)]


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Any:
    """`x` where `condition` holds, else `y`; with one argument the places where it holds, one per row."""
    if x is None and y is None:
        return ops.stack(ops.nonzero(condition), axis=-1)
    return ops.where(condition, x, y)


def one_hot(
    indices: Any,
    depth: int,
    on_value: Any = None,
    off_value: Any = None,
    axis: int = -1,
    dtype: Any = None,
    name: str | None = None,
) -> Any:
    """Vectors with `on_value` (1) at the index and `off_value` (0) elsewhere."""
    dtype = dtype_name(dtype) or "float32"
    hot = ops.one_hot(indices, int(depth), axis=axis, dtype=dtype)
    if on_value is None and off_value is None:
        return hot
    on, off = (1 if on_value is None else on_value), (0 if off_value is None else off_value)
    return hot * on + (1 - hot) * off


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING", name: str | None = None) -> Any:
    """`values` in order along `axis`."""
    ordered = ops.sort(values, axis=axis)
    return ops.flip(ordered, axis=axis) if direction == "DESCENDING" else ordered


def argsort(values: Any, axis: int = -1, direction: str = "ASCENDING", stable: Any = False, name: Any = None) -> Any:
    """The places of the elements in order along `axis`; equal elements stay in their order."""
    return ops.argsort(-values if direction == "DESCENDING" else values, axis=axis)


def tensor_scatter_nd_update(tensor: Any, indices: Any, updates: Any, name: str | None = None) -> Any:
    """`tensor` with `updates` written at `indices`."""
    return ops.scatter_update(tensor, indices, updates)


def unique(x: Any, out_idx: Any = "int32", name: str | None = None) -> Any:
    """The different values of a vector in order of appearance, and for each element which one it is."""
    values, first, inverse = np.unique(ops.convert_to_numpy(x), return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    index = place[inverse.reshape(-1)].astype(as_dtype(out_idx).name)
    return ops.convert_to_tensor(values[order]), ops.convert_to_tensor(index)


class TensorSpec:
    """Shape and dtype of a tensor that is not there yet.

    Args:
        shape: Tuple of sizes; None for unknown ones.
        dtype: A dtype name.
        name: Any name.

    Example:
        >>> TensorSpec((None, 8), "float32")
        TensorSpec(shape=(None, 8), dtype=tf.float32, name=None)
    """

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape = None if shape is None else tuple(shape)
        self.dtype: DType = as_dtype(dtype)
        self.name = name

    def __eq__(self, other: object) -> builtins.bool:
        return isinstance(other, TensorSpec) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"TensorSpec(shape={self.shape}, dtype={self.dtype!r}, name={self.name!r})"


class TensorShape(tuple):
    """A tuple of sizes with tensorflow's few methods.

    Example:
        >>> TensorShape([None, 3]).as_list()
        [None, 3]
    """

    __slots__ = ()

    def __new__(cls, dims: Any) -> TensorShape:
        return super().__new__(cls, (dims,) if isinstance(dims, int) else tuple(dims))

    def as_list(self) -> list[int | None]:
        """The sizes as a list."""
        return list(self)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self)

    def is_fully_defined(self) -> builtins.bool:
        """Whether no size is unknown."""
        return None not in self

    def num_elements(self) -> int | None:
        """The product of the sizes, None when one is unknown."""
        return int(np.prod(self)) if self.is_fully_defined() else None
