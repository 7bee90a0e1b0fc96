"""A product, the view that parts its last axis, and the bias behind it are one `dense` node, with the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from keraunos import layers, ops, tracing

RANDOM = np.random.default_rng(3)


def both_ways(layer, *xs):
    """What the native function gives and what Python gives op by op, and the ops of the first."""
    with tracing.GradientTape():  # nothing is native while a tape listens
        expected = layer(*xs)
    native = tracing.Function(lambda *inputs: layer._layer_by_layer_call(*inputs)).concrete_for(xs)[0].native
    return (np.asarray(native.call(list(xs))[0]), np.asarray(expected)), native.graph.op_names


def numbers(*shape):
    return RANDOM.normal(size=shape).astype("float32")


class Product(layers.Layer):
    """`reshape(x @ kernel) + bias`, and what comes after."""

    def __init__(self, shape, bias_shape, after=lambda y: y):
        super().__init__()
        self.shape, self.bias_shape, self.after = shape, bias_shape, after

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], 12), name="kernel")
        self.bias = self.add_weight(shape=self.bias_shape, name="bias", initializer="normal")

    def call(self, x):
        return self.after(self.bias + ops.reshape(ops.matmul(x, self.kernel), self.shape))


FUSED = {
    "heads": lambda: Product((-1, 3, 4), (3, 4)),
    "all axes": lambda: Product((-1, 2, 3, 2), (2, 3, 2)),
    "one axis": lambda: Product((-1, 5, 12), (12,)),
    "activation": lambda: Product((-1, 3, 4), (3, 4), ops.tanh),
    "einsum": lambda: layers.EinsumDense("ab,bcd->acd", output_shape=(3, 4), bias_axes="cd", bias_initializer="normal", activation="relu"),
}


@pytest.mark.parametrize("name", FUSED)
def test_a_bias_behind_a_view_joins_the_product(name):
    (found, expected), names = both_ways(FUSED[name](), numbers(10, 7))
    assert "dense" in names and "add" not in names and "matmul" not in names
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


KEPT = {
    "of other rows": lambda: Product((-1, 3, 4), (4,)),
    "that varies from row to row": lambda: Product((5, 2, 12), (2, 12)),
    "across rows": lambda: Product((-1, 24), (24,)),
    "to a view that others see": lambda: Product((-1, 3, 4), (1, 4)),
}


@pytest.mark.parametrize("name", KEPT)
def test_a_bias_that_is_not_the_same_for_each_row_stays_an_addition(name):
    (found, expected), names = both_ways(KEPT[name](), numbers(10, 7))
    assert "dense" not in names
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_the_projections_of_an_attention_take_their_biases_in():
    layer, x = layers.MultiHeadAttention(2, 4, bias_initializer="normal"), numbers(3, 5, 8)
    (found, expected), names = both_ways(layer, x, x)
    assert names.count("dense") == 4 and "add" not in names
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
