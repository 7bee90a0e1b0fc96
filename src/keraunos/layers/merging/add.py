"""Add layer."""

from keraunos import ops
from keraunos.layers.merging.base_merge import Merge


class Add(Merge):
    """Sum of the inputs.

    Shapes: a list of tensors of broadcastable shapes to one tensor.

    Raises:
        ValueError: for shapes that do not fit, with all of them.

    Example:

    >>> float(keraunos.layers.Add()([keraunos.ops.ones((1, 2)), keraunos.ops.ones((1, 2))])[0, 0])
    2.0
    """

    def _merge_function(self, inputs):
        output = inputs[0]
        for x in inputs[1:]:
            output = ops.add(output, x)
        return output


def add(inputs, **kwargs):
    """Functional form of `Add`: `Add(**kwargs)(inputs)`.

    Args:
        inputs: List of tensors.
        **kwargs: Arguments of every layer.
    """
    return Add(**kwargs)(inputs)
