"""ActivityRegularization layer."""

from keraunos import regularizers
from keraunos.layers.layer import Layer


class ActivityRegularization(Layer):
    """Returns its inputs and adds a penalty on them to the loss.

    Args:
        l1: Factor of the sum of absolute values.
        l2: Factor of the sum of squares.

    Example:

    >>> layer = keraunos.layers.ActivityRegularization(l1=0.5)
    >>> y = layer(keraunos.ops.ones((1, 4)))
    >>> float(layer.losses[0])
    2.0
    """

    def __init__(self, l1=0.0, l2=0.0, **kwargs):
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.supports_masking = True
        self.l1 = l1
        self.l2 = l2
        self._build_at_init()

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        config = super().get_config()
        config.pop("activity_regularizer", None)
        return {**config, "l1": self.l1, "l2": self.l2}
