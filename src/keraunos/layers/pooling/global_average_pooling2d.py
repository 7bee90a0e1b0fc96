"""GlobalAveragePooling2D layer."""

from keraunos.layers.pooling.base_global_pooling import GlobalAveragePooling


class GlobalAveragePooling2D(GlobalAveragePooling):
    """The mean of each channel of images.

    Args:
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        keepdims: Whether the spatial axes stay, with size 1.

    Shapes: `(batch, height, width, channels)` to `(batch, channels)`.

    Example:

    >>> keraunos.layers.GlobalAveragePooling2D()(keraunos.ops.ones((2, 6, 4, 3))).shape
    (2, 3)
    """

    _rank = 2
