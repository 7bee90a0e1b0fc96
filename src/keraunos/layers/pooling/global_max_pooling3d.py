"""GlobalMaxPooling3D layer."""

from keraunos.layers.pooling.base_global_pooling import GlobalMaxPooling


class GlobalMaxPooling3D(GlobalMaxPooling):
    """The largest element of each channel of volumes.

    Args:
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        keepdims: Whether the spatial axes stay, with size 1.

    Shapes: `(batch, depth, height, width, channels)` to `(batch, channels)`.

    Example:

    >>> keraunos.layers.GlobalMaxPooling3D()(keraunos.ops.ones((2, 6, 4, 2, 3))).shape
    (2, 3)
    """

    _rank = 3
