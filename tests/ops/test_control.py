"""Conditions, loops and scans, as Python and inside traces."""

import numpy as np
import pytest

from keraunos import KerasTensor, Variable, _core, ops


def traced(function, *arrays):
    trace = _core.Trace()
    with trace:
        inputs = [trace.input(str(a.dtype), (None, *a.shape[1:]) if a.ndim else (), "") for a in arrays]
        result = function(*inputs)
        graph = trace.finish([ops.convert_to_tensor(x) for x in (result if isinstance(result, tuple) else (result,))])
    return [x.numpy() for x in _core.Function(graph).call(list(arrays))]


X = np.arange(6, dtype="float32").reshape(3, 2)


@pytest.mark.parametrize("holds", [True, False])
def test_cond_takes_one_branch(holds):
    x = ops.convert_to_tensor(X)
    wanted = X + 1 if holds else X * 2

    def choose(pred, x):
        return ops.cond(pred, lambda: x + 1, lambda: x * 2)

    np.testing.assert_array_equal(choose(holds, x), wanted)
    np.testing.assert_array_equal(traced(choose, np.array(holds), X)[0], wanted)


def test_cond_in_a_trace_needs_the_same_structure():
    with pytest.raises(ValueError, match="same structure"):
        traced(lambda p: ops.cond(p, lambda: (1, 2), lambda: 1), np.array(True))


@pytest.mark.parametrize("index, wanted", [(-3, 1.0), (0, 1.0), (1, 4.0), (9, 4.0)])
def test_switch_clamps_its_index(index, wanted):
    def choose(i):
        return ops.switch(i, [lambda x: x, lambda x: x * 4], ops.array(1.0))

    assert float(choose(index)) == wanted
    assert traced(choose, np.array(index, "int32"))[0] == wanted


def test_while_loop_runs_as_long_as_the_condition_holds():
    def count(limit):
        return ops.while_loop(lambda i, s: i < limit, lambda i, s: (i + 1, s + i), (0, 0))[1]

    assert int(count(5)) == 10
    assert traced(count, np.array(5, "int32"))[0] == 10


def test_while_loop_stops_at_its_limit():
    assert int(ops.while_loop(lambda i: True, lambda i: i + 1, 0, maximum_iterations=3)) == 3


@pytest.mark.parametrize("reverse", [False, True])
def test_scan_carries_and_stacks(reverse):
    def sums(x):
        return ops.scan(lambda c, row: (c + row, c * 1), ops.zeros((2,)), x, reverse=reverse)

    order = X[::-1] if reverse else X
    carried = np.cumsum(order, axis=0) - order
    for total, ys in (sums(X), traced(sums, X)):
        np.testing.assert_array_equal(total, X.sum(0))
        np.testing.assert_array_equal(ys, carried[::-1] if reverse else carried)


def test_scan_may_give_nothing_but_its_carry():
    total, nothing = ops.scan(lambda c, x: (c + x, None), ops.array(0.0), ops.arange(4.0))
    assert float(total) == 6.0 and nothing is None


def test_gradients_flow_through_a_traced_scan():
    def loss_gradient(x):
        tape = _core.Tape()
        tape.start()
        tape.watch(x)
        total, _ = ops.scan(lambda c, row: (c * row, None), ops.ones((2,)), x)
        y = ops.sum(total)
        tape.stop()
        return tape.gradient([y], [x], None)[0]

    x = X + 1
    np.testing.assert_allclose(traced(loss_gradient, x)[0], np.prod(x, 0) / x, rtol=1e-5)


def test_fori_loop_counts():
    def powers(x):
        return ops.fori_loop(0, 3, lambda i, v: v * 2, x)

    np.testing.assert_array_equal(powers(X), X * 8)
    np.testing.assert_array_equal(traced(powers, X)[0], X * 8)


def test_associative_scan_gives_all_running_results():
    np.testing.assert_allclose(ops.associative_scan(lambda a, b: a * b, X + 1), np.cumprod(X + 1, axis=0))
    np.testing.assert_allclose(
        ops.associative_scan(lambda a, b: a + b, X, reverse=True), np.cumsum(X[::-1], axis=0)[::-1]
    )


def test_map_applies_to_rows():
    np.testing.assert_array_equal(ops.map(lambda row: ops.sum(row), X), X.sum(1))
    np.testing.assert_array_equal(ops.vectorized_map(lambda row: row * 2, X), X * 2)
    assert ops.map(lambda row: ops.sum(row), KerasTensor((None, 3))).shape == (None,)


def test_a_custom_gradient_replaces_the_own_one():
    @ops.custom_gradient
    def doubled(x):
        return x * 2, lambda upstream: upstream * 10

    x = ops.array([1.0, 2.0])
    tape = _core.Tape()
    tape.start()
    tape.watch(x)
    y = ops.sum(doubled(x))
    tape.stop()
    assert float(y) == 6.0
    assert tape.gradient([y], [x], None)[0].numpy().tolist() == [10.0, 10.0]


def test_shape_inference_changes_no_variable():
    counter = Variable(0.0)

    def count(x):
        counter.assign_add(1.0)
        return x + counter

    from keraunos.backend import compute_output_spec

    assert compute_output_spec(count, KerasTensor((None, 2))).shape == (None, 2)
    assert float(counter) == 0.0
