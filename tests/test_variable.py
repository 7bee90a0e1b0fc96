"""`Variable` and the scopes around it."""

import copy
import pickle

import numpy as np
import pytest

from keraunos import StatelessScope, Variable, backend, name_scope, ops
from keraunos.variable import AutocastScope


def test_assigning_casts_and_returns_the_value():
    variable = Variable([1.0, 2.0])
    value = variable.assign(np.array([3, 4]))
    assert value.dtype == "float32"
    assert variable.numpy().tolist() == [3.0, 4.0]


def test_assigning_another_shape_fails_and_changes_nothing():
    variable = Variable([1.0, 2.0])
    with pytest.raises(ValueError, match="must match"):
        variable.assign([1.0, 2.0, 3.0])
    assert variable.numpy().tolist() == [1.0, 2.0]


def test_a_snapshot_does_not_change_with_the_variable():
    variable = Variable([1.0])
    before = variable.value
    variable.assign([2.0])
    assert before.numpy().tolist() == [1.0]


def test_a_path_holds_the_scopes():
    with name_scope("outer"), name_scope("inner"):
        variable = Variable(1.0, name="v")
    assert variable.path == "outer/inner/v"


def test_a_name_with_a_slash_is_refused():
    with pytest.raises(ValueError, match="cannot contain character `/`"):
        Variable(1.0, name="a/b")


def test_an_initializer_needs_a_shape():
    with pytest.raises(ValueError, match="`shape` argument should be specified"):
        Variable(lambda shape, dtype: ops.ones(shape, dtype))


def test_a_stateless_scope_keeps_assignments_to_itself():
    variable = Variable([1.0])
    with StatelessScope([(variable, [5.0])]) as scope:
        variable.assign_add([1.0])
        assert variable.value.numpy().tolist() == [6.0]
    assert variable.numpy().tolist() == [1.0]
    assert scope.get_current_value(variable).numpy().tolist() == [6.0]


def test_a_variable_made_in_a_stateless_scope_gets_its_value_at_the_end():
    with StatelessScope():
        variable = Variable(lambda shape, dtype: ops.ones(shape, dtype), shape=(2,))
        assert variable._handle is None
    assert variable.numpy().tolist() == [1.0, 1.0]


def test_floats_are_read_cast_inside_an_autocast_scope():
    variable, counter = Variable([1.0]), Variable([1], dtype="int32")
    with AutocastScope("float16"):
        assert variable.value.dtype == variable.dtype == "float16"
        assert counter.value.dtype == "int32"
    assert variable.dtype == "float32"


def test_operators_give_tensors():
    variable = Variable([1.0, 2.0])
    assert (variable + 1).numpy().tolist() == [2.0, 3.0]
    assert (2 / variable).numpy().tolist() == [2.0, 1.0]
    assert (np.array([1.0, 1.0], "float32") - variable).numpy().tolist() == [0.0, -1.0]
    assert (variable == [1.0, 3.0]).numpy().tolist() == [True, False]
    assert variable[1].numpy() == 2.0


def test_copies_are_independent():
    variable = Variable([1.0], name="v")
    for other in (copy.deepcopy(variable), pickle.loads(pickle.dumps(variable))):
        other.assign([7.0])
        assert (other.path, variable.numpy().tolist()) == ("v", [1.0])


def test_automatic_names_start_again_after_clear_session():
    backend.clear_session()
    assert [Variable(1.0).name, Variable(1.0).name] == ["variable", "variable_1"]
    backend.clear_session()
    assert Variable(1.0).name == "variable"
