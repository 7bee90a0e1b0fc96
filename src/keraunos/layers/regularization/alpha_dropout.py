"""AlphaDropout layer."""

from keraunos import ops, random
from keraunos.layers.arguments import check_rate
from keraunos.layers.layer import Layer

# Limit of SELU for very negative inputs: -scale * alpha (Klambauer et al., 2017).
_LOWEST = -1.0507009873554805 * 1.6732632423543772


class AlphaDropout(Layer):
    """Dropout that keeps mean and variance of inputs that are 0 and 1, as SELU networks need it.

    Args:
        rate: Part that is dropped, between 0 and 1.
        noise_shape: Shape of the random mask; `None` in it is the input's size.
        seed: Seed, for repeatable masks.

    Raises:
        ValueError: for a rate out of range.

    Example:

    >>> keraunos.layers.AlphaDropout(0.5)(keraunos.ops.ones((2, 3)), training=True).shape
    (2, 3)
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        check_rate(rate)
        self.rate = rate
        self.seed = seed
        self.noise_shape = noise_shape
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs, training=False):
        if not training or self.rate == 0:
            return inputs
        shape = ops.shape(inputs)
        if self.noise_shape is not None:
            shape = [shape[axis] if size is None else size for axis, size in enumerate(self.noise_shape)]
        is_kept = ops.greater_equal(random.uniform(shape, seed=self.seed_generator), self.rate)
        is_kept = ops.cast(is_kept, inputs.dtype)
        if self.rate == 1:
            return ops.zeros_like(inputs)
        scale = ((1 - self.rate) * (1 + self.rate * _LOWEST**2)) ** -0.5
        shift = -scale * _LOWEST * self.rate
        return scale * (inputs * is_kept + _LOWEST * (1 - is_kept)) + shift

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": self.noise_shape}
