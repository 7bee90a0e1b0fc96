"""ELU layer."""

from keraunos import activations
from keraunos.layers.layer import Layer


class ELU(Layer):
    """`x` where positive, else `alpha * (exp(x) - 1)`.

    Args:
        alpha: Scale of the negative part.

    Example:

    >>> float(keraunos.layers.ELU()(keraunos.ops.ones((1, 1)))[0, 0])
    1.0
    """

    def __init__(self, alpha=1.0, **kwargs):
        super().__init__(**kwargs)
        self.alpha = alpha
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs):
        return activations.elu(inputs, alpha=self.alpha)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha}
