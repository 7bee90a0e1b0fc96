"""Subtract layer."""

from keraunos import ops
from keraunos.layers.merging.base_merge import Merge


class Subtract(Merge):
    """First input minus second input.

    Raises:
        ValueError: unless there are exactly two inputs of broadcastable shapes.

    Example:

    >>> float(keraunos.layers.Subtract()([keraunos.ops.ones((1, 2)), keraunos.ops.ones((1, 2))])[0, 0])
    0.0
    """

    def build(self, input_shape):
        super().build(input_shape)
        if len(input_shape) != 2:
            raise ValueError(
                f"A `Subtract` layer should be called on exactly 2 inputs. Received: input_shape={input_shape}"
            )

    def _merge_function(self, inputs):
        if len(inputs) != 2:
            raise ValueError(f"A `Subtract` layer should be called on exactly 2 inputs. Received: inputs={inputs}")
        return ops.subtract(inputs[0], inputs[1])


def subtract(inputs, **kwargs):
    """Functional form of `Subtract`: `Subtract(**kwargs)(inputs)`.

    Args:
        inputs: List of two tensors.
        **kwargs: Arguments of every layer.
    """
    return Subtract(**kwargs)(inputs)
