"""What the pooling layers share."""

from keraunos import ops
from keraunos.config import standardize_data_format
from keraunos.layers.arguments import standardize_tuple
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer
from keraunos.layers.window_shapes import channels_of, spatial_of, window_counts, with_spatial


class BasePooling(Layer):
    """One number for each window over `rank` spatial axes."""

    _rank = None
    _pool = None

    def __init__(self, pool_size=2, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(name=name, **kwargs)
        self.pool_size = standardize_tuple(pool_size, self._rank, "pool_size")
        self.strides = standardize_tuple(pool_size if strides is None else strides, self._rank, "strides")
        self.padding = padding.lower() if isinstance(padding, str) else padding
        if self.padding not in ("valid", "same"):
            raise ValueError(f"Argument `padding` must be either 'valid' or 'same'. Received: padding={padding}")
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)
        self._build_at_init()

    def call(self, inputs):
        return self._pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)

    def compute_output_shape(self, input_shape):
        evidence = (
            f"`inputs.shape={tuple(input_shape)}`, `pool_size={self.pool_size}`, `strides={self.strides}`, "
            f"`padding={self.padding}`."
        )
        sizes = spatial_of(input_shape, self.data_format)
        counts = window_counts(sizes, self.pool_size, self.strides, self.padding, evidence)
        return with_spatial(input_shape, counts, channels_of(input_shape, self.data_format), self.data_format)

    def get_config(self):
        return {
            **super().get_config(),
            "pool_size": self.pool_size,
            "padding": self.padding,
            "strides": self.strides,
            "data_format": self.data_format,
        }


class MaxPooling(BasePooling):
    """The largest element of each window."""

    _pool = staticmethod(ops.max_pool)


class AveragePooling(BasePooling):
    """The mean of each window."""

    _pool = staticmethod(ops.average_pool)

    def __init__(self, pool_size, strides=None, padding="valid", data_format=None, name=None, **kwargs):
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)
