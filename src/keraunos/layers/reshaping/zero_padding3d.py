"""ZeroPadding3D layer."""

from keraunos.layers.reshaping.base_spatial import ZeroPadding, standardize_pairs


class ZeroPadding3D(ZeroPadding):
    """Puts zeros around volumes.

    Args:
        padding: Number for all borders, a number for each axis, or a pair for each axis.
        data_format: `"channels_last"` or `"channels_first"`.

    Example:

    >>> keraunos.layers.ZeroPadding3D(1)(keraunos.ops.ones((2, 6, 6, 6, 3))).shape
    (2, 8, 8, 8, 3)
    """

    _rank = 3

    def __init__(self, padding=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.padding = standardize_pairs(padding, 3, "padding")
