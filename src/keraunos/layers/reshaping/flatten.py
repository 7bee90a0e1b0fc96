"""Flatten layer."""

import math

from keraunos import ops
from keraunos.config import standardize_data_format
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer
from keraunos.tensor import KerasTensor


class Flatten(Layer):
    """Makes one axis of all axes after the batch axis.

    Args:
        data_format: `"channels_last"` or `"channels_first"`; the latter is brought into the order of the former.

    Shapes: `(batch, a, b, ...)` to `(batch, a * b * ...)`.

    Example:

    >>> keraunos.layers.Flatten()(keraunos.ops.ones((2, 3, 4))).shape
    (2, 12)
    """

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)

    def call(self, inputs):
        rank = len(inputs.shape)
        if self.data_format == "channels_first" and rank > 1:
            inputs = ops.transpose(inputs, axes=(0, *range(2, rank), 1))
        size = _flat_size(inputs.shape)
        if size is None:
            return ops.reshape(inputs, (ops.shape(inputs)[0], -1))
        batch_size = inputs.shape[0]
        # -1 needs no size at run time, but finds none where there are no elements.
        if batch_size is None:
            batch_size = -1 if size else ops.shape(inputs)[0]
        return ops.reshape(inputs, (batch_size, size))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], _flat_size(input_shape))

    def compute_output_spec(self, inputs):
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "data_format": self.data_format}


def _flat_size(shape):
    return None if None in shape[1:] else math.prod(shape[1:])
