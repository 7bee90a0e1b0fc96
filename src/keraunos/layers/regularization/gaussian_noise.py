"""GaussianNoise layer."""

from keraunos import ops, random
from keraunos.layers.arguments import check_rate
from keraunos.layers.layer import Layer


class GaussianNoise(Layer):
    """While training, adds noise of mean 0.

    Args:
        stddev: Standard deviation of the noise, between 0 and 1.
        seed: Seed, for repeatable noise.

    Raises:
        ValueError: for a standard deviation out of range.

    Example:

    >>> keraunos.layers.GaussianNoise(0.1)(keraunos.ops.ones((2, 3)), training=True).shape
    (2, 3)
    """

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        check_rate(stddev, "stddev")
        self.stddev = stddev
        self.seed = seed
        if stddev > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs, training=False):
        if training and self.stddev > 0:
            return inputs + random.normal(
                shape=ops.shape(inputs),
                mean=0.0,
                stddev=self.stddev,
                dtype=self.compute_dtype,
                seed=self.seed_generator,
            )
        return inputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}
