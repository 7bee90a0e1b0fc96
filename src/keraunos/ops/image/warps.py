"""Images under perspective maps and under random smooth deformations."""

from __future__ import annotations

from keraunos import config, dtypes
from keraunos.ops import _dims, linalg
from keraunos.ops._arguments import tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.image.coordinates import check_fill_mode, columns, combined, interpolation_order, warped
from keraunos.ops.image.ranks import check_rank
from keraunos.ops.image.windows import gaussian_blur
from keraunos.ops.numpy import arithmetic, creation, elementwise, joining, shaping
from keraunos.tensor import KerasTensor, cast_tensor

operation = operations("image")


def _check_points(start_points, end_points):
    for name, points in (("start_points", start_points), ("end_points", end_points)):
        if tuple(points.shape[-2:]) != (4, 2) or len(points.shape) not in (2, 3):
            raise ValueError(
                f"Invalid {name} shape: expected (4,2) for a single image or (N,4,2) for a batch. "
                f"Received shape: {tuple(points.shape)}"
            )
    if tuple(start_points.shape) != tuple(end_points.shape):
        raise ValueError(
            "start_points and end_points must have the same shape. "
            f"Received start_points.shape={tuple(start_points.shape)}, end_points.shape={tuple(end_points.shape)}"
        )


def _perspective_spec(images, start_points, end_points, **settings):
    check_rank("perspective_transform", images)
    _check_points(start_points, end_points)
    return KerasTensor(images.shape, dtype=images.dtype)


@operation("images", "start_points", "end_points", spec=_perspective_spec)
def perspective_transform(
    images, start_points, end_points, interpolation="bilinear", fill_value=0, data_format=None
):
    """Images under perspective maps, which move four points to four others.

    Args:
        images: one image or a batch.
        start_points: `(4, 2)` or `(batch, 4, 2)`: four points (x, y) of the images.
        end_points: where they are moved.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_value: what lies outside.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    order = interpolation_order(interpolation)
    images, start_points, end_points = (tensor(x) for x in (images, start_points, end_points))
    check_rank("perspective_transform", images)
    _check_points(start_points, end_points)
    a0, a1, a2, b0, b1, b2, c0, c1 = columns(_homography(start_points, end_points), 8)

    def places(x, y):
        depth = combined((c0, x), (c1, y), (1.0, 1.0))
        old_x, old_y = combined((a0, x), (a1, y), (a2, 1.0)), combined((b0, x), (b1, y), (b2, 1.0))
        return arithmetic.divide(old_x, depth), arithmetic.divide(old_y, depth)

    return warped("perspective_transform", images, places, order, "constant", fill_value, data_format)


def _homography(start_points, end_points):
    """The eight numbers of the map from new pixels to old ones: eight equations, two for each point."""
    dtype = "float64" if start_points.dtype == "float64" else "float32"
    start, end = (cast_tensor(x if len(x.shape) == 3 else shaping.expand_dims(x, 0), dtype) for x in (start_points, end_points))
    x, y = (joining.slice_axis(end, 2, i, i + 1) for i in range(2))
    old_x, old_y = (joining.slice_axis(start, 2, i, i + 1) for i in range(2))
    one, zero = creation.ones_like(x), creation.zeros_like(x)

    def equations(row, old):
        depth = [elementwise.negative(arithmetic.multiply(old, new)) for new in (x, y)]
        return joining.concatenate([*row, *depth], axis=2)

    of_x = equations([x, y, one, zero, zero, zero], old_x)
    of_y = equations([zero, zero, zero, x, y, one], old_y)
    solution = linalg.solve(joining.concatenate([of_x, of_y], axis=1), joining.concatenate([old_x, old_y], axis=1))
    return shaping.squeeze(solution, -1)


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
    """Images whose pixels are moved by a random field, which is smooth.

    Args:
        images: one image or a batch.
        alpha: how far pixels move.
        sigma: how smooth the field is: the width of the Gaussian that blurs it.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: what lies outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or `"reflect"`.
        fill_value: the constant.
        seed: as in `keraunos.random`.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    from keraunos import random

    order = interpolation_order(interpolation)
    check_fill_mode(fill_mode)
    images = tensor(images)
    check_rank("elastic_transform", images)
    data_format = config.standardize_data_format(data_format)
    sizes = _dims.shape_of(images if len(images.shape) == 4 else shaping.expand_dims(images, 0))
    height, width = sizes[1:3] if data_format == "channels_last" else sizes[2:]
    dtype = images.dtype if images.dtype in dtypes.FLOATS else "float32"
    window = int(6 * sigma) | 1
    # Two fields: how far to the right, how far down.
    noise = random.normal((sizes[0], 2, height, width), stddev=sigma, dtype=dtype, seed=seed)
    blurred = gaussian_blur(noise, (window, window), (sigma, sigma), data_format="channels_first")
    field = cast_tensor(arithmetic.multiply(blurred, alpha), "float32")
    right, down = (joining.slice_axis(field, 1, i, i + 1) for i in range(2))

    def places(x, y):
        return arithmetic.add(x, right), arithmetic.add(y, down)

    return warped("elastic_transform", images, places, order, fill_mode, fill_value, data_format)


__all__ = ["elastic_transform", "perspective_transform"]
