"""Minimum layer."""

from keraunos import ops
from keraunos.layers.merging.base_merge import Merge


class Minimum(Merge):
    """Smallest of the inputs, element by element. Masked entries do not count.

    Shapes: a list of tensors of broadcastable shapes to one tensor.

    Raises:
        ValueError: for shapes that do not fit, with all of them.

    Example:

    >>> float(keraunos.layers.Minimum()([keraunos.ops.ones((1, 2)), keraunos.ops.ones((1, 2))])[0, 0])
    1.0
    """

    def _merge_function(self, inputs):
        return self._merge_where_unmasked(ops.minimum, inputs)


def minimum(inputs, **kwargs):
    """Functional form of `Minimum`: `Minimum(**kwargs)(inputs)`.

    Args:
        inputs: List of tensors.
        **kwargs: Arguments of every layer.
    """
    return Minimum(**kwargs)(inputs)
