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


def growing(x, w, limit):
    """x <- x + 0.7 tanh(x w) until its norm or the count reaches a limit; the count is an integer that is carried too."""

    def goes_on(i, x):
        return ops.logical_and(i < limit, ops.sum(x * x) < 50.0)

    return ops.while_loop(goes_on, lambda i, x: (i + 1, x + ops.tanh(ops.matmul(x, w)) * 0.7), (0, x))


def python_growing(x, w, limit):
    i = 0
    while i < limit and np.sum(np.asarray(x * x)) < 50.0:
        i, x = i + 1, x + ops.tanh(ops.matmul(x, w)) * 0.7
    return i, x


def loss_and_gradients(loop, x, w, limit):
    with GradientTape() as tape:
        tape.watch(x)
        tape.watch(w)
        count, y = loop(x, w, limit)
        loss = ops.sum(y * y * y) + ops.sum(x)
    return [count, loss, *tape.gradient(loss, [x, w])]


@pytest.mark.parametrize("limit", [0, 1, 4, 1000])
def test_gradients_of_a_while_loop_are_those_of_its_steps(limit):
    x = np.random.default_rng(1).normal(size=(3, 4)).astype("float64")
    w = np.random.default_rng(2).normal(size=(4, 4)).astype("float64")
    traced = Function(lambda x, w, limit: loss_and_gradients(growing, x, w, limit))
    given = traced(x, w, np.asarray(limit, "int32"))
    expected = loss_and_gradients(python_growing, ops.convert_to_tensor(x), ops.convert_to_tensor(w), limit)
    assert int(given[0]) == int(expected[0])
    for a, b in zip(given[1:], expected[1:], strict=True):
        # A loop of no steps never saw w.
        np.testing.assert_allclose(np.asarray(a), 0 if b is None else np.asarray(b), rtol=1e-12, atol=1e-12)


def test_gradients_of_a_while_loop_are_the_numeric_ones():
    x = np.random.default_rng(1).normal(size=(3, 4)).astype("float64")
    w = np.random.default_rng(2).normal(size=(4, 4)).astype("float64")
    traced = Function(lambda x, w, limit: loss_and_gradients(growing, x, w, limit))
    five = np.asarray(5, "int32")
    _, _, for_x, for_w = traced(x, w, five)
    for operand, gradient in ((x, for_x), (w, for_w)):
        for place in ((0, 0), (1, 2), (2, 3)):
            values = []
            for step in (1e-6, -1e-6):
                moved = operand.copy()
                moved[place] += step
                values.append(float(traced(*(moved if a is operand else a for a in (x, w)), five)[1]))
            assert float(np.asarray(gradient)[place]) == pytest.approx((values[0] - values[1]) / 2e-6, rel=1e-6)


def test_a_second_gradient_of_a_while_loop_says_that_it_is_not_there():
    def second(x, limit):
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape() as inner:
                inner.watch(x)
                y = ops.while_loop(lambda i, x: i < limit, lambda i, x: (i + 1, x * x), (0, x))[1]
            first = inner.gradient(y, x)
        return outer.gradient(first, x)

    with pytest.raises(NotImplementedError, match="second gradient of a loop of unknown length"):
        Function(second)(np.asarray(1.5), np.asarray(3, "int32"))
