"""UnitNormalization layer."""

from keraunos import ops
from keraunos.layers.layer import Layer


class UnitNormalization(Layer):
    """Scales each sample to an L2 norm of 1.

    Args:
        axis: Axis, or list of axes, to normalize over.

    Raises:
        TypeError: if `axis` is neither an integer nor a list of them.

    Example:

    >>> keraunos.layers.UnitNormalization()(keraunos.ops.full((1, 4), 3.0)).numpy().tolist()
    [[0.5, 0.5, 0.5, 0.5]]
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        if isinstance(axis, (list, tuple)):
            self.axis = list(axis)
        elif isinstance(axis, int):
            self.axis = axis
        else:
            raise TypeError(
                f"Invalid value for `axis` argument: expected an int or a list/tuple of ints. Received: axis={axis}"
            )
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs):
        return ops.normalize(inputs, axis=self.axis, order=2, epsilon=1e-12)

    def compute_output_shape(self, input_shape):
        rank = len(input_shape)
        if any(not -rank <= axis < rank for axis in ([self.axis] if isinstance(self.axis, int) else self.axis)):
            raise ValueError(f"Axis {self.axis} is out of bounds for input shape {input_shape}.")
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}
