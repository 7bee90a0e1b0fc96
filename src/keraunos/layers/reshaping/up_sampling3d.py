"""UpSampling3D layer."""

from keraunos.layers.arguments import standardize_tuple
from keraunos.layers.reshaping.base_spatial import UpSampling


class UpSampling3D(UpSampling):
    """Enlarges volumes by repeating planes, rows and columns.

    Args:
        size: Factor of the three axes, or one for each.
        data_format: `"channels_last"` or `"channels_first"`.

    Example:

    >>> keraunos.layers.UpSampling3D(2)(keraunos.ops.ones((2, 3, 4, 5, 1))).shape
    (2, 6, 8, 10, 1)
    """

    _rank = 3

    def __init__(self, size=(2, 2, 2), data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.size = standardize_tuple(size, 3, "size")
