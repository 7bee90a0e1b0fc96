"""`keras.ops.image`: colour, cropping and padding; resampling is not available yet and says so by name."""

from __future__ import annotations

from keraunos import config
from keraunos.ops._arguments import tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import elementwise, reduction, shaping
from keraunos.tensor import cast_tensor, convert_to_tensor

operation = operations("image")


def _unavailable(name):
    raise NotImplementedError(f"{name}: not available yet.")


def _check_rank(name, images):
    if len(images.shape) not in (3, 4):
        raise ValueError(
            "Invalid images rank: expected rank 3 (single image) or rank 4 (batch of images). "
            f"Received input with shape: images.shape={tuple(images.shape)}"
        )


@operation("images", name="RGBToGrayscale")
def rgb_to_grayscale(images, data_format=None):
    """The brightness of RGB images: `0.2989 r + 0.5870 g + 0.1140 b`, with one channel."""
    images = tensor(images)
    _check_rank("rgb_to_grayscale", images)
    data_format = config.standardize_data_format(data_format)
    axis = -1 if data_format == "channels_last" else -3
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
    gray = reduction.sum(elementwise.multiply(wide, weights), axis=axis, keepdims=True)
    return cast_tensor(gray, original)


def _margins(images, data_format):
    data_format = config.standardize_data_format(data_format)
    rank = len(images.shape)
    height_axis = rank - 3 if data_format == "channels_last" else rank - 2
    return height_axis, height_axis + 1


def _third(total, first, second, target, names):
    """The one of (before, after, target) that was left out."""
    given = [first, second, target]
    if given.count(None) != 1:
        raise ValueError(f"Must specify exactly two of {', '.join(names)}. Received: {tuple(given)}")
    if total is None and target is not None:
        raise ValueError("The size of the image must be known. Give both margins instead of a target size.")
    return given


@operation("images")
def crop_images(
    images,
    top_cropping=None,
    left_cropping=None,
    bottom_cropping=None,
    right_cropping=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Cuts margins off images; of each pair of margins and its target size, two are given."""
    images = tensor(images)
    _check_rank("crop_images", images)
    for axis, before, after, target, names in zip(
        _margins(images, data_format),
        (top_cropping, left_cropping),
        (bottom_cropping, right_cropping),
        (target_height, target_width),
        (
            ("top_cropping", "bottom_cropping", "target_height"),
            ("left_cropping", "right_cropping", "target_width"),
        ),
    ):
        size = images.shape[axis]
        before, after, target = _third(size, before, after, target, names)
        if before is None:
            before = size - after - target
        end = None if not after and target is None else (before + target if target is not None else -after)
        if before < 0 or (after or 0) < 0 or (target is not None and target <= 0):
            raise ValueError(f"crop_images: margins and sizes must not be negative. Received: {names}: {before}, {after}, {target}")
        images = shaping.slice_axis(images, axis, before, end)
    return images


@operation("images")
def pad_images(
    images,
    top_padding=None,
    left_padding=None,
    bottom_padding=None,
    right_padding=None,
    target_height=None,
    target_width=None,
    data_format=None,
):
    """Adds margins of zeros to images; of each pair of margins and its target size, two are given."""
    images = tensor(images)
    _check_rank("pad_images", images)
    widths = [(0, 0)] * len(images.shape)
    for axis, before, after, target, names in zip(
        _margins(images, data_format),
        (top_padding, left_padding),
        (bottom_padding, right_padding),
        (target_height, target_width),
        (
            ("top_padding", "bottom_padding", "target_height"),
            ("left_padding", "right_padding", "target_width"),
        ),
    ):
        size = images.shape[axis]
        before, after, target = _third(size, before, after, target, names)
        if before is None:
            before = target - after - size
        if after is None:
            after = target - before - size
        for value, name in zip((before, after), names):
            if value < 0:
                raise ValueError(f"{name} must be >= 0. Received: {name}={value}")
        widths[axis] = (before, after)
    return shaping.pad(images, widths)


@operation("images", name="RGBToHSV")
def rgb_to_hsv(images, data_format=None):
    """RGB images in [0, 1] as hue, saturation and value."""
    images = tensor(images)
    axis = _colour_axis(images, data_format)
    r, g, b = shaping.split(images, 3, axis=axis)
    value = elementwise.maximum(elementwise.maximum(r, g), b)
    span = elementwise.subtract(value, elementwise.minimum(elementwise.minimum(r, g), b))
    saturation = elementwise.where(elementwise.greater(value, 0.0), elementwise.divide_no_nan(span, value), 0.0)
    norm = elementwise.divide_no_nan(1.0 / 6.0, span)
    green = elementwise.add(elementwise.multiply(norm, elementwise.subtract(b, r)), 2.0 / 6.0)
    blue = elementwise.add(elementwise.multiply(norm, elementwise.subtract(r, g)), 4.0 / 6.0)
    red = elementwise.multiply(norm, elementwise.subtract(g, b))
    hue = elementwise.where(elementwise.equal(value, g), green, blue)
    hue = elementwise.where(elementwise.equal(value, r), red, hue)
    hue = elementwise.where(elementwise.greater(span, 0.0), hue, 0.0)
    hue = elementwise.where(elementwise.less(hue, 0.0), elementwise.add(hue, 1.0), hue)
    return shaping.concatenate([hue, saturation, value], axis=axis)


@operation("images", name="HSVToRGB")
def hsv_to_rgb(images, data_format=None):
    """Hue, saturation and value in [0, 1] as RGB images."""
    images = tensor(images)
    axis = _colour_axis(images, data_format)
    hue, saturation, value = shaping.split(images, 3, axis=axis)
    sixth = elementwise.multiply(hue, 6.0)

    def channel(distance):
        return elementwise.clip(distance, 0.0, 1.0)

    red = channel(elementwise.subtract(elementwise.absolute(elementwise.subtract(sixth, 3.0)), 1.0))
    green = channel(elementwise.subtract(2.0, elementwise.absolute(elementwise.subtract(sixth, 2.0))))
    blue = channel(elementwise.subtract(2.0, elementwise.absolute(elementwise.subtract(sixth, 4.0))))
    colours = shaping.concatenate([red, green, blue], axis=axis)
    mixed = elementwise.add(elementwise.multiply(saturation, elementwise.subtract(colours, 1.0)), 1.0)
    return elementwise.multiply(mixed, value)


def _colour_axis(images, data_format):
    _check_rank("colour conversion", images)
    if images.dtype not in ("float16", "bfloat16", "float32", "float64"):
        raise ValueError(
            f"Invalid images dtype: expected float dtype. Received: images.dtype={images.dtype}"
        )
    axis = -1 if config.standardize_data_format(data_format) == "channels_last" else -3
    if images.shape[axis] not in (None, 3):
        raise ValueError(f"Images must have 3 channels. Received: images.shape={tuple(images.shape)}")
    return axis


@operation("images")
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
    """Images of another size. Not available yet."""
    _unavailable("resize")


@operation("images", "transform")
def affine_transform(
    images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None
):
    """Images under an affine map. Not available yet."""
    _unavailable("affine_transform")


@operation("images", "start_points", "end_points")
def perspective_transform(
    images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None
):
    """Images under a perspective map. Not available yet."""
    _unavailable("perspective_transform")


@operation("images")
def extract_patches(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Patches of images. Not available yet."""
    _unavailable("extract_patches")


@operation("images")
def extract_patches_3d(images, size, strides=None, dilation_rate=1, padding="valid", data_format=None):
    """Patches of volumes. Not available yet."""
    _unavailable("extract_patches_3d")


@operation("inputs", "coordinates")
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """Values between grid points. Not available yet."""
    _unavailable("map_coordinates")


@operation("images")
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Images smoothed by a Gaussian. Not available yet."""
    _unavailable("gaussian_blur")


@operation("images")
def elastic_transform(
    images,
    alpha=20.0,
    sigma=5.0,
    interpolation="bilinear",
    fill_mode="reflect",
    fill_value=0.0,
    seed=None,
    data_format=None,
):
    """Images under a random smooth deformation. Not available yet."""
    _unavailable("elastic_transform")


@operation("images", "output_shape", "scale", "translation")
def scale_and_translate(images, output_shape, scale, translation, spatial_dims, method, antialias=True):
    """Images scaled and moved. Not available yet."""
    _unavailable("scale_and_translate")


@operation("images")
def sobel_edges(images, data_format=None):
    """Sobel edge maps. Not available yet."""
    _unavailable("sobel_edges")


@operation("image1", "image2", name="SSIM")
def ssim(
    image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None
):
    """The structural similarity of two images. Not available yet."""
    _unavailable("ssim")


__all__ = [
    "affine_transform",
    "crop_images",
    "elastic_transform",
    "extract_patches",
    "extract_patches_3d",
    "gaussian_blur",
    "hsv_to_rgb",
    "map_coordinates",
    "pad_images",
    "perspective_transform",
    "resize",
    "rgb_to_grayscale",
    "rgb_to_hsv",
    "scale_and_translate",
    "sobel_edges",
    "ssim",
]
