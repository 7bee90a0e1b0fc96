"""Regularizers: values of Keras, names, configs, errors."""

import os
import sys

import numpy as np
import pytest

import keraunos
from keraunos import regularizers

HERE = os.path.dirname(__file__)
sys.path[:0] = [HERE, os.path.join(HERE, "..", "oracle")]

import regularizer_cases
from recorded import missing_case, recorded

RECORDED = recorded("regularizers")
CASES = regularizer_cases.cases()


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_keras(case):
    np.testing.assert_allclose(regularizer_cases.run(keraunos, *CASES[case]), RECORDED[case], rtol=1e-6)


@pytest.mark.parametrize("name", [cls.__name__ for cls in regularizers.ALL_OBJECTS])
def test_every_public_regularizer_has_a_case(name):
    known = name in regularizer_cases.CASES or name in regularizer_cases.WITHOUT_VALUES
    assert known, missing_case("regularizers", name)


@pytest.mark.parametrize("case", CASES)
def test_a_config_makes_the_same_regularizer(case):
    name, arguments = CASES[case]
    regularizer = getattr(regularizers, name)(**arguments)
    again = regularizers.deserialize(regularizers.serialize(regularizer))
    assert again.get_config() == regularizer.get_config()


@pytest.mark.parametrize(("name", "cls"), [("l1", "L1"), ("l2", "L2"), ("l1l2", "L1L2"), ("l1_l2", "L1L2")])
def test_lower_case_names(name, cls):
    assert isinstance(regularizers.get(name), getattr(regularizers, cls))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: regularizers.get("l3"), "Could not interpret regularizer identifier: l3"),
        (lambda: regularizers.L2(-0.1), "non-negative.*l2=-0.1"),
        (lambda: regularizers.L1(float("nan")), "l1=nan"),
        (lambda: regularizers.OrthogonalRegularizer(mode="diagonal"), "mode=diagonal"),
        (lambda: regularizers.OrthogonalRegularizer()(np.ones(3)), r"rank 2.*\(3,\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
