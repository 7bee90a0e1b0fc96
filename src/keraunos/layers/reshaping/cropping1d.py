"""Cropping1D layer."""

from keraunos.layers.arguments import standardize_tuple
from keraunos.layers.reshaping.base_spatial import Cropping


class Cropping1D(Cropping):
    """Cuts off the first and last timesteps.

    Args:
        cropping: Number for both ends, or one for each.

    Shapes: `(batch, time, features)` to `(batch, cropped time, features)`.

    Raises:
        ValueError: if nothing would be left.

    Example:

    >>> keraunos.layers.Cropping1D(1)(keraunos.ops.ones((2, 5, 3))).shape
    (2, 3, 3)
    """

    _rank = 1
    _too_small = "`cropping` parameter of `Cropping1D` layer must be smaller than the input length."

    def __init__(self, cropping=(1, 1), **kwargs):
        super().__init__(data_format="channels_last", **kwargs)
        self.cropping = standardize_tuple(cropping, 2, "cropping", allow_zero=True)

    def _pairs(self):
        return (self.cropping,)

    def get_config(self):
        config = super().get_config()
        del config["data_format"]
        return config
