"""What the global pooling layers share."""

from keraunos import ops
from keraunos.config import standardize_data_format
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer
from keraunos.layers.window_shapes import channels_of, with_spatial


class BaseGlobalPooling(Layer):
    """One number for all places of `rank` spatial axes."""

    _rank = None
    _reduce = None

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.keepdims = keepdims
        self.input_spec = InputSpec(ndim=self._rank + 2)
        self._build_at_init()

    def _axes(self):
        first = 1 if self.data_format == "channels_last" else 2
        return list(range(first, first + self._rank))

    def call(self, inputs):
        return self._reduce(inputs, axis=self._axes(), keepdims=self.keepdims)

    def compute_output_shape(self, input_shape):
        spatial = (1,) * self._rank if self.keepdims else ()
        return with_spatial(input_shape, spatial, channels_of(input_shape, self.data_format), self.data_format)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format, "keepdims": self.keepdims}


class GlobalMaxPooling(BaseGlobalPooling):
    """The largest element of all places."""

    _reduce = staticmethod(ops.max)


class GlobalAveragePooling(BaseGlobalPooling):
    """The mean of all places."""

    _reduce = staticmethod(ops.mean)
