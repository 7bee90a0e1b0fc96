"""Pictures as arrays and back, by means of Pillow."""

import io
import os
import pathlib
import warnings

import numpy as np

from keraunos import config, ops

_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_GRAY_MODES = ("L", "I;16", "I")
_METHODS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def _pillow(function):
    try:
        from PIL import Image
    except ImportError:
        raise ImportError(
            f"Could not import PIL.Image. The use of `{function}` requires PIL (`pip install pillow`)."
        ) from None
    return Image


def array_to_img(x, data_format=None, scale=True, dtype=None):
    """Returns an array as a Pillow image.

    Args:
        x: array of shape `(height, width, channels)`, or channels first; 1, 3 or 4 channels.
        data_format: `"channels_last"` or `"channels_first"`, the configured one by default.
        scale: whether to stretch the values to `[0, 255]`.
        dtype: dtype of the computation, `floatx()` by default.
    """
    image = _pillow("array_to_img")
    x = np.asarray(x, dtype=dtype or config.floatx())
    if x.ndim != 3:
        raise ValueError(
            "Expected image array to have rank 3 (single image). "
            f"Got array with shape: {x.shape}"
        )
    if config.standardize_data_format(data_format) == "channels_first":
        x = x.transpose(1, 2, 0)
    if scale:
        x = x - x.min()
        largest = x.max()
        x = x * (255 / largest) if largest else x
    channels = x.shape[2]
    if channels == 1:
        deep = x.max() > 255
        return image.fromarray(x[:, :, 0].astype("int32" if deep else "uint8"))
    if channels not in (3, 4):
        raise ValueError(f"Unsupported channel number: {channels}")
    return image.fromarray(x.astype("uint8"))


def img_to_array(img, data_format=None, dtype=None):
    """Returns a Pillow image as an array of shape `(height, width, channels)`, or channels first.

    Args:
        img: the image.
        data_format: `"channels_last"` or `"channels_first"`, the configured one by default.
        dtype: dtype of the array, `floatx()` by default.
    """
    data_format = config.standardize_data_format(data_format)
    x = np.asarray(img, dtype=dtype or config.floatx())
    if x.ndim not in (2, 3):
        raise ValueError(f"Unsupported image shape: {x.shape}")
    if x.ndim == 2:
        x = x[:, :, None]
    return x.transpose(2, 0, 1) if data_format == "channels_first" else x


def smart_resize(x, size, interpolation="bilinear", data_format="channels_last"):
    """Resizes images without changing their aspect ratio: what is too much of one axis is cut off on both sides.

    Args:
        x: one image or a batch, array or tensor.
        size: `(height, width)` of the result.
        interpolation: `"bilinear"`, `"nearest"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        The images, an array for an array.
    """
    if len(size) != 2:
        raise ValueError(f"Expected `size` to be a tuple of 2 integers, but got: {size}.")
    images = ops.convert_to_tensor(x)
    if len(images.shape) not in (3, 4):
        raise ValueError(
            "Expected an image array with shape `(height, width, channels)`, or `(batch_size, height, width, channels)`, "
            f"but got input with incorrect rank, of shape {images.shape}."
        )
    resized = ops.image.resize(images, size, interpolation, crop_to_aspect_ratio=True, data_format=data_format)
    return np.array(resized) if isinstance(x, np.ndarray) else resized


def save_img(path, x, data_format=None, file_format=None, scale=True, **kwargs):
    """Saves an array as a picture.

    Args:
        path: path or file object.
        x: array, as for `array_to_img`.
        data_format: `"channels_last"` or `"channels_first"`, the configured one by default.
        file_format: format, by default that of the path's ending.
        scale: whether to stretch the values to `[0, 255]`.
        **kwargs: passed to Pillow.
    """
    if file_format is None and isinstance(path, (str, pathlib.Path)):
        file_format = pathlib.Path(path).suffix[1:].lower()
    if file_format and file_format.lower() == "jpg":
        file_format = "jpeg"
    img = array_to_img(x, data_format=data_format, scale=scale)
    if img.mode == "RGBA" and file_format == "jpeg":
        warnings.warn(
            "The JPEG format does not support RGBA images, converting to RGB.", stacklevel=2
        )
        img = img.convert("RGB")
    img.save(path, format=file_format, **kwargs)


def load_img(
    path, color_mode="rgb", target_size=None, interpolation="nearest", keep_aspect_ratio=False
):
    """Loads a picture as a Pillow image.

    Args:
        path: path or `io.BytesIO`.
        color_mode: `"grayscale"`, `"rgb"` or `"rgba"`.
        target_size: `(height, width)` to resize to.
        interpolation: `"nearest"`, `"bilinear"`, `"bicubic"`, `"lanczos"`, `"box"` or `"hamming"`.
        keep_aspect_ratio: whether to crop the centre before resizing, instead of distorting.
    """
    image = _pillow("load_img")
    if isinstance(path, io.BytesIO):
        img = image.open(path)
    elif isinstance(path, (os.PathLike, bytes, str)):
        with open(path, "rb") as file:
            img = image.open(io.BytesIO(file.read()))
    else:
        raise TypeError(f"path should be path-like or io.BytesIO, not {type(path)}")
    if color_mode not in _MODES:
        raise ValueError('color_mode must be "grayscale", "rgb", or "rgba"')
    is_gray = color_mode == "grayscale" and img.mode in _GRAY_MODES
    if not is_gray and img.mode != _MODES[color_mode]:
        img = img.convert(_MODES[color_mode])
    if target_size is None or img.size == (target_size[1], target_size[0]):
        return img
    if interpolation not in _METHODS:
        raise ValueError(
            f"Invalid interpolation method {interpolation} specified. "
            f"Supported methods are {', '.join(_METHODS)}"
        )
    height, width = target_size
    box = _centre_box(img.size, width, height) if keep_aspect_ratio else None
    return img.resize((width, height), getattr(image.Resampling, interpolation.upper()), box=box)


def _centre_box(size, width, height):
    """Returns the largest box of the target's shape in the middle of the picture."""
    crop_height = min(size[1], size[0] * height // width)
    crop_width = min(size[0], size[1] * width // height)
    left, top = (size[0] - crop_width) // 2, (size[1] - crop_height) // 2
    return (left, top, left + crop_width, top + crop_height)
