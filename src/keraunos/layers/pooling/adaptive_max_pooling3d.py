"""AdaptiveMaxPooling3D layer."""

from keraunos.layers.pooling.base_adaptive_pooling import AdaptiveMaxPooling


class AdaptiveMaxPooling3D(AdaptiveMaxPooling):
    """The largest element of each of a fixed number of windows that cover volumes evenly.

    Args:
        output_size: Number of windows, one number or 3.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.

    Shapes: `(batch, depth, height, width, channels)` to the same with sizes `output_size`.

    Raises:
        TypeError: for an `output_size` of another kind.

    Example:

    >>> keraunos.layers.AdaptiveMaxPooling3D(2)(keraunos.ops.ones((2, 6, 4, 2, 3))).shape
    (2, 2, 2, 2, 3)
    """

    _rank = 3
