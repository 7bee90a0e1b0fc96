"""What the adaptive pooling layers share."""

from keraunos import ops
from keraunos.config import standardize_data_format
from keraunos.layers.layer import Layer
from keraunos.layers.window_shapes import channels_of, with_spatial


class BaseAdaptivePooling(Layer):
    """A fixed number of windows that cover `rank` spatial axes evenly."""

    _rank = None
    _pool = None

    def __init__(self, output_size, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.output_size = self._standardized(output_size)
        self.data_format = standardize_data_format(data_format)

    def _standardized(self, output_size):
        names = "(depth, height, width)"[1:-1].split(", ")[3 - self._rank :]
        rule = f"`output_size` must be an integer or ({', '.join(names)}) tuple of {self._rank} integers."
        if isinstance(output_size, int):
            output_size = (output_size,) * self._rank
        if not isinstance(output_size, (tuple, list)):
            raise TypeError(f"{rule} Received: {output_size} of type {type(output_size)}")
        if len(output_size) != self._rank:
            # Keras: one axis has an error of its own.
            error = ValueError if self._rank == 1 else TypeError
            prefix = "For 1D input, `output_size` tuple must have length 1. " if self._rank == 1 else ""
            raise error(f"{prefix}{rule} Received: {output_size} of type {type(output_size)}")
        if any(size <= 0 for size in output_size):
            raise ValueError(f"{rule} They must be positive. Received: {output_size}")
        return tuple(output_size)

    def call(self, inputs):
        return self._pool(inputs, output_size=self.output_size, data_format=self.data_format)

    def compute_output_shape(self, input_shape):
        channels = channels_of(input_shape, self.data_format)
        return with_spatial(input_shape, self.output_size, channels, self.data_format)

    def get_config(self):
        return {**super().get_config(), "output_size": self.output_size, "data_format": self.data_format}


class AdaptiveMaxPooling(BaseAdaptivePooling):
    """The largest element of each window."""

    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveAveragePooling(BaseAdaptivePooling):
    """The mean of each window."""

    _pool = staticmethod(ops.adaptive_average_pool)
