"""Initializers: values of Keras, distributions, seeds, names, configs, errors."""

import json
import os
import sys

import numpy as np
import pytest

import keraunos
from keraunos import initializers

HERE = os.path.dirname(__file__)
sys.path[:0] = [HERE, os.path.join(HERE, "..", "oracle")]

import initializer_cases
from recorded import missing_case, recorded

RECORDED = recorded("initializers")
CASES = initializer_cases.cases()
DISTRIBUTIONS = initializer_cases.DISTRIBUTIONS


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_keras(case):
    np.testing.assert_allclose(initializer_cases.run(keraunos, *CASES[case]), RECORDED[case], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_mean_deviation_and_bounds(name):
    shape, arguments, mean, deviation, bound = DISTRIBUTIONS[name]
    values = np.asarray(getattr(initializers, name)(seed=1, **arguments)(shape))
    assert values.shape == shape
    assert values.dtype == np.float32
    # 180,000 values and more: five standard errors of the mean, 1 % of the deviation.
    assert values.mean() == pytest.approx(mean, abs=5 * deviation / np.sqrt(values.size))
    assert values.std() == pytest.approx(deviation, rel=0.01)
    assert np.abs(values).max() <= bound


@pytest.mark.parametrize("name", [cls.__name__ for cls in initializers.ALL_OBJECTS])
def test_every_public_initializer_has_a_case(name):
    known = {*initializer_cases.CASES, *DISTRIBUTIONS, *initializer_cases.WITHOUT_VALUES}
    assert name in known, missing_case("initializers", name)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_seed_and_a_config_give_the_same_values_again(name):
    initializer = getattr(initializers, name)(seed=3)
    again = initializers.deserialize(json.loads(json.dumps(initializers.serialize(initializer))))
    for other in (initializer, again, initializer.clone()):
        np.testing.assert_array_equal(np.asarray(initializer((3, 4))), np.asarray(other((3, 4))))
    assert not np.array_equal(np.asarray(initializer((3, 4))), np.asarray(getattr(initializers, name)(seed=4)((3, 4))))


def test_a_seed_generator_gives_new_values_each_time():
    initializer = initializers.RandomNormal(seed=keraunos.random.SeedGenerator(1))
    assert not np.array_equal(np.asarray(initializer((3,))), np.asarray(initializer((3,))))


@pytest.mark.parametrize("shape", [(4, 7), (7, 4), (5, 5), (2, 3, 4)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape):
    matrix = np.asarray(initializers.Orthogonal(seed=1)(shape)).reshape(-1, shape[-1])
    if matrix.shape[0] < matrix.shape[1]:
        matrix = matrix.T
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(matrix.shape[1]), atol=1e-6)


@pytest.mark.parametrize(
    ("shape", "fans"), [((), (1, 1)), ((3,), (3, 3)), ((3, 4), (3, 4)), ((5, 3, 4), (15, 20)), ((2, 5, 3, 4), (30, 40))]
)
def test_fans(shape, fans):
    from keraunos.initializers.random_initializers import compute_fans

    assert compute_fans(shape) == fans


@pytest.mark.parametrize("name", ["zeros", "ones", "he_normal", "HeNormal", "glorot_uniform", "normal", "uniform", "orthogonal", "one", "zero"])
def test_names(name):
    assert isinstance(initializers.get(name), initializers.Initializer)


def test_an_array_is_an_initializer_for_its_shape():
    initializer = initializers.get(np.arange(4.0))
    np.testing.assert_array_equal(np.asarray(initializer((4,), dtype="float32")), np.arange(4.0))
    with pytest.raises(ValueError, match=r"\(4,\)"):
        initializer((5,))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.get("glorot"), "Could not interpret initializer identifier: glorot.*'GlorotNormal'"),
        (lambda: initializers.VarianceScaling(scale=-1.0), "scale=-1.0"),
        (lambda: initializers.VarianceScaling(mode="fan"), "fan_in"),
        (lambda: initializers.VarianceScaling(distribution="cauchy"), "cauchy"),
        (lambda: initializers.Identity()((2, 3, 4)), "2D"),
        (lambda: initializers.Orthogonal()((3,)), "at least two-dimensional"),
        (lambda: initializers.RandomNormal(seed="x"), "seed=x"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
