"""Pooling: one number for each window of an image."""

from __future__ import annotations

from keraunos.ops._arguments import floats
from keraunos.ops._dispatch import operations
from keraunos.ops.nn import windows
from keraunos.tensor import execute

operation = operations("nn")


def _pool(op, inputs, pool_size, strides, padding, data_format):
    inputs = floats(inputs)
    rank = windows.spatial_rank(inputs)
    sizes = windows.per_axis(pool_size, rank, "pool_size")
    attributes = {
        "sizes": sizes,
        "strides": sizes if strides is None else windows.per_axis(strides, rank, "strides"),
        "same": windows.is_same(padding),
    }
    return windows.channels_last(lambda x: execute(op, [x], attributes), inputs, data_format)


def _adaptive_pool(op, inputs, output_size, data_format):
    inputs = floats(inputs)
    places = windows.per_axis(output_size, windows.spatial_rank(inputs), "output_size")
    return windows.channels_last(lambda x: execute(op, [x], {"places": places}), inputs, data_format)


@operation("inputs")
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The largest element of each window. Of equal ones, the first receives the gradient.

    Args:
        inputs: `(batch, ..., channels)`, or `(batch, channels, ...)` with `data_format="channels_first"`.
        pool_size: Size of the window, one number or one per spatial axis.
        strides: Steps of the window; `None` for its size.
        padding: `"valid"`, or `"same"` for windows that may stand over the border.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.

    Raises:
        ValueError: if the window is larger than the image.

    Example:

    >>> keraunos.ops.max_pool(keraunos.ops.ones((1, 4, 6, 2)), 2).shape
    (1, 2, 3, 2)
    """
    return _pool("max_pool", inputs, pool_size, strides, padding, data_format)


@operation("inputs")
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The mean of each window; what stands over the border does not count.

    Args:
        inputs, pool_size, strides, padding, data_format: As for `max_pool`.

    Raises:
        ValueError: if the window is larger than the image.

    Example:

    >>> keraunos.ops.average_pool(keraunos.ops.ones((1, 4, 6, 2)), (2, 3)).shape
    (1, 2, 2, 2)
    """
    return _pool("average_pool", inputs, pool_size, strides, padding, data_format)


@operation("inputs")
def adaptive_max_pool(inputs, output_size, data_format=None):
    """The largest element of each of `output_size` windows that cover the image evenly.

    Window `i` of `n` along an axis of size `s` holds the places `floor(i s / n)` to `ceil((i + 1) s / n)`.

    Args:
        inputs, data_format: As for `max_pool`.
        output_size: Number of windows, one number or one per spatial axis.

    Example:

    >>> keraunos.ops.adaptive_max_pool(keraunos.ops.ones((1, 7, 5, 2)), 3).shape
    (1, 3, 3, 2)
    """
    return _adaptive_pool("max_pool", inputs, output_size, data_format)


@operation("inputs")
def adaptive_average_pool(inputs, output_size, data_format=None):
    """The mean of each of `output_size` windows, which are those of `adaptive_max_pool`.

    Args:
        inputs, output_size, data_format: As for `adaptive_max_pool`.

    Example:

    >>> keraunos.ops.adaptive_average_pool(keraunos.ops.ones((1, 7, 5, 2)), (3, 1)).shape
    (1, 3, 1, 2)
    """
    return _adaptive_pool("average_pool", inputs, output_size, data_format)


__all__ = ["adaptive_average_pool", "adaptive_max_pool", "average_pool", "max_pool"]
