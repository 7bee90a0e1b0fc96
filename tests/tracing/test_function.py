"""Tracing: one trace serves many shapes, state moves as in Python, and what cannot be traced says so."""

import numpy as np
import pytest

import keraunos
from keraunos import ops
from keraunos.tracing import Function, GradientTape, TraceError, is_tracing, user_line


def test_a_new_batch_size_needs_no_new_trace():
    function = Function(lambda x: ops.sum(x * 2, axis=1))
    for rows in (1, 3, 32, 5):
        x = np.arange(rows * 4, dtype="float32").reshape(rows, 4)
        np.testing.assert_allclose(function(x), (x * 2).sum(axis=1))
    assert function.trace_count == 1


def test_a_size_that_changes_is_left_open_from_then_on():
    function = Function(lambda x: ops.mean(x, axis=-1))
    for width in (4, 5, 6, 7):
        x = np.ones((2, width), "float32")
        np.testing.assert_allclose(function(x), [1.0, 1.0])
    assert function.trace_count == 2


def test_another_dtype_is_another_trace():
    function = Function(lambda x: x + 1)
    assert function(np.ones(3, "float32")).dtype == "float32"
    assert function(np.ones(3, "int32")).dtype == "int32"
    assert function.trace_count == 2


def test_results_keep_their_structure_and_their_constants():
    function = Function(lambda x: {"double": x * 2, "more": [x, "word", None]})
    result = function(np.ones(2, "float32"))
    np.testing.assert_allclose(result["double"], [2, 2])
    np.testing.assert_allclose(result["more"][0], [1, 1])
    assert result["more"][1:] == ["word", None]


def test_code_that_needs_sizes_as_numbers_is_traced_with_the_sizes_at_hand():
    function = Function(lambda x: sum(x[i] for i in range(x.shape[0])))
    np.testing.assert_allclose(function(np.ones((3, 2), "float32")), [3, 3])
    np.testing.assert_allclose(function(np.ones((5, 2), "float32")), [5, 5])


def test_assigning_a_variable_in_a_trace_changes_it_at_every_call():
    counter = keraunos.Variable(0.0)

    def step(x):
        before = counter.value
        counter.assign_add(ops.sum(x))
        return before, counter.value

    function = Function(step)
    for call in range(3):
        before, after = function(np.ones(4, "float32"))
        assert float(before) == 4.0 * call
        assert float(after) == 4.0 * (call + 1)
    assert float(counter.value) == 12.0


def test_reading_a_value_in_a_trace_names_the_line():
    def branching(x):
        if ops.sum(x) > 0:
            return x
        return -x

    with pytest.raises(TraceError) as caught:
        Function(branching)(np.ones(2, "float32"))
    assert "ops.cond" in str(caught.value)
    line = branching.__code__.co_firstlineno + 1
    assert user_line(caught.value) == f"{__file__}:{line}"


def test_a_traced_tensor_cannot_leave_its_trace():
    kept = []
    Function(lambda x: kept.append(x * 2) or x)(np.ones(2, "float32"))
    with pytest.raises(TraceError, match="trace"):
        kept[0] + 1


def test_a_function_inside_a_function_is_part_of_its_trace():
    inner = Function(lambda x: ops.exp(x))

    def outer(x):
        assert is_tracing()
        return inner(x) + 1

    np.testing.assert_allclose(Function(outer)(np.zeros(3, "float32")), [2, 2, 2])
    assert inner.trace_count == 0


def test_a_gradient_inside_a_trace_equals_the_eager_one():
    weight = keraunos.Variable(np.array([1.0, -2.0, 3.0], "float32"))

    def gradient(x):
        with GradientTape() as tape:
            loss = ops.sum(ops.tanh(weight * x) ** 2)
        return tape.gradient(loss, weight)

    x = np.array([0.3, 0.1, -0.7], "float32")
    np.testing.assert_allclose(Function(gradient)(x), gradient(x), rtol=1e-6)


def test_an_empty_batch_gives_an_empty_result():
    function = Function(lambda x: ops.relu(ops.matmul(x, np.ones((4, 3), "float32"))))
    assert function(np.ones((0, 4), "float32")).shape == (0, 3)
