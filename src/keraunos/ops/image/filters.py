"""Blurring, warping and comparing images. Not available yet: every function says so by name."""

from __future__ import annotations

from keraunos.ops._dispatch import operations

operation = operations("image")


def _unavailable(name):
    raise NotImplementedError(f"{name}: not available yet.")


@operation("images", "start_points", "end_points")
def perspective_transform(
    images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None
):
    """Images under a perspective map. Not available yet."""
    _unavailable("perspective_transform")


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


__all__ = ["elastic_transform", "gaussian_blur", "perspective_transform", "sobel_edges", "ssim"]
