"""Activations: values of Keras, names, configs, errors."""

import os
import sys
import types

import numpy as np
import pytest

import keraunos
from keraunos import activations

HERE = os.path.dirname(__file__)
sys.path[:0] = [HERE, os.path.join(HERE, "..", "oracle")]

import activation_cases
from recorded import missing_case, recorded

RECORDED = recorded("activations")
CASES = activation_cases.cases()
ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}
PUBLIC = sorted(
    name
    for name in dir(activations)
    if isinstance(getattr(activations, name), types.FunctionType) and getattr(activations, name).__module__.endswith("activations.activations")
)


@pytest.mark.parametrize("case", [case for case in CASES if not case.startswith("sparsemax")])
def test_values_are_those_of_keras(case):
    np.testing.assert_allclose(activation_cases.run(keraunos, *CASES[case]), RECORDED[case], rtol=2e-6, atol=1e-6)


def test_sparsemax_is_a_distribution_next_to_its_input():
    # Keras 3.15.1 is wrong for batches of rows: its results do not sum to 1.
    x = activation_cases.inputs()
    result = np.asarray(activations.sparsemax(x))
    np.testing.assert_allclose(result.sum(axis=-1), 1.0, rtol=1e-5)
    for row, projected in zip(x, result):
        threshold = (row - projected)[projected > 0]
        np.testing.assert_allclose(threshold, threshold[0], rtol=1e-4, atol=1e-4)
        assert np.all(row[projected == 0] <= threshold[0] + 1e-4)


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_activation_has_a_case_and_a_name(name):
    assert ALIASES.get(name, name) in activation_cases.CASES, missing_case("activations", name)
    function = activations.get(name)
    assert function is getattr(activations, name)
    assert activations.get(activations.serialize(function)) is function


def test_relu_of_nan_is_nan():
    assert np.isnan(float(activations.relu(float("nan"))))


@pytest.mark.parametrize(
    ("function", "x", "expected"),
    [
        (activations.sigmoid, [1000.0, -1000.0], [1.0, 0.0]),
        (activations.softplus, [1000.0, -1000.0], [1000.0, 0.0]),
        (activations.elu, [-1000.0], [-1.0]),
        (activations.gelu, [1e4, -1e4], [1e4, 0.0]),
        (activations.softmax, [1e4, 0.0], [1.0, 0.0]),
    ],
)
def test_edge_values(function, x, expected):
    np.testing.assert_allclose(np.asarray(function(np.array(x, dtype="float32"))), expected)


def test_none_is_linear_and_callables_pass():
    def double(x):
        return 2 * x

    assert activations.get(None) is activations.linear
    assert activations.get(double) is double


@pytest.mark.parametrize(("name", "near"), [("rellu", "'relu'"), ("softmaxx", "'softmax'")])
def test_an_unknown_name_is_refused_with_the_nearest(name, near):
    with pytest.raises(ValueError, match=f"Could not interpret activation function identifier: {name}.*{near}"):
        activations.get(name)


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in ("threshold", "linear")])
def test_activations_have_a_symbolic_form(name):
    x = keraunos.KerasTensor((None, 4))
    assert getattr(activations, name)(x).shape == ((None, 2) if name == "glu" else (None, 4))
