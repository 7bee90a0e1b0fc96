"""RepeatVector layer."""

from keraunos import ops
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer


class RepeatVector(Layer):
    """Repeats each row `n` times.

    Args:
        n: Number of repetitions.

    Shapes: `(batch, features)` to `(batch, n, features)`.

    Raises:
        TypeError: if `n` is not an integer.
        ValueError: if `n` is not positive.

    Example:

    >>> keraunos.layers.RepeatVector(3)(keraunos.ops.ones((2, 4))).shape
    (2, 3, 4)
    """

    def __init__(self, n, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(n, int) or isinstance(n, bool):
            raise TypeError(f"Expected an integer value for `n`, got {type(n)}.")
        if n <= 0:
            raise ValueError(f"Argument `n` should be a positive integer. Received: n={n}")
        self.n = n
        self.input_spec = InputSpec(ndim=2)

    def call(self, inputs):
        return ops.repeat(ops.expand_dims(inputs, axis=1), self.n, axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], self.n, input_shape[1])

    def get_config(self):
        return {**super().get_config(), "n": self.n}
