"""MaxPooling1D layer."""

from keraunos.layers.pooling.base_pooling import MaxPooling


class MaxPooling1D(MaxPooling):
    """The largest element of each window of series.

    Args:
        pool_size: Size of the window, one number or a tuple of 1.
        strides: Steps of the window; `None` for its size.
        padding: `"valid"` (none), or `"same"` for windows that may stand over the border.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.

    Shapes: `(batch, steps, channels)` to the same with other sizes.

    Raises:
        ValueError: for sizes that are not positive, and inputs smaller than the window.

    Example:

    >>> keraunos.layers.MaxPooling1D(2)(keraunos.ops.ones((2, 6, 3))).shape
    (2, 3, 3)
    """

    _rank = 1
