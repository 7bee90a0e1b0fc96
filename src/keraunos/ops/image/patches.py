"""Patches of images and volumes."""

from __future__ import annotations

import numpy as np

from keraunos import config
from keraunos.ops import _dims
from keraunos.ops._arguments import tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import shaping
from keraunos.ops.numpy.padding import pad
from keraunos.tensor import convert_to_tensor, execute

operation = operations("image")


def _per_axis(value, count, name):
    if isinstance(value, int):
        return (value,) * count
    if len(value) != count:
        raise ValueError(f"Invalid `{name}` argument. Expected an int or {count} of them. Received: {name}={value}")
    return tuple(int(v) for v in value)


def _starts(size, patch, stride, dilation, padding):
    """For each patch along an axis the places of its elements, and the margins that they need."""
    span = (patch - 1) * dilation + 1
    if padding == "same":
        count = -(-size // stride)
        margin = max((count - 1) * stride + span - size, 0)
        before, after = margin // 2, margin - margin // 2
    else:
        count = (size - span) // stride + 1
        before = after = 0
    if count < 1:
        raise ValueError(f"extract_patches: a patch of {span} does not fit an axis of size {size}.")
    return np.arange(count)[:, None] * stride + np.arange(patch) * dilation, before, after


def _extract(images, size, strides, dilation_rate, padding, data_format, count):
    x = tensor(images)
    if padding not in ("valid", "same"):
        raise ValueError(f"extract_patches: `padding` must be 'valid' or 'same'. Received: padding={padding}")
    strides = _per_axis(strides or size, count, "strides")
    dilations = _per_axis(dilation_rate, count, "dilation_rate")
    is_first = config.standardize_data_format(data_format) == "channels_first"
    if len(x.shape) not in (count + 1, count + 2):
        raise ValueError(
            f"Invalid images rank: expected rank {count + 1} or {count + 2}. Received: shape {tuple(x.shape)}"
        )
    is_single = len(x.shape) == count + 1
    x = shaping.expand_dims(x, 0) if is_single else x
    x = shaping.moveaxis(x, 1, -1) if is_first else x
    for i in range(count):
        # Every spatial axis becomes two: the patch, and the place within it.
        axis = 1 + 2 * i
        if x.shape[axis] is None:
            raise ValueError(f"extract_patches: the size of the images must be known. Received: {tuple(x.shape)}")
        index, before, after = _starts(x.shape[axis], size[i], strides[i], dilations[i], padding)
        if before or after:
            widths = [(0, 0)] * len(x.shape)
            widths[axis] = (before, after)
            x = pad(x, widths)
        x = execute("gather", [x, convert_to_tensor(index.astype("int32"))], {"axis": axis})
    order = [0, *range(1, 2 * count, 2), *range(2, 2 * count + 1, 2), 2 * count + 1]
    x = shaping.permute(x, order)
    sizes = _dims.shape_of(x)
    x = _dims.reshape(x, (*sizes[: count + 1], _dims.product(sizes[count + 1 :])))
    x = shaping.moveaxis(x, -1, 1) if is_first else x
    return shaping.squeeze(x, 0) if is_single else x


@operation("images")
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Patches of images (or of volumes, for a size of three numbers), with their elements as channels.

    Args:
        images: one image or a batch.
        size: the size of a patch: an int, two numbers, or three for volumes.
        strides: the distance of patches, by default their size.
        dilation_rate: the distance of the elements of a patch.
        padding: `"valid"`, or `"same"` with a margin of zeros.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    if not isinstance(size, int):
        if not isinstance(size, (tuple, list)):
            raise TypeError(
                "Invalid `size` argument. Expected an int or a tuple. "
                f"Received: size={size} of type {type(size).__name__}"
            )
        if len(size) not in (2, 3):
            raise ValueError(
                "Invalid `size` argument. Expected a tuple of length 2 or 3. "
                f"Received: size={size} with length {len(size)}"
            )
    count = 2 if isinstance(size, int) else len(size)
    return _extract(images, _per_axis(size, count, "size"), strides, dilation_rate, padding, data_format, count)


@operation("volumes")
def extract_patches_3d(volumes, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Patches of volumes, with their elements as channels.

    Args:
        volumes: one volume or a batch.
        size: the size of a patch: an int, or three numbers.
        strides, dilation_rate, padding, data_format: as those of `extract_patches`.
    """
    if not isinstance(size, int):
        if not isinstance(size, (tuple, list)):
            raise TypeError(
                "Invalid `size` argument. Expected an int or a tuple of length 3. "
                f"Received: size={size} of type {type(size).__name__}"
            )
        if len(size) != 3:
            raise TypeError(
                "Invalid `size` argument. Expected an int or a tuple of length 3. "
                f"Received: size={size} with length {len(size)}"
            )
    return _extract(volumes, _per_axis(size, 3, "size"), strides, dilation_rate, padding, data_format, 3)


__all__ = ["extract_patches", "extract_patches_3d"]
