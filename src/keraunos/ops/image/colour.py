"""Grey, RGB and HSV."""

from __future__ import annotations

from keraunos import config
from keraunos.ops._arguments import tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.image.ranks import check_rank
from keraunos.ops.numpy import arithmetic, choices, comparisons, elementwise, joining, reduction, shaping
from keraunos.tensor import cast_tensor, convert_to_tensor

operation = operations("image")


@operation("images", name="RGBToGrayscale")
def rgb_to_grayscale(images, data_format=None):
    """The brightness of RGB images: `0.2989 r + 0.5870 g + 0.1140 b`, with one channel."""
    images = tensor(images)
    check_rank("rgb_to_grayscale", images)
    data_format = config.standardize_data_format(data_format)
    axis = -1 if data_format == "channels_last" else -3
    if images.shape[axis] == 1:
        return images
    if images.shape[axis] not in (None, 3):
        raise ValueError(
            "Invalid channel size: expected 3 (RGB) or 1 (Grayscale). "
            f"Received input with shape: images.shape={tuple(images.shape)}"
        )
    original = images.dtype
    wide = cast_tensor(images, config.floatx() if original not in ("float32", "float64") else original)
    weights = convert_to_tensor([0.2989, 0.5870, 0.1140], dtype=wide.dtype)
    if axis == -3:
        weights = shaping.reshape(weights, (3, 1, 1))
    gray = reduction.sum(arithmetic.multiply(wide, weights), axis=axis, keepdims=True)
    return cast_tensor(gray, original)


@operation("images", name="RGBToHSV")
def rgb_to_hsv(images, data_format=None):
    """RGB images in [0, 1] as hue, saturation and value."""
    images = tensor(images)
    axis = _colour_axis(images, data_format)
    r, g, b = joining.split(images, 3, axis=axis)
    value = arithmetic.maximum(arithmetic.maximum(r, g), b)
    span = arithmetic.subtract(value, arithmetic.minimum(arithmetic.minimum(r, g), b))
    saturation = choices.where(comparisons.greater(value, 0.0), arithmetic.divide_no_nan(span, value), 0.0)
    norm = arithmetic.divide_no_nan(1.0 / 6.0, span)
    green = arithmetic.add(arithmetic.multiply(norm, arithmetic.subtract(b, r)), 2.0 / 6.0)
    blue = arithmetic.add(arithmetic.multiply(norm, arithmetic.subtract(r, g)), 4.0 / 6.0)
    red = arithmetic.multiply(norm, arithmetic.subtract(g, b))
    hue = choices.where(comparisons.equal(value, g), green, blue)
    hue = choices.where(comparisons.equal(value, r), red, hue)
    hue = choices.where(comparisons.greater(span, 0.0), hue, 0.0)
    hue = choices.where(comparisons.less(hue, 0.0), arithmetic.add(hue, 1.0), hue)
    return joining.concatenate([hue, saturation, value], axis=axis)


@operation("images", name="HSVToRGB")
def hsv_to_rgb(images, data_format=None):
    """Hue, saturation and value in [0, 1] as RGB images."""
    images = tensor(images)
    axis = _colour_axis(images, data_format)
    hue, saturation, value = joining.split(images, 3, axis=axis)
    sixth = arithmetic.multiply(arithmetic.mod(hue, 1.0), 6.0)

    def channel(distance):
        return choices.clip(distance, 0.0, 1.0)

    red = channel(arithmetic.subtract(elementwise.absolute(arithmetic.subtract(sixth, 3.0)), 1.0))
    green = channel(arithmetic.subtract(2.0, elementwise.absolute(arithmetic.subtract(sixth, 2.0))))
    blue = channel(arithmetic.subtract(2.0, elementwise.absolute(arithmetic.subtract(sixth, 4.0))))
    colours = joining.concatenate([red, green, blue], axis=axis)
    mixed = arithmetic.add(arithmetic.multiply(saturation, arithmetic.subtract(colours, 1.0)), 1.0)
    return arithmetic.multiply(mixed, value)


def _colour_axis(images, data_format):
    check_rank("colour conversion", images)
    if images.dtype not in ("float16", "bfloat16", "float32", "float64"):
        raise ValueError(
            f"Invalid images dtype: expected float dtype. Received: images.dtype={images.dtype}"
        )
    axis = -1 if config.standardize_data_format(data_format) == "channels_last" else -3
    if images.shape[axis] not in (None, 3):
        raise ValueError(f"Images must have 3 channels. Received: images.shape={tuple(images.shape)}")
    return axis


__all__ = ["hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv"]
