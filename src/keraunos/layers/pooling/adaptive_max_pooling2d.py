"""AdaptiveMaxPooling2D layer."""

from keraunos.layers.pooling.base_adaptive_pooling import AdaptiveMaxPooling


class AdaptiveMaxPooling2D(AdaptiveMaxPooling):
    """The largest element of each of a fixed number of windows that cover images evenly.

    Args:
        output_size: Number of windows, one number or 2.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.

    Shapes: `(batch, height, width, channels)` to the same with sizes `output_size`.

    Raises:
        TypeError: for an `output_size` of another kind.

    Example:

    >>> keraunos.layers.AdaptiveMaxPooling2D(2)(keraunos.ops.ones((2, 6, 4, 3))).shape
    (2, 2, 2, 3)
    """

    _rank = 2
