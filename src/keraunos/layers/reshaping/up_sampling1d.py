"""UpSampling1D layer."""

from keraunos.layers.reshaping.base_spatial import UpSampling


class UpSampling1D(UpSampling):
    """Repeats each timestep.

    Args:
        size: Number of repetitions.

    Shapes: `(batch, time, features)` to `(batch, size * time, features)`.

    Raises:
        TypeError: if `size` is not an integer.
        ValueError: if `size` is not positive.

    Example:

    >>> keraunos.layers.UpSampling1D(2)(keraunos.ops.ones((2, 5, 3))).shape
    (2, 10, 3)
    """

    _rank = 1

    def __init__(self, size=2, **kwargs):
        super().__init__(data_format="channels_last", **kwargs)
        if not isinstance(size, int) or isinstance(size, bool):
            raise TypeError(f"Expected an integer value for `size`, got {type(size)}.")
        if size <= 0:
            raise ValueError(f"Argument `size` should be a positive integer. Received: size={size}")
        self.size = size

    def _factors(self):
        return (self.size,)

    def get_config(self):
        config = super().get_config()
        del config["data_format"]
        return config
