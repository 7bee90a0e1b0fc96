"""LeakyReLU layer."""

import warnings

from keraunos import activations
from keraunos.layers.layer import Layer


class LeakyReLU(Layer):
    """`x` where positive, else `negative_slope * x`.

    Args:
        negative_slope: Slope of the negative part, at least 0.
        **kwargs: Arguments of every layer, and `alpha`, an older name of `negative_slope`.

    Raises:
        ValueError: if `negative_slope` is `None` or negative.

    Example:

    >>> float(keraunos.layers.LeakyReLU(0.5)(keraunos.ops.full((1, 1), -4.0))[0, 0])
    -2.0
    """

    def __init__(self, negative_slope=0.3, **kwargs):
        if "alpha" in kwargs:
            negative_slope = kwargs.pop("alpha")
            warnings.warn("Argument `alpha` is deprecated. Use `negative_slope` instead.", stacklevel=2)
        super().__init__(**kwargs)
        if negative_slope is None or negative_slope < 0:
            raise ValueError(
                "The negative_slope value of a Leaky ReLU layer cannot be None or negative value. Expected a float. "
                f"Received: negative_slope={negative_slope}"
            )
        self.negative_slope = negative_slope
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs):
        return activations.leaky_relu(inputs, negative_slope=self.negative_slope)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "negative_slope": self.negative_slope}
