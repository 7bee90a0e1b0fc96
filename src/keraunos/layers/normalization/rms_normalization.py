"""RMSNormalization layer."""

from keraunos import ops
from keraunos.layers.arguments import check_axes_in_shape
from keraunos.layers.layer import Layer


class RMSNormalization(Layer):
    """Scales each sample to a root mean square of 1 (Zhang and Sennrich, 2019).

    `scale * x / sqrt(mean(x**2) + epsilon)`, the mean over `axis`.

    Args:
        axis: Axis, or list of axes, to normalize over.
        epsilon: Number that keeps the division finite.

    Example:

    >>> float(keraunos.layers.RMSNormalization(epsilon=0.0)(keraunos.ops.full((1, 4), 3.0))[0, 0])
    1.0
    """

    def __init__(self, axis=-1, epsilon=1e-06, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.epsilon = epsilon

    def build(self, input_shape):
        self.axis = sorted(self.axis) if isinstance(self.axis, (list, tuple)) else [self.axis]
        shape = tuple(input_shape[axis] for axis in self.axis)
        self.scale = self.add_weight(name="scale", shape=shape, initializer="ones")
        self.built = True

    def call(self, x):
        return ops.rms_normalization(x, scale=self.scale, axis=self.axis, epsilon=self.epsilon)

    def compute_output_shape(self, input_shape):
        check_axes_in_shape(self.axis, input_shape)
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis, "epsilon": self.epsilon}
