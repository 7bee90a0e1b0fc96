"""Losses: values of Keras, edge values, traced calls, errors, configs."""

import json
import os
import sys

import numpy as np
import pytest

import keraunos
from keraunos import losses
from keraunos.tracing import Function

HERE = os.path.dirname(__file__)
sys.path[:0] = [HERE, os.path.join(HERE, "..", "oracle")]

import loss_cases
from recorded import missing_case, recorded

RECORDED = recorded("losses")
INF, NAN = float("inf"), float("nan")


@pytest.mark.parametrize("case", loss_cases.cases())
def test_values_are_those_of_keras(case):
    values, numbers = loss_cases.run(keraunos, *loss_cases.cases()[case])
    np.testing.assert_allclose(values, RECORDED[f"{case}/0"], rtol=2e-6, atol=1e-6)
    np.testing.assert_allclose(numbers, RECORDED[f"{case}/1"], rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("reduction", ["none", "sum", "sum_over_batch_size", "mean_with_sample_weight"])
@pytest.mark.parametrize("case", loss_cases.cases())
def test_a_traced_loss_gives_the_eager_value_for_any_batch_size(case, reduction):
    name, kind, arguments = loss_cases.cases()[case]
    y_true, y_pred = loss_cases.inputs(kind)
    loss = getattr(losses, name)(reduction=reduction, **arguments)
    traced = Function(lambda a, b: loss(a, b))
    for size in (len(y_true), 2, 1):
        expected = np.asarray(loss(y_true[:size], y_pred[:size]))
        np.testing.assert_allclose(np.asarray(traced(y_true[:size], y_pred[:size])), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", [name for name in dir(losses) if isinstance(getattr(losses, name), type)])
def test_every_public_loss_has_a_case(name):
    assert name in loss_cases.CASES or name in loss_cases.WITHOUT_VALUES, missing_case("losses", name)


@pytest.mark.parametrize("case", loss_cases.cases())
def test_a_config_makes_the_same_loss(case):
    name, kind, arguments = loss_cases.cases()[case]
    loss = getattr(losses, name)(**arguments)
    again = losses.deserialize(json.loads(json.dumps(losses.serialize(loss))))
    # JSON has no tuples.
    assert json.dumps(again.get_config()) == json.dumps(loss.get_config())
    assert float(again(*loss_cases.inputs(kind))) == float(loss(*loss_cases.inputs(kind)))


EDGES = [
    (losses.binary_crossentropy, [[1.0]], [[0.0]], {}, 16.118095),
    (losses.binary_crossentropy, [[0.0]], [[1.0]], {}, 15.942385),
    (losses.binary_crossentropy, [[1.0]], [[1.0]], {}, 1.19e-7),
    (losses.binary_crossentropy, [[1.0]], [[1.5]], {}, 1.19e-7),
    (losses.binary_crossentropy, [[1.0]], [[NAN]], {}, NAN),
    (losses.binary_crossentropy, [[0.0]], [[1e4]], {"from_logits": True}, 1e4),
    (losses.binary_crossentropy, [[0.0]], [[-1e4]], {"from_logits": True}, 0.0),
    (losses.categorical_crossentropy, [[0.0, 1.0]], [[0.0, 0.0]], {}, 16.118095),
    (losses.categorical_crossentropy, [[0.0, 1.0]], [[2.0, 2.0]], {}, 0.6931472),
    (losses.categorical_crossentropy, [[0.0, 1.0]], [[1e38, 0.0]], {"from_logits": True}, 1e38),
    (losses.sparse_categorical_crossentropy, [1], [[1e4, 0.0]], {"from_logits": True}, 1e4),
    (losses.sparse_categorical_crossentropy, [1], [[0.0, 0.0]], {}, 16.118095),
    (losses.kl_divergence, [[1.0, 0.0]], [[0.0, 1.0]], {}, 16.118093),
    (losses.poisson, [[1.0]], [[0.0]], {}, 16.118095),
    (losses.mean_squared_logarithmic_error, [[1.0]], [[-2.0]], {}, 0.48045287),
    (losses.mean_absolute_percentage_error, [[0.0]], [[1.0]], {}, 1e9),
    (losses.cosine_similarity, [[0.0, 0.0]], [[0.0, 0.0]], {}, 0.0),
    (losses.log_cosh, [[0.0]], [[1e4]], {}, 9999.3066),
    (losses.log_cosh, [[0.0]], [[-1e4]], {}, 9999.3066),
    (losses.huber, [[0.0]], [[INF]], {}, INF),
    (losses.mean_squared_error, [[0.0]], [[1e30]], {}, INF),
    (losses.hinge, [[0.0, 1.0]], [[0.5, 0.5]], {}, 1.0),
]


@pytest.mark.parametrize(("function", "y_true", "y_pred", "arguments", "expected"), EDGES)
def test_edge_values(function, y_true, y_pred, arguments, expected):
    value = float(np.asarray(function(y_true, y_pred, **arguments))[0])
    assert value == pytest.approx(expected, rel=1e-5, abs=1e-8, nan_ok=True)


def gradient_of(loss, x):
    variable = keraunos.Variable(np.asarray(x, dtype="float32"))
    with keraunos.GradientTape() as tape:
        value = loss(variable.value)
    return float(value), np.asarray(tape.gradient(value, variable))


@pytest.mark.parametrize(
    "loss",
    [
        lambda x: losses.SparseCategoricalCrossentropy(ignore_class=1)([1, 1], x),
        lambda x: losses.MeanSquaredError()(np.ones((2, 2)), x, sample_weight=[0.0, 0.0]),
    ],
)
def test_ignored_samples_give_loss_and_gradient_zero(loss):
    value, gradient = gradient_of(loss, [[0.3, 0.7], [0.5, 0.5]])
    assert value == 0.0
    assert np.all(gradient == 0.0)


def test_circle_loss_of_a_sample_without_partner_has_a_finite_gradient():
    _, gradient = gradient_of(lambda x: losses.Circle()([0, 1], x), [[0.6, 0.8], [1.0, 0.0]])
    assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred", "hint"),
    [
        ("MeanSquaredError", (8, 2), (8, 3), ""),
        ("MeanSquaredError", (8, 1), (8, 3), ""),
        ("MeanAbsoluteError", (8,), (8, 3), ""),
        ("BinaryCrossentropy", (8, 2), (8, 3), ""),
        ("CategoricalCrossentropy", (8,), (8, 3), "sparse_categorical_crossentropy"),
        ("CategoricalCrossentropy", (8, 1), (8, 3), "sparse_categorical_crossentropy"),
        ("SparseCategoricalCrossentropy", (8, 3), (8, 3), "`categorical_crossentropy`"),
    ],
)
def test_shapes_that_do_not_fit_are_named(loss, y_true, y_pred, hint):
    with pytest.raises(ValueError) as error:
        getattr(losses, loss)()(np.zeros(y_true), np.ones(y_pred))
    assert str(y_true) in str(error.value)
    assert str(y_pred) in str(error.value)
    assert hint in str(error.value)


def test_a_vector_of_targets_fits_a_column_of_predictions():
    assert float(losses.MeanSquaredError()(np.zeros(8), np.ones((8, 1)))) == 1.0


def test_sample_weights_of_another_shape_are_refused_with_both_shapes():
    with pytest.raises(ValueError, match=r"\(8, 3\) for loss values of shape \(8,\)"):
        losses.MeanSquaredError()(np.zeros((8, 2)), np.ones((8, 2)), sample_weight=np.ones((8, 3)))


@pytest.mark.parametrize("label", [7, -1])
def test_a_label_out_of_range_is_named(label):
    with pytest.raises(IndexError, match=rf"\[0, 3\).*label {label} at position 1"):
        losses.SparseCategoricalCrossentropy()([0, label], [[0.2, 0.3, 0.5], [0.2, 0.3, 0.5]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: losses.get("msee"), "Could not interpret loss identifier: msee. Did you mean 'mse'"),
        (lambda: losses.get(5), "Could not interpret loss identifier: 5"),
        (lambda: losses.MeanSquaredError(reduction="average"), "sum_over_batch_size.*reduction=average"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=2), r"label_smoothing.*\[0, 1\].*2"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1.0), r"q must be in the interval \(0, 1\)"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_a_loss_function_without_return_is_named():
    def forgetful(y_true, y_pred):
        y_true - y_pred

    with pytest.raises(ValueError, match="'forgetful' must return"):
        losses.LossFunctionWrapper(forgetful)(np.ones(2), np.ones(2))


@pytest.mark.parametrize(
    ("name", "function"),
    [("mse", "mean_squared_error"), ("MAE", "mean_absolute_error"), ("bce", "binary_crossentropy"), ("KLD", "kl_divergence")],
)
def test_short_names_stand_for_functions(name, function):
    assert losses.get(name) is getattr(losses, function)
    assert losses.get(function) is getattr(losses, function)


def test_a_registered_function_is_found_by_name():
    with keraunos.saving.custom_object_scope({"half": lambda y_true, y_pred: y_pred / 2}):
        assert losses.get("half") is not None


@pytest.mark.parametrize("case", loss_cases.cases())
def test_gradients_are_the_numeric_ones(case):
    name, kind, arguments = loss_cases.cases()[case]
    y_true, y_pred = loss_cases.inputs(kind)
    loss = getattr(losses, name)(dtype="float64", **arguments)
    x = keraunos.Variable(y_pred.astype("float64"))
    with keraunos.GradientTape() as tape:
        value = loss(y_true, x.value)
    gradient = np.asarray(tape.gradient(value, x))
    direction = np.random.RandomState(1).normal(size=y_pred.shape)
    step = 1e-6
    above, below = (float(loss(y_true, y_pred + sign * step * direction)) for sign in (1, -1))
    assert np.sum(gradient * direction) == pytest.approx((above - below) / (2 * step), rel=1e-3, abs=1e-5)
