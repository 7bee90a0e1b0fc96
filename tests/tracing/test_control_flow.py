"""cond, while_loop and scan inside traces: values and gradients against plain Python."""

import numpy as np
import pytest

import keraunos
from keraunos import ops
from keraunos.tracing import Function, GradientTape


def test_cond_takes_the_branch_of_the_value():
    function = Function(lambda x: ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x - 1))
    np.testing.assert_allclose(function(np.array([1.0, 2.0], "float32")), [2, 4])
    np.testing.assert_allclose(function(np.array([-1.0, -2.0], "float32")), [-2, -3])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_gradient_of_cond_is_that_of_the_branch_taken(sign):
    weight = keraunos.Variable(np.array([1.0, 2.0], "float32"))
    other = keraunos.Variable(np.array([3.0, 4.0], "float32"))

    def gradients(x):
        with GradientTape() as tape:
            y = ops.cond(ops.sum(x) > 0, lambda: weight * x, lambda: other * x * x)
            loss = ops.sum(y)
        return tape.gradient(loss, [weight, other])

    x = np.array([sign, 2 * sign], "float32")
    first, second = Function(gradients)(x)
    np.testing.assert_allclose(first, x if sign > 0 else 0 * x)
    np.testing.assert_allclose(second, 0 * x if sign > 0 else x * x)


def test_while_loop_runs_until_its_condition_fails():
    def collatz(start):
        return ops.while_loop(
            lambda n, steps: n != 1,
            lambda n, steps: (ops.where(n % 2 == 0, n // 2, 3 * n + 1), steps + 1),
            (start, ops.zeros((), "int32")),
        )

    _, steps = Function(collatz)(np.array(27, "int32"))
    assert int(steps) == 111


def test_scan_stacks_what_its_body_gives():
    def running(x):
        return ops.scan(lambda carry, row: (carry + row, carry * row), ops.zeros((2,)), x)

    x = np.arange(8, dtype="float32").reshape(4, 2)
    total, products = Function(running)(x)
    np.testing.assert_allclose(total, x.sum(axis=0))
    carries = np.concatenate([np.zeros((1, 2)), np.cumsum(x, axis=0)[:-1]])
    np.testing.assert_allclose(products, carries * x)


def test_the_gradient_of_scan_equals_that_of_the_unrolled_loop():
    weight = keraunos.Variable(np.array([[0.5, -0.2], [0.1, 0.3]], "float32"))
    x = np.random.default_rng(0).normal(size=(5, 3, 2)).astype("float32")

    def step(state, row):
        state = ops.tanh(ops.matmul(state, weight) + row)
        return state, state

    def scanned(x):
        with GradientTape() as tape:
            tape.watch(x)
            _, states = ops.scan(step, ops.zeros((3, 2)), x)
            loss = ops.sum(states**2)
        return tape.gradient(loss, [weight, x])

    def unrolled(x):
        x = ops.convert_to_tensor(x)
        with GradientTape() as tape:
            tape.watch(x)
            state, loss = ops.zeros((3, 2)), 0.0
            for t in range(5):
                state, _ = step(state, x[t])
                loss = loss + ops.sum(state**2)
        return tape.gradient(loss, [weight, x])

    for native, plain in zip(Function(scanned)(x), unrolled(x)):
        np.testing.assert_allclose(native, plain, rtol=1e-5, atol=1e-6)
