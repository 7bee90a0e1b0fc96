"""Rescaling layer."""

from keraunos import config as settings
from keraunos import ops, serialization
from keraunos.layers.layer import Layer


class Rescaling(Layer):
    """`inputs * scale + offset`, in the compute dtype.

    Args:
        scale: Number, or list of one number per channel.
        offset: Number, or list of one number per channel.

    Example:

    >>> float(keraunos.layers.Rescaling(1 / 255)(keraunos.ops.full((1, 1), 255.0))[0, 0])
    1.0
    """

    def __init__(self, scale, offset=0.0, **kwargs):
        super().__init__(**kwargs)
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.scale = scale
        self.offset = offset
        self.supports_masking = True
        self.autocast = False

    def call(self, inputs):
        dtype = self.compute_dtype
        scale = ops.cast(ops.convert_to_tensor(self.scale), dtype)
        offset = ops.cast(ops.convert_to_tensor(self.offset), dtype)
        if len(scale.shape) > 0 and settings.image_data_format() == "channels_first":
            scale = ops.reshape(scale, (*scale.shape, *(1,) * (3 - len(scale.shape))))
        return ops.cast(inputs, dtype) * scale + offset

    def convert_weight(self, weight):
        """Returns the weight itself: there is one backend, and it has made the weight."""
        return weight

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "scale": serialization.serialize_keras_object(self.scale),
            "offset": serialization.serialize_keras_object(self.offset),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        for key in ("scale", "offset"):
            if key in config:
                config[key] = serialization.deserialize_keras_object(config[key], custom_objects=custom_objects)
        return cls(**config)
