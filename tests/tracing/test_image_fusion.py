"""Fused convolutions and poolings compute what their parts compute."""

import numpy as np
import pytest
from keraunos import _core, ops, tracing

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(3, 8, 7, 2)).astype("float32")
KERNEL = RANDOM.normal(size=(3, 3, 2, 5)).astype("float32")
BIAS = RANDOM.normal(size=5).astype("float32")


def step(x, kernel, bias):
    """Pooled relu of a convolution, and the gradients of its squares."""
    with tracing.GradientTape() as tape:
        for source in (x, kernel, bias):
            tape.watch(source)
        y = ops.max_pool(ops.relu(ops.conv(x, kernel, padding="same") + bias), 2)
        loss = ops.sum(ops.square(y))
    return [y, *tape.gradient(loss, [x, kernel, bias])]


@pytest.fixture(scope="module")
def graph():
    trace = _core.Trace()
    with trace:
        operands = [trace.input("float32", (None, *X.shape[1:]), "x"), trace.input("float32", KERNEL.shape, "kernel")]
        operands.append(trace.input("float32", BIAS.shape, "bias"))
        return trace.finish(step(*operands))


def test_bias_and_relu_go_into_the_convolution_and_relu_s_gradient_into_the_pooling(graph):
    arrays = [_core.tensor(array) for array in (X, KERNEL, BIAS)]
    names = str(_core.Function(graph).plan_description(arrays))
    assert "biased_conv" in names and "relu_grad" not in names
    assert "biased_conv_weight_grad" in names and "reduce_to" not in names
    assert "relu_grad" in str(_core.Function(graph, False).plan_description(arrays))


def test_fused_results_are_those_of_the_parts(graph):
    arrays = [_core.tensor(array) for array in (X, KERNEL, BIAS)]
    eager = [np.asarray(result) for result in step(*[ops.convert_to_tensor(a) for a in (X, KERNEL, BIAS)])]
    for optimize in (True, False):
        for result, expected in zip(_core.Function(graph, optimize).call(arrays), eager, strict=True):
            np.testing.assert_allclose(np.asarray(result), expected, rtol=1e-5, atol=1e-5)
