"""Average layer."""

from keraunos import ops
from keraunos.layers.merging.base_merge import Merge


class Average(Merge):
    """Mean of the inputs.

    Shapes: a list of tensors of broadcastable shapes to one tensor.

    Raises:
        ValueError: for shapes that do not fit, with all of them.

    Example:

    >>> float(keraunos.layers.Average()([keraunos.ops.ones((1, 2)), keraunos.ops.ones((1, 2))])[0, 0])
    1.0
    """

    def _merge_function(self, inputs):
        output = inputs[0]
        for x in inputs[1:]:
            output = ops.add(output, x)
        return output / len(inputs)


def average(inputs, **kwargs):
    """Functional form of `Average`: `Average(**kwargs)(inputs)`.

    Args:
        inputs: List of tensors.
        **kwargs: Arguments of every layer.
    """
    return Average(**kwargs)(inputs)
