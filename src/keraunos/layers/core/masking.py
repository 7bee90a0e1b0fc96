"""Masking layer."""

from keraunos import ops, serialization
from keraunos.layers.layer import Layer
from keraunos.masking import set_keras_mask


class Masking(Layer):
    """Masks the timesteps whose features all equal `mask_value`, and sets them to zero.

    Args:
        mask_value: The value that stands for "no data".

    Shapes: `(batch, time, ...)` to the same; the mask is `(batch, time)`.

    Example:

    >>> y = keraunos.layers.Masking()(keraunos.ops.ones((2, 3, 4)))
    >>> y._keras_mask.shape
    (2, 3)
    """

    def __init__(self, mask_value=0.0, **kwargs):
        super().__init__(**kwargs)
        if isinstance(mask_value, dict) and mask_value.get("config"):
            mask_value = serialization.deserialize_keras_object(mask_value)
        self.mask_value = mask_value
        self.supports_masking = True
        self._build_at_init()

    def compute_mask(self, inputs, mask=None):
        return ops.any(ops.not_equal(inputs, self.mask_value), axis=-1)

    def call(self, inputs):
        is_data = ops.any(ops.not_equal(inputs, self.mask_value), axis=-1, keepdims=True)
        outputs = ops.where(is_data, inputs, 0)
        set_keras_mask(outputs, ops.squeeze(is_data, axis=-1))
        return outputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "mask_value": self.mask_value}
