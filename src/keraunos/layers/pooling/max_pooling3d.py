"""MaxPooling3D layer."""

from keraunos.layers.pooling.base_pooling import MaxPooling


class MaxPooling3D(MaxPooling):
    """The largest element of each window of volumes.

    Args:
        pool_size: Size of the window, one number or 3.
        strides: Steps of the window; `None` for its size.
        padding: `"valid"` (none), or `"same"` for windows that may stand over the border.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.

    Shapes: `(batch, depth, height, width, channels)` to the same with other sizes.

    Raises:
        ValueError: for sizes that are not positive, and inputs smaller than the window.

    Example:

    >>> keraunos.layers.MaxPooling3D(2)(keraunos.ops.ones((2, 6, 4, 2, 3))).shape
    (2, 3, 2, 1, 3)
    """

    _rank = 3
