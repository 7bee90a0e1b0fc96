"""Identity layer."""

from keraunos import tree
from keraunos.layers.layer import Layer
from keraunos.tensor import KerasTensor


class Identity(Layer):
    """Returns its inputs unchanged.

    Example:

    >>> keraunos.layers.Identity()(keraunos.ops.ones((2, 3))).shape
    (2, 3)
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs):
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def compute_output_spec(self, inputs):
        return tree.map_structure(lambda x: KerasTensor(x.shape, dtype=x.dtype, sparse=x.sparse), inputs)
