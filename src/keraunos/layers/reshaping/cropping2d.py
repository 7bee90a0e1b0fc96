"""Cropping2D layer."""

from keraunos.layers.reshaping.base_spatial import Cropping, standardize_pairs


class Cropping2D(Cropping):
    """Cuts off the borders of images.

    Args:
        cropping: Number for all borders, a number for each axis, or a pair for each axis.
        data_format: `"channels_last"` or `"channels_first"`.

    Raises:
        ValueError: if nothing would be left.

    Example:

    >>> keraunos.layers.Cropping2D(1)(keraunos.ops.ones((2, 6, 6, 3))).shape
    (2, 4, 4, 3)
    """

    _rank = 2

    def __init__(self, cropping=((0, 0), (0, 0)), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.cropping = standardize_pairs(cropping, 2, "cropping", refuse_negative=True)
