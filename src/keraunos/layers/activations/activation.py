"""Activation layer."""

from keraunos import activations
from keraunos.layers.layer import Layer


class Activation(Layer):
    """Applies an activation function.

    Args:
        activation: Function or its name.

    Example:

    >>> float(keraunos.layers.Activation("relu")(keraunos.ops.full((1, 1), -3.0))[0, 0])
    0.0
    """

    def __init__(self, activation, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self.activation = activations.get(activation)
        self._build_at_init()

    def call(self, inputs):
        return self.activation(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "activation": activations.serialize(self.activation)}
