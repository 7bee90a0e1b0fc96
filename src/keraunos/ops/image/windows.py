"""Filters over small windows: blurring, edges, and the similarity of images."""

from __future__ import annotations

import numpy as np

from keraunos import config
from keraunos.ops._arguments import floats, tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.image.ranks import check_rank
from keraunos.ops.nn.convolution import depthwise_conv
from keraunos.ops.numpy import joining, reduction, shaping
from keraunos.tensor import cast_tensor, convert_to_tensor

operation = operations("image")


def _filtered(images, window, padding, data_format):
    """Every channel convolved with the same window."""
    channels = images.shape[-1 if data_format == "channels_last" else 1]
    kernel = np.repeat(window[:, :, None, None], channels, axis=2)
    return depthwise_conv(images, convert_to_tensor(kernel, dtype=images.dtype), padding=padding, data_format=data_format)


def _bell(size, sigma):
    """The Gaussian of a width at `size` points, with sum 1."""
    x = np.arange(size) - (size - 1) / 2
    heights = np.exp(-0.5 * (x / sigma) ** 2)
    return heights / heights.sum()


@operation("images")
def gaussian_blur(images, kernel_size=(3, 3), sigma=(1.0, 1.0), data_format=None):
    """Images smoothed by a Gaussian; beyond the border they are zero.

    Args:
        images: one image or a batch.
        kernel_size: height and width of the window.
        sigma: the standard deviations of the Gaussian: across, then down, as Keras computes it whatever it documents.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    data_format = config.standardize_data_format(data_format)
    images = floats(images)
    check_rank("images", images)
    down, across = _bell(kernel_size[0], sigma[1]), _bell(kernel_size[1], sigma[0])
    batch = images if len(images.shape) == 4 else shaping.expand_dims(images, 0)
    blurred = _filtered(batch, np.outer(down, across), "same", data_format)
    return blurred if len(images.shape) == 4 else shaping.squeeze(blurred, 0)


@operation("images")
def sobel_edges(images, data_format=None):
    """How fast images change downwards and to the right, by the windows of Sobel; beyond the border they are zero.

    Args:
        images: a batch of images.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        A tensor of the images' shape with a last axis of 2: `[dy, dx]`.
    """
    data_format = config.standardize_data_format(data_format)
    images = floats(images)
    down = np.outer([-1.0, 0.0, 1.0], [1.0, 2.0, 1.0])
    return joining.stack([_filtered(images, window, "same", data_format) for window in (down, down.T)], axis=-1)


@operation("image1", "image2", name="SSIM")
def ssim(
    image1, image2, max_val=1.0, filter_size=11, filter_sigma=1.5, k1=0.01, k2=0.03, data_format=None
):
    """The structural similarity of two images (Wang et al. 2004): 1 for equal ones, less for others.

    Args:
        image1, image2: images of the same shape, or batches.
        max_val: the largest value that an element may have.
        filter_size: the size of the Gaussian window in which means and variances are taken.
        filter_sigma: the standard deviation of the Gaussian.
        k1, k2: keep the two quotients from dividing by zero.
        data_format: `"channels_last"` or `"channels_first"`.

    Returns:
        One number for each image, the mean over its windows and channels.
    """
    data_format = config.standardize_data_format(data_format)
    dtype = tensor(image1).dtype
    is_single = len(tensor(image1).shape) == 3
    pair = [floats(image1), floats(image2)]
    for image in pair:
        check_rank("images", image)
    x, y = (shaping.expand_dims(image, 0) if is_single else image for image in pair)
    bell = _bell(filter_size, filter_sigma)

    def mean(values):
        return _filtered(values, np.outer(bell, bell), "valid", data_format)

    mean_x, mean_y = mean(x), mean(y)
    variances = mean(x * x) - mean_x * mean_x + mean(y * y) - mean_y * mean_y
    covariance = mean(x * y) - mean_x * mean_y
    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    luminance = (2.0 * mean_x * mean_y + c1) / (mean_x * mean_x + mean_y * mean_y + c1)
    similarity = reduction.mean(luminance * (2.0 * covariance + c2) / (variances + c2), axis=(1, 2, 3))
    return cast_tensor(shaping.squeeze(similarity, 0) if is_single else similarity, dtype)


__all__ = ["gaussian_blur", "sobel_edges", "ssim"]
