"""Dropout layer."""

from keraunos import random
from keraunos.layers.arguments import check_rate
from keraunos.layers.layer import Layer


class Dropout(Layer):
    """While training, sets a random part of the inputs to zero and scales the rest so that the sum is kept.

    Args:
        rate: Part that is dropped, between 0 and 1. With 1 all outputs are 0.
        noise_shape: Shape of the random mask; sizes 1 share one decision along an axis, `None` is the input's size.
        seed: Seed, for repeatable masks.

    Call arguments:
        inputs: Tensor.
        training: Whether to drop anything.

    Raises:
        ValueError: for a rate out of range or a `noise_shape` that is no shape.

    Example:

    >>> layer = keraunos.layers.Dropout(1.0)
    >>> float(keraunos.ops.sum(layer(keraunos.ops.ones((2, 3)), training=True)))
    0.0
    """

    def __init__(self, rate, noise_shape=None, seed=None, **kwargs):
        super().__init__(**kwargs)
        check_rate(rate)
        self.rate = rate
        self.seed = seed
        self.noise_shape = _checked_noise_shape(noise_shape)
        if rate > 0:
            self.seed_generator = random.SeedGenerator(seed)
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs, training=False):
        if training and self.rate > 0:
            return random.dropout(
                inputs, self.rate, noise_shape=self._get_noise_shape(inputs), seed=self.seed_generator
            )
        return inputs

    def _get_noise_shape(self, inputs):
        return self.noise_shape

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "seed": self.seed, "noise_shape": self.noise_shape}


def _checked_noise_shape(noise_shape):
    if noise_shape is None:
        return None
    rule = "Invalid value received for argument `noise_shape`. Expected "
    if isinstance(noise_shape, str):
        raise ValueError(f"{rule}a tuple or list of integers. Received: noise_shape={noise_shape}")
    try:
        noise_shape = tuple(noise_shape)
    except TypeError:
        raise ValueError(
            f"{rule}an iterable of integers (e.g., a tuple or list). Received: noise_shape={noise_shape}"
        ) from None
    for index, size in enumerate(noise_shape):
        if size is None:
            continue
        if not isinstance(size, int):
            raise ValueError(
                f"{rule}all elements to be integers or None. Received element at index {index}: {size} "
                f"(type: {type(size).__name__})"
            )
        if size <= 0:
            raise ValueError(
                f"{rule}all dimensions to be positive integers or None. Received negative or zero value at index "
                f"{index}: {size}"
            )
    return noise_shape
