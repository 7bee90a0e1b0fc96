"""Warping images. Not available yet: every function says so by name."""

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


__all__ = ["elastic_transform", "perspective_transform"]
