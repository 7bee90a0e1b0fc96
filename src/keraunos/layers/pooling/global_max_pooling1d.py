"""GlobalMaxPooling1D layer."""

from keraunos.layers.pooling.base_global_pooling import GlobalMaxPooling


class GlobalMaxPooling1D(GlobalMaxPooling):
    """The largest element of each channel of series.

    Args:
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        keepdims: Whether the spatial axes stay, with size 1.

    Shapes: `(batch, steps, channels)` to `(batch, channels)`.

    Example:

    >>> keraunos.layers.GlobalMaxPooling1D()(keraunos.ops.ones((2, 6, 3))).shape
    (2, 3)
    """

    _rank = 1
