"""Permute layer."""

from keraunos import ops
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer
from keraunos.tensor import KerasTensor


class Permute(Layer):
    """Reorders the axes after the batch axis.

    Args:
        dims: The new order; the first axis after the batch axis is 1.

    Raises:
        ValueError: if `dims` is not a permutation of `1 .. n`.

    Example:

    >>> keraunos.layers.Permute((2, 1))(keraunos.ops.ones((5, 10, 64))).shape
    (5, 64, 10)
    """

    def __init__(self, dims, **kwargs):
        super().__init__(**kwargs)
        self.dims = tuple(dims)
        if sorted(dims) != list(range(1, len(dims) + 1)):
            raise ValueError(
                "Invalid permutation argument `dims` for Permute Layer. The set of indices in `dims` must be "
                f"consecutive and start from 1. Received dims={dims}"
            )
        self.input_spec = InputSpec(ndim=len(self.dims) + 1)

    def call(self, inputs):
        return ops.transpose(inputs, axes=(0, *self.dims))

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *(input_shape[axis] for axis in self.dims))

    def compute_output_spec(self, inputs):
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "dims": self.dims}
