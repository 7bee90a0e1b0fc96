"""ReLU layer."""

from keraunos import activations
from keraunos.layers.layer import Layer


class ReLU(Layer):
    """Rectifier: `x` above `threshold`, cut at `max_value`, and `negative_slope * (x - threshold)` below.

    Args:
        max_value: Largest output, or `None` for no limit.
        negative_slope: Slope below the threshold.
        threshold: Where the positive part starts.

    Raises:
        ValueError: for negative values of the arguments.

    Example:

    >>> float(keraunos.layers.ReLU(max_value=6)(keraunos.ops.full((1, 1), 9.0))[0, 0])
    6.0
    """

    def __init__(self, max_value=None, negative_slope=0.0, threshold=0.0, **kwargs):
        super().__init__(**kwargs)
        if max_value is not None and max_value < 0.0:
            raise ValueError(f"max_value of a ReLU layer cannot be a negative value. Received: max_value={max_value}")
        for name, value in (("negative_slope", negative_slope), ("threshold", threshold)):
            if value is None or value < 0.0:
                raise ValueError(f"{name} of a ReLU layer cannot be None or a negative value. Received: {name}={value}")
        self.max_value = max_value
        self.negative_slope = negative_slope
        self.threshold = threshold
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs):
        return activations.relu(
            inputs, negative_slope=self.negative_slope, max_value=self.max_value, threshold=self.threshold
        )

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "max_value": self.max_value,
            "negative_slope": self.negative_slope,
            "threshold": self.threshold,
        }
