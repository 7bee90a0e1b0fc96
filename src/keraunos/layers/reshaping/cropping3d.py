"""Cropping3D layer."""

from keraunos.layers.reshaping.base_spatial import Cropping, standardize_pairs


class Cropping3D(Cropping):
    """Cuts off the borders of volumes.

    Args:
        cropping: Number for all borders, a number for each axis, or a pair for each axis.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: if nothing would be left.

    Example:

    >>> keraunos.layers.Cropping3D(1)(keraunos.ops.ones((2, 6, 6, 6, 3))).shape
    (2, 4, 4, 4, 3)
    """

    _rank = 3

    def __init__(self, cropping=((1, 1), (1, 1), (1, 1)), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.cropping = standardize_pairs(cropping, 3, "cropping", refuse_negative=True)
