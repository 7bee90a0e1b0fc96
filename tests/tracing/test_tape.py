"""GradientTape against formulas and numeric gradients."""

import numpy as np
import pytest

import keraunos
from keraunos import ops
from keraunos.tracing import GradientTape


def test_a_second_derivative_through_nested_tapes():
    x = keraunos.Variable(2.0)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = x * x * x
        first = inner.gradient(y, x)
    assert float(first) == pytest.approx(12.0)
    assert float(outer.gradient(first, x)) == pytest.approx(12.0)


def test_a_tensor_is_followed_only_when_watched():
    x = ops.convert_to_tensor(3.0)
    with GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None
    with GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert float(tape.gradient(y, x)) == 6.0


def test_a_tape_that_is_not_persistent_gives_gradients_once():
    x = keraunos.Variable(1.0)
    with GradientTape() as tape:
        y = x * 2
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(y, x)


def test_a_persistent_tape_gives_them_again():
    x = keraunos.Variable(1.0)
    with GradientTape(persistent=True) as tape:
        y = x * 2
        z = y * y
    assert float(tape.gradient(y, x)) == 2.0
    assert float(tape.gradient(z, x)) == 8.0


def test_a_variable_that_is_not_trainable_is_not_watched_by_itself():
    x = keraunos.Variable(1.0, trainable=False)
    with GradientTape() as tape:
        y = x * 2
    assert tape.gradient(y, x) is None


def test_what_does_not_reach_the_target_is_none_or_zero():
    x, y = keraunos.Variable([1.0, 2.0]), keraunos.Variable(1.0)
    with GradientTape() as tape:
        loss = y * 2
    gradients = tape.gradient(loss, {"x": x, "y": y}, unconnected_gradients="zero")
    np.testing.assert_array_equal(gradients["x"], [0, 0])
    assert float(gradients["y"]) == 2.0


def test_stopped_recording_leaves_no_trace():
    x = keraunos.Variable(3.0)
    with GradientTape() as tape:
        with tape.stop_recording():
            constant = x * x
        y = constant * x
    assert float(tape.gradient(y, x)) == 9.0


def test_a_gradient_sums_what_broadcasting_repeated():
    bias = keraunos.Variable(np.zeros(3, "float32"))
    with GradientTape() as tape:
        loss = ops.sum(np.ones((5, 3), "float32") * bias)
    np.testing.assert_array_equal(tape.gradient(loss, bias), [5, 5, 5])


def test_a_custom_gradient_replaces_the_rule():
    @ops.custom_gradient
    def clipped(x):
        return ops.exp(x), lambda *args, upstream=None: ops.clip(upstream if upstream is not None else args[0], -1, 1)

    x = keraunos.Variable(5.0)
    with GradientTape() as tape:
        y = clipped(x.value) * 100
    assert float(tape.gradient(y, x)) == 1.0
