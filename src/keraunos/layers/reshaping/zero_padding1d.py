"""ZeroPadding1D layer."""

from keraunos.layers.arguments import standardize_tuple
from keraunos.layers.reshaping.base_spatial import ZeroPadding


class ZeroPadding1D(ZeroPadding):
    """Puts zero timesteps at the ends of sequences.

    Args:
        padding: Number for both ends, or one for each.
        data_format: `"channels_last"` or `"channels_first"`.

    Shapes: `(batch, time, features)` to `(batch, padded time, features)`.

    Example:

    >>> keraunos.layers.ZeroPadding1D(2)(keraunos.ops.ones((2, 5, 3))).shape
    (2, 9, 3)
    """

    _rank = 1

    def __init__(self, padding=1, data_format=None, **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.padding = standardize_tuple(padding, 2, "padding", allow_zero=True)

    def _pairs(self):
        return (self.padding,)
