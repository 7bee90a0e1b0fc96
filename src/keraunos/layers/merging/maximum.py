"""Maximum layer."""

from keraunos import ops
from keraunos.layers.merging.base_merge import Merge


class Maximum(Merge):
    """Largest of the inputs, element by element. Masked entries do not count.

    Shapes: a list of tensors of broadcastable shapes to one tensor.

    Raises:
        ValueError: for shapes that do not fit, with all of them.

    Example:

    >>> float(keraunos.layers.Maximum()([keraunos.ops.ones((1, 2)), keraunos.ops.ones((1, 2))])[0, 0])
    1.0
    """

    def _merge_function(self, inputs):
        return self._merge_where_unmasked(ops.maximum, inputs)


def maximum(inputs, **kwargs):
    """Functional form of `Maximum`: `Maximum(**kwargs)(inputs)`.

    Args:
        inputs: List of tensors.
        **kwargs: Arguments of every layer.
    """
    return Maximum(**kwargs)(inputs)
