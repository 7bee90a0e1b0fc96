"""GaussianDropout layer."""

import math

from keraunos import ops, random
from keraunos.layers.arguments import check_rate
from keraunos.layers.layer import Layer


class GaussianDropout(Layer):
    """While training, multiplies the inputs by noise of mean 1 and standard deviation `sqrt(rate / (1 - rate))`.

    Args:
        rate: Rate of the dropout that has the same noise, between 0 and 1.
        seed: Seed, for repeatable noise.

    Raises:
        ValueError: for a rate out of range.

    Example:

    >>> keraunos.layers.GaussianDropout(0.5)(keraunos.ops.ones((2, 3)), training=True).shape
    (2, 3)
    """

    def __init__(self, rate, seed=None, **kwargs):
        super().__init__(**kwargs)
        check_rate(rate)
        self.rate = rate
        self.seed = seed
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs, training=False):
        if training and self.rate > 0:
            return inputs * random.normal(
                shape=ops.shape(inputs),
                mean=1.0,
                stddev=math.sqrt(self.rate / (1.0 - self.rate)),
                dtype=self.compute_dtype,
                seed=self.seed_generator,
            )
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}
