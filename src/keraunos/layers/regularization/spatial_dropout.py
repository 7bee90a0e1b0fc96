"""SpatialDropout layers."""

from keraunos import ops
from keraunos.config import standardize_data_format
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.regularization.dropout import Dropout


class BaseSpatialDropout(Dropout):
    """Drops whole channels: one decision for all places of a channel."""

    _rank = None

    def __init__(self, rate, data_format=None, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, seed=seed, name=name, dtype=dtype, **kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _get_noise_shape(self, inputs):
        shape = ops.shape(inputs)
        places = (1,) * self._rank
        if self.data_format == "channels_first":
            return (shape[0], shape[1], *places)
        return (shape[0], *places, shape[-1])

    def get_config(self):
        return {
            "rate": self.rate,
            "seed": self.seed,
            "name": self.name,
            "dtype": self.dtype,
            "data_format": self.data_format,
        }


class SpatialDropout1D(BaseSpatialDropout):
    """While training, sets random channels of a `(batch, time, channels)` tensor to zero.

    Args:
        rate: Part of the channels that is dropped, between 0 and 1.
        seed: Seed, for repeatable masks.

    Example:

    >>> keraunos.layers.SpatialDropout1D(0.5)(keraunos.ops.ones((2, 3, 4)), training=True).shape
    (2, 3, 4)
    """

    _rank = 1

    def __init__(self, rate, seed=None, name=None, dtype=None, **kwargs):
        super().__init__(rate, data_format="channels_last", seed=seed, name=name, dtype=dtype, **kwargs)

    def get_config(self):
        config = super().get_config()
        del config["data_format"]
        return config


class SpatialDropout2D(BaseSpatialDropout):
    """While training, sets random channels of a batch of images to zero.

    Args:
        rate: Part of the channels that is dropped, between 0 and 1.
        data_format: `"channels_last"` or `"channels_first"`.
        seed: Seed, for repeatable masks.

    Example:

    >>> keraunos.layers.SpatialDropout2D(0.5)(keraunos.ops.ones((2, 3, 3, 4)), training=True).shape
    (2, 3, 3, 4)
    """

    _rank = 2


class SpatialDropout3D(BaseSpatialDropout):
    """While training, sets random channels of a batch of volumes to zero.

    Args:
        rate: Part of the channels that is dropped, between 0 and 1.
        data_format: `"channels_last"` or `"channels_first"`.
        seed: Seed, for repeatable masks.

    Example:

    >>> keraunos.layers.SpatialDropout3D(0.5)(keraunos.ops.ones((2, 3, 3, 3, 4)), training=True).shape
    (2, 3, 3, 3, 4)
    """

    _rank = 3
