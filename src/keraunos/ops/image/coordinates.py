"""Values between grid points, and images under affine maps."""

from __future__ import annotations

import itertools

import numpy as np

from keraunos import config, dtypes
from keraunos.ops import _dims
from keraunos.ops._arguments import floats, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.image.ranks import check_rank
from keraunos.ops.numpy import arithmetic, choices, comparisons, creation, elementwise, joining, shaping
from keraunos.tensor import KerasTensor, cast_tensor, convert_to_tensor, execute

operation = operations("image")

_FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")


def _mirrored(index, size):
    """0 1 2 1 0 1 2 ... for a size of 3."""
    period = 2 * (size - 1)
    if period == 0:
        return arithmetic.multiply(index, 0)
    shifted = arithmetic.mod(arithmetic.add(index, size - 1), period)
    return elementwise.absolute(arithmetic.subtract(shifted, size - 1))


def _reflected(index, size):
    """0 1 2 2 1 0 0 1 ... for a size of 3: the edge counts twice."""
    doubled = _mirrored(arithmetic.add(arithmetic.multiply(index, 2), 1), 2 * size + 1)
    return arithmetic.floor_divide(arithmetic.subtract(doubled, 1), 2)


def _inside(index, size, mode):
    if mode == "wrap":
        return arithmetic.mod(index, size)
    if mode == "mirror":
        return _mirrored(index, size)
    if mode == "reflect":
        return _reflected(index, size)
    return choices.clip(index, 0, size - 1)


def _check_coordinates(inputs, coordinates):
    if coordinates.shape[0] != len(inputs.shape):
        raise ValueError(
            "First dim of `coordinates` must be the same as the rank of `inputs`. "
            f"Received inputs with shape: {tuple(inputs.shape)} and coordinate leading dim of {coordinates.shape[0]}"
        )
    if len(coordinates.shape) < 2:
        raise ValueError(
            "Invalid coordinates rank: expected at least rank 2. "
            f"Received input with shape: {tuple(coordinates.shape)}"
        )


def _map_spec(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    _check_coordinates(inputs, coordinates)
    return KerasTensor(coordinates.shape[1:], dtype=inputs.dtype)


@operation("inputs", "coordinates", spec=_map_spec)
def map_coordinates(inputs, coordinates, order, fill_mode="constant", fill_value=0):
    """The values of a grid at places between its points.

    Args:
        inputs: the grid.
        coordinates: one row of places per axis of the grid, `(rank, ...)`.
        order: 0 (the nearest point) or 1 (linear interpolation).
        fill_mode: what lies outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or `"reflect"`.
        fill_value: the constant.

    Returns a tensor of shape `coordinates.shape[1:]`.
    """
    inputs, coordinates = tensor(inputs), tensor(coordinates)
    _check_coordinates(inputs, coordinates)
    if fill_mode not in _FILL_MODES:
        raise ValueError(
            "Invalid value for argument `fill_mode`. Expected one of "
            f"{set(_FILL_MODES)}. Received: fill_mode={fill_mode}"
        )
    if order not in (0, 1):
        raise ValueError(f"Invalid value for argument `order`. Expected one of [0, 1]. Received: order={order}")
    if None in inputs.shape:
        raise ValueError(f"map_coordinates: the shape of `inputs` must be known. Received: {tuple(inputs.shape)}")
    places = [joining.slice_axis(coordinates, 0, a, a + 1, squeeze_axis=True) for a in range(len(inputs.shape))]
    return _sampled(inputs, places, order, fill_mode, fill_value)


def _sampled(inputs, places, order, fill_mode, fill_value, batch_axes=0):
    """The grid `inputs` at `places`; its first `batch_axes` axes go along with those of the places."""
    is_integer = inputs.dtype not in dtypes.FLOATS
    dtype = inputs.dtype
    values = floats(inputs)
    sizes = inputs.shape[batch_axes:]
    neighbours = []
    for place in places:
        place = cast_tensor(floats(place), values.dtype)
        if order == 0:
            away = elementwise.floor(arithmetic.add(elementwise.absolute(place), 0.5))
            nearest = arithmetic.multiply(elementwise.sign(place), away)
            neighbours.append([(cast_tensor(nearest, "int32"), None)])
            continue
        low = elementwise.floor(place)
        share = arithmetic.subtract(place, low)
        low = cast_tensor(low, "int32")
        neighbours.append([(low, arithmetic.subtract(1.0, share)), (arithmetic.add(low, 1), share)])
    flat = _dims.reshape(values, (*_dims.shape_of(values)[:batch_axes], int(np.prod(sizes))))
    total = None
    for corner in itertools.product(*neighbours):
        index, weight, is_within = None, None, None
        for (at, share), size in zip(corner, sizes):
            if fill_mode == "constant":
                within = comparisons.logical_and(comparisons.greater_equal(at, 0), comparisons.less(at, size))
                is_within = within if is_within is None else comparisons.logical_and(is_within, within)
            at = _inside(at, size, fill_mode)
            index = at if index is None else arithmetic.add(arithmetic.multiply(index, size), at)
            if share is not None:
                weight = share if weight is None else arithmetic.multiply(weight, share)
        found = _picked(flat, index, batch_axes)
        if is_within is not None:
            found = choices.where(is_within, found, with_dtype(fill_value, found.dtype))
        found = found if weight is None else arithmetic.multiply(found, weight)
        total = found if total is None else arithmetic.add(total, found)
    return cast_tensor(elementwise.round(total) if is_integer else total, dtype)


def _picked(flat, index, batch_axes):
    if batch_axes == 0:
        return execute("gather", [flat, index], {"axis": 0})
    sizes = _dims.shape_of(index)
    rows = _dims.reshape(index, (sizes[0], _dims.product(sizes[1:])))
    return _dims.reshape(execute("take_along_axis", [flat, rows], {"axis": 1}), sizes)


def _affine_spec(images, transform, **settings):
    check_rank("affine_transform", images)
    if len(transform.shape) not in (1, 2):
        raise _transform_rank(transform)
    return KerasTensor(images.shape, dtype=images.dtype)


def _transform_rank(transform):
    return ValueError(
        "Invalid transform rank: expected rank 1 (single transform) or rank 2 (batch of transforms). "
        f"Received input with shape: transform.shape={tuple(transform.shape)}"
    )


@operation("images", "transform", spec=_affine_spec)
def affine_transform(
    images, transform, interpolation="bilinear", fill_mode="constant", fill_value=0, data_format=None
):
    """Images under affine maps.

    Args:
        images: one image or a batch.
        transform: `(8,)` or `(batch, 8)`: a0, a1, a2, b0, b1, b2, c0, c1. The new pixel (x, y) is the old one at
            `(a0 x + a1 y + a2, b0 x + b1 y + b2)`; c0 and c1 are not used.
        interpolation: `"nearest"` or `"bilinear"`.
        fill_mode: what lies outside: `"constant"`, `"nearest"`, `"wrap"`, `"mirror"` or `"reflect"`.
        fill_value: the constant.
        data_format: `"channels_last"` or `"channels_first"`.
    """
    order = interpolation_order(interpolation)
    check_fill_mode(fill_mode)
    images = tensor(images)
    check_rank("affine_transform", images)
    transform = floats(transform)
    if len(transform.shape) not in (1, 2):
        raise _transform_rank(transform)
    a0, a1, a2, b0, b1, b2 = columns(transform, 6)

    def places(x, y):
        return combined((a0, x), (a1, y), (a2, 1.0)), combined((b0, x), (b1, y), (b2, 1.0))

    return warped("affine_transform", images, places, order, fill_mode, fill_value, data_format)


def columns(rows, count):
    """The first columns of `(n,)` or `(batch, n)`, one number for each image: shapes `(batch, 1, 1, 1)`."""
    rows = shaping.expand_dims(rows, 0) if len(rows.shape) == 1 else rows
    size = _dims.size_of(rows, 0)
    return [_dims.reshape(joining.slice_axis(rows, 1, i, i + 1), (size, 1, 1, 1)) for i in range(count)]


def combined(*products):
    """The sum of products."""
    total = None
    for a, b in products:
        product = arithmetic.multiply(a, b)
        total = product if total is None else arithmetic.add(total, product)
    return total


def interpolation_order(interpolation):
    """0 for `"nearest"`, 1 for `"bilinear"`."""
    if interpolation not in ("nearest", "bilinear"):
        raise ValueError(
            "Invalid value for argument `interpolation`. Expected of one "
            f"{{'nearest', 'bilinear'}}. Received: interpolation={interpolation}"
        )
    return 0 if interpolation == "nearest" else 1


def check_fill_mode(fill_mode):
    """Raises `ValueError` for what is no way to fill the outside."""
    if fill_mode not in _FILL_MODES:
        raise ValueError(
            f"Invalid value for argument `fill_mode`. Expected of one {set(_FILL_MODES)}. Received: fill_mode={fill_mode}"
        )


def warped(name, images, places, order, fill_mode, fill_value, data_format):
    """Images whose pixel (x, y) is the old one at the two places that `places(x, y)` gives, `(batch, 1, height, width)` each."""
    is_single = len(images.shape) == 3
    batch = shaping.expand_dims(images, 0) if is_single else images
    is_first = config.standardize_data_format(data_format) == "channels_first"
    batch = batch if is_first else shaping.permute(batch, (0, 3, 1, 2))
    count, channels, height, width = sizes = _dims.shape_of(batch)
    if type(height) is not int or type(width) is not int or type(channels) is not int:
        raise ValueError(f"{name}: the size of the images must be known. Received: {tuple(images.shape)}")
    y, x = creation.meshgrid(
        convert_to_tensor(np.arange(height, dtype="float32")), convert_to_tensor(np.arange(width, dtype="float32")), indexing="ij"
    )
    as_planes = (_dims.product((count, channels)), height, width)
    old_x, old_y = (_dims.reshape(_dims.broadcast_to(place, sizes), as_planes) for place in places(x, y))
    result = _sampled(_dims.reshape(batch, as_planes), [old_y, old_x], order, fill_mode, fill_value, batch_axes=1)
    result = _dims.reshape(result, sizes)
    result = result if is_first else shaping.permute(result, (0, 2, 3, 1))
    return shaping.squeeze(result, 0) if is_single else result


__all__ = ["affine_transform", "map_coordinates"]
