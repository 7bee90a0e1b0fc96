"""Images of another size: one matrix of weights per axis."""

from __future__ import annotations

import numpy as np

from keraunos import config, dtypes
from keraunos.ops import _dims
from keraunos.ops._arguments import concrete, floats, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.core import saturate_cast
from keraunos.ops.image.ranks import check_rank
from keraunos.ops.numpy import contraction, elementwise, joining, padding, shaping
from keraunos.tensor import KerasTensor, convert_to_tensor, execute

operation = operations("image")

_INTERPOLATIONS = ("bilinear", "nearest", "lanczos3", "lanczos5", "bicubic")
_METHODS = {
    "linear": "linear",
    "bilinear": "linear",
    "trilinear": "linear",
    "triangle": "linear",
    "cubic": "cubic",
    "bicubic": "cubic",
    "tricubic": "cubic",
    "lanczos3": "lanczos3",
    "lanczos5": "lanczos5",
}


def _linear(x):
    return np.maximum(0.0, 1.0 - np.abs(x))


def _cubic(x):
    # Keys (1981) with a = -1/2.
    x = np.abs(x)
    near = (1.5 * x - 2.5) * x * x + 1.0
    far = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x >= 2.0, 0.0, np.where(x >= 1.0, far, near))


def _lanczos(radius):
    def kernel(x):
        return np.where(np.abs(x) < radius, np.sinc(x) * np.sinc(x / radius), 0.0)

    return kernel


_KERNELS = {"linear": _linear, "cubic": _cubic, "lanczos3": _lanczos(3.0), "lanczos5": _lanczos(5.0)}


def _weights(size, new_size, scale, translation, method, antialias):
    """`(size, new_size)`: the share of each old pixel in each new one. Pixel i has its centre at i + 1/2."""
    inverse = 1.0 / scale
    width = max(inverse, 1.0) if antialias else 1.0
    places = (np.arange(new_size) + 0.5) * inverse - translation * inverse - 0.5
    weights = _KERNELS[method]((places[None, :] - np.arange(size)[:, None]) / width)
    total = weights.sum(axis=0, keepdims=True)
    is_reached = np.abs(total) > 1000.0 * np.finfo("float32").eps
    weights = np.where(is_reached, weights / np.where(total != 0, total, 1.0), 0.0)
    return np.where((places >= -0.5) & (places <= size - 0.5), weights, 0.0)


def _mixed(x, axis, weights):
    """`x` with an axis multiplied by a matrix of weights."""
    mixed = contraction.contract(x, convert_to_tensor(weights, dtype=x.dtype), [axis], [0])
    return shaping.moveaxis(mixed, -1, axis)


def _known_size(x, axis, name):
    if x.shape[axis] is None:
        raise ValueError(f"{name}: the height and width of the images must be known. Received: shape {x.shape}")
    return x.shape[axis]


def _check_size(size):
    if not isinstance(size, (list, tuple, np.ndarray)) or len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers. Received: size={size}")
    if size[0] <= 0 or size[1] <= 0:
        raise ValueError(f"`size` must have positive height and width. Received: size={size}")


def _resize_spec(images, size, data_format=None, **settings):
    check_rank("resize", images)
    _check_size(size)
    axis = _height_axis(images, data_format)
    return KerasTensor((*images.shape[:axis], *map(int, size), *images.shape[axis + 2 :]), dtype=images.dtype)


def _height_axis(images, data_format):
    rank = len(images.shape)
    return rank - 3 if config.standardize_data_format(data_format) == "channels_last" else rank - 2


@operation("images", spec=_resize_spec)
def resize(
    images,
    size,
    interpolation="bilinear",
    antialias=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    fill_mode="constant",
    fill_value=0.0,
    data_format=None,
):
    """Images of another size.

    Args:
        images: one image or a batch.
        size: the new `(height, width)`.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        antialias: whether shrinking averages over all the pixels that fall together.
        crop_to_aspect_ratio: whether to cut the image to the new proportions first.
        pad_to_aspect_ratio: whether to pad the image to the new proportions first.
        fill_mode: `"constant"`.
        fill_value: the value of that padding.
        data_format: `"channels_last"` or `"channels_first"`.

    >>> from keraunos import ops
    >>> ops.image.resize(ops.ones((2, 4, 4, 3)), (6, 2)).shape
    (2, 6, 2, 3)
    """
    _check_size(size)
    if interpolation not in _INTERPOLATIONS:
        raise ValueError(
            "Invalid value for argument `interpolation`. Expected of one "
            f"{_INTERPOLATIONS}. Received: interpolation={interpolation}"
        )
    if fill_mode != "constant":
        raise ValueError(
            "Invalid value for argument `fill_mode`. Only `'constant'` is supported. "
            f"Received: fill_mode={fill_mode}"
        )
    if pad_to_aspect_ratio and crop_to_aspect_ratio:
        raise ValueError("Only one of `pad_to_aspect_ratio` & `crop_to_aspect_ratio` can be `True`.")
    images = tensor(images)
    check_rank("resize", images)
    axis = _height_axis(images, data_format)
    height, width = (int(n) for n in size)
    if crop_to_aspect_ratio:
        images = _cropped(images, axis, height, width)
    elif pad_to_aspect_ratio:
        images = _padded(images, axis, height, width, fill_value)
    result = images if interpolation == "nearest" else floats(images)
    for a, new_size in ((axis, height), (axis + 1, width)):
        old_size = _known_size(images, a, "resize")
        if old_size == new_size:
            continue
        if interpolation == "nearest":
            index = np.floor((np.arange(new_size) + 0.5) * old_size / new_size).astype("int32")
            result = execute("gather", [result, convert_to_tensor(index)], {"axis": a})
        else:
            scale = new_size / old_size
            result = _mixed(result, a, _weights(old_size, new_size, scale, 0.0, _METHODS[interpolation], antialias))
    return _back(result, images.dtype)


def _back(x, dtype):
    """`x` in the dtype of the images, rounded if that is an integer type."""
    if x.dtype == dtype:
        return x
    return saturate_cast(elementwise.round(x), dtype) if dtype in dtypes.INTS else with_dtype(x, dtype)


def _cropped(images, axis, height, width):
    old_height, old_width = (_known_size(images, axis + i, "resize") for i in (0, 1))
    crop_height = max(min(old_height, int(float(old_width * height) / width)), 1)
    crop_width = max(min(old_width, int(float(old_height * width) / height)), 1)
    top, left = int((old_height - crop_height) / 2), int((old_width - crop_width) / 2)
    images = joining.slice_axis(images, axis, top, top + crop_height)
    return joining.slice_axis(images, axis + 1, left, left + crop_width)


def _padded(images, axis, height, width, fill_value):
    old_height, old_width = (_known_size(images, axis + i, "resize") for i in (0, 1))
    pad_height = max(old_height, int(float(old_width * height) / width))
    pad_width = max(old_width, int(float(old_height * width) / height))
    top, left = int((pad_height - old_height) / 2), int((pad_width - old_width) / 2)
    widths = [(0, 0)] * len(images.shape)
    widths[axis], widths[axis + 1] = (top, top), (left, left)
    return padding.pad(images, widths, constant_values=fill_value)


def _scale_spec(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    return KerasTensor(tuple(output_shape), dtype=images.dtype)


@operation("images", "output_shape", "scale", "translation", spec=_scale_spec)
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """Images scaled and moved: place x goes to `x * scale + translation` along each spatial axis.

    Args:
        images: the tensor.
        output_shape: the shape of the result.
        scale: one factor per spatial axis; known when traced.
        translation: one distance per spatial axis; known when traced.
        spatial_dims: the spatial axes.
        method: `"linear"`, `"cubic"`, `"lanczos3"` or `"lanczos5"` (or `"bilinear"`, `"bicubic"`, ...).
        antialias: whether shrinking averages over all the pixels that fall together.
    """
    if method not in _METHODS:
        raise ValueError(
            "Invalid value for argument `method`. Expected of one "
            f"{set(_METHODS)}. Received: method={method}"
        )
    images = tensor(images)
    scale, translation = concrete(scale), concrete(translation)
    if scale is None or translation is None:
        raise ValueError("scale_and_translate: `scale` and `translation` must be known when the function is traced.")
    sizes = _dims.sizes_of(output_shape)
    result = floats(images)
    for i, axis in enumerate(int(a) % len(images.shape) for a in spatial_dims):
        old_size = _known_size(images, axis, "scale_and_translate")
        matrix = _weights(old_size, sizes[axis], float(scale[i]), float(translation[i]), _METHODS[method], antialias)
        result = _mixed(result, axis, matrix)
    return _back(result, images.dtype)


__all__ = ["resize", "scale_and_translate"]
