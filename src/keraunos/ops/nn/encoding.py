"""Labels as vectors."""

from __future__ import annotations

from keraunos import dtypes
from keraunos.dtypes import standardize_dtype
from keraunos.ops import _dims
from keraunos.ops._arguments import axis_index, tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import reduction, shaping
from keraunos.tensor import cast_tensor, execute

operation = operations("nn")


@operation(name="OneHot")
def one_hot(x, num_classes, axis=-1, dtype=None, sparse=False):
    """A vector for each integer, with a one at its place and zeros elsewhere.

    Args:
        x: integers; those outside of [0, num_classes) give zeros.
        num_classes: the length of the vectors.
        axis: the axis of the vectors in the result.
        dtype: the dtype of the result, `floatx` by default.
        sparse: must be false.
    """
    if sparse:
        raise ValueError("Unsupported value `sparse=True`: tensors are dense.")
    x = tensor(x)
    dtype = standardize_dtype(dtype)
    if x.dtype not in dtypes.INTS:
        x = cast_tensor(x, "int32")
    hot = execute("one_hot", [x], {"depth": int(num_classes), "dtype": dtype})
    rank = len(hot.shape)
    axis = axis_index(axis, rank)
    return hot if axis == rank - 1 else shaping.moveaxis(hot, -1, axis)


@operation
def multi_hot(inputs, num_classes=None, axis=-1, dtype=None, sparse=False, **kwargs):
    """One vector for each row of integers, with ones at all of their places.

    Args:
        inputs: rows of integers, `(batch, n)` or `(n,)`.
        num_classes: the length of the vectors.
        axis: the axis of the vectors in the result.
        dtype: the dtype of the result, `floatx` by default.
        sparse: must be false.
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs:
        raise TypeError(f"multi_hot: unexpected keyword arguments: {', '.join(kwargs)}")
    if num_classes is None:
        raise ValueError("Argument `num_classes` must be specified.")
    inputs = tensor(inputs)
    hot = one_hot(inputs, num_classes, axis=axis, dtype=dtype, sparse=sparse)
    return reduction.max(hot, axis=1 if len(inputs.shape) > 1 else 0)


@operation
def depth_to_space(x, block_size, data_format="channels_last"):
    """Moves blocks of channels into space: `(h, w, c)` becomes `(h * b, w * b, c / b^2)`."""
    x = _checked_image(x, block_size, data_format, "depth_to_space")
    is_last = data_format == "channels_last"
    batch, *sizes = _dims.shape_of(x)
    height, width, channels = sizes if is_last else (sizes[1], sizes[2], sizes[0])
    if channels % block_size**2:
        raise ValueError(
            f"Number of channels must be divisible by block_size**2 = {block_size**2}. Received: {channels} channels"
        )
    rest = channels // block_size**2
    big = (_dims.product((height, block_size)), _dims.product((width, block_size)))
    if is_last:
        x = _dims.reshape(x, (batch, height, width, block_size, block_size, rest))
        return _dims.reshape(shaping.permute(x, (0, 1, 3, 2, 4, 5)), (batch, *big, rest))
    x = _dims.reshape(x, (batch, rest, block_size, block_size, height, width))
    return _dims.reshape(shaping.permute(x, (0, 1, 4, 2, 5, 3)), (batch, rest, *big))


@operation
def space_to_depth(x, block_size, data_format="channels_last"):
    """Moves blocks of space into channels: `(h, w, c)` becomes `(h / b, w / b, c * b^2)`."""
    x = _checked_image(x, block_size, data_format, "space_to_depth")
    is_last = data_format == "channels_last"
    batch, *sizes = _dims.shape_of(x)
    height, width, channels = sizes if is_last else (sizes[1], sizes[2], sizes[0])
    small = []
    for size in (height, width):
        if type(size) is int and size % block_size:
            raise ValueError(
                f"Height and width must be divisible by block_size = {block_size}. Received: {(height, width)}"
            )
        small.append(size // block_size)
    depth = channels * block_size**2
    if is_last:
        x = _dims.reshape(x, (batch, small[0], block_size, small[1], block_size, channels))
        return _dims.reshape(shaping.permute(x, (0, 1, 3, 2, 4, 5)), (batch, *small, depth))
    x = _dims.reshape(x, (batch, channels, small[0], block_size, small[1], block_size))
    return _dims.reshape(shaping.permute(x, (0, 1, 3, 5, 2, 4)), (batch, depth, *small))


def _checked_image(x, block_size, data_format, name):
    x = tensor(x)
    if len(x.shape) != 4:
        raise ValueError(f"`x` must be a 4-D tensor. {name} received: shape {tuple(x.shape)}")
    if not isinstance(block_size, int) or block_size < 2:
        raise ValueError(f"`block_size` must be at least 2. Received: block_size={block_size}")
    if data_format not in ("channels_last", "channels_first"):
        raise ValueError(f"{name}: `data_format` must be 'channels_last' or 'channels_first'. Received: {data_format}")
    return x


__all__ = ["depth_to_space", "multi_hot", "one_hot", "space_to_depth"]
