"""SpectralNormalization while training."""

import numpy as np
import pytest

from keraunos import layers, ops
from keraunos.tracing import Function, GradientTape

X = np.random.default_rng(0).normal(size=(6, 5)).astype("float32")


def gradient_of(layer, kernel):
    with GradientTape() as tape:
        loss = ops.sum(ops.square(layer(X, training=True)))
    return tape.gradient(loss, kernel)


@pytest.mark.parametrize("is_traced", [False, True])
def test_the_gradient_is_that_of_the_normalized_kernel(is_traced):
    # The kernel is replaced before it is used: as in Keras no gradient goes through the division.
    layer = layers.SpectralNormalization(layers.Dense(4))
    layer.build(X.shape)
    kernel = layer.layer.kernel
    found = Function(lambda: gradient_of(layer, kernel))() if is_traced else gradient_of(layer, kernel)
    plain = layers.Dense(4)
    plain.build(X.shape)
    plain.set_weights(layer.layer.get_weights())
    np.testing.assert_allclose(found.numpy(), gradient_of(plain, plain.kernel).numpy(), rtol=1e-5, atol=1e-6)
