"""Constraints: values of Keras, names, configs, errors."""

import os
import sys

import numpy as np
import pytest

import keraunos
from keraunos import constraints

HERE = os.path.dirname(__file__)
sys.path[:0] = [HERE, os.path.join(HERE, "..", "oracle")]

import constraint_cases
from recorded import missing_case, recorded

RECORDED = recorded("constraints")
CASES = constraint_cases.cases()


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_keras(case):
    np.testing.assert_allclose(constraint_cases.run(keraunos, *CASES[case]), RECORDED[case], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", [cls.__name__ for cls in constraints.ALL_OBJECTS])
def test_every_public_constraint_has_a_case(name):
    known = name in constraint_cases.CASES or name in constraint_cases.WITHOUT_VALUES
    assert known, missing_case("constraints", name)


@pytest.mark.parametrize("case", CASES)
def test_a_config_makes_the_same_constraint(case):
    name, arguments = CASES[case]
    constraint = getattr(constraints, name)(**arguments)
    again = constraints.deserialize(constraints.serialize(constraint))
    assert again.get_config() == constraint.get_config()


@pytest.mark.parametrize(("name", "cls"), [("max_norm", "MaxNorm"), ("non_neg", "NonNeg"), ("unit_norm", "UnitNorm"), ("min_max_norm", "MinMaxNorm")])
def test_lower_case_names(name, cls):
    assert isinstance(constraints.get(name), getattr(constraints, cls))
    assert getattr(constraints, name) is getattr(constraints, cls)


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="Could not interpret constraint identifier: foo"):
        constraints.get("foo")
