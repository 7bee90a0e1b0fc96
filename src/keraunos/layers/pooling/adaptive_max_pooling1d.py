"""AdaptiveMaxPooling1D layer."""

from keraunos.layers.pooling.base_adaptive_pooling import AdaptiveMaxPooling


class AdaptiveMaxPooling1D(AdaptiveMaxPooling):
    """The largest element of each of a fixed number of windows that cover series evenly.

    Args:
        output_size: Number of windows, one number or a tuple of 1.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.

    Shapes: `(batch, steps, channels)` to the same with sizes `output_size`.

    Raises:
        TypeError: for an `output_size` of another kind.

    Example:

    >>> keraunos.layers.AdaptiveMaxPooling1D(2)(keraunos.ops.ones((2, 6, 3))).shape
    (2, 2, 3)
    """

    _rank = 1
