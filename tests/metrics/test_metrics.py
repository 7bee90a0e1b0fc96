"""Metrics: values of Keras, traced updates, state, errors, configs."""

import json
import os
import sys

import numpy as np
import pytest

import keraunos
from keraunos import metrics
from keraunos.tracing import Function

HERE = os.path.dirname(__file__)
sys.path[:0] = [HERE, os.path.join(HERE, "..", "oracle")]

import metric_cases
from recorded import missing_case, recorded

RECORDED = recorded("metrics")
CASES = metric_cases.cases()


def make(case):
    name, _, arguments = CASES[case]
    return getattr(metrics, name)(**arguments)


@pytest.mark.parametrize("case", CASES)
def test_values_are_those_of_keras(case):
    np.testing.assert_allclose(metric_cases.run(keraunos, *CASES[case]), RECORDED[case], rtol=5e-6, atol=1e-6)


class Traced:
    """A metric whose update and result are one traced function."""

    def __init__(self, metric):
        self.function = Function(lambda *batch: self.update_and_result(metric, *batch))

    @staticmethod
    def update_and_result(metric, *batch):
        metric.update_state(*batch)
        return metric.result()

    def update_state(self, *batch, sample_weight=None):
        weights = () if sample_weight is None else (sample_weight,)
        self.value = np.asarray(self.function(*batch, *weights), dtype="float32").reshape(-1)


@pytest.mark.parametrize("is_weighted", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_a_traced_update_gives_the_eager_result_for_any_batch_size(case, is_weighted):
    name, kind, _ = CASES[case]
    eager, metric = make(case), make(case)
    # Metrics that make their variables at the first update make them outside of the trace.
    metric_cases.update(metric, kind, 3, 8, False)
    metric.reset_state()
    traced = type(name, (Traced,), {})(metric)
    for seed, size in enumerate((7, 1, 5)):
        metric_cases.update(eager, kind, size, seed, is_weighted)
        metric_cases.update(traced, kind, size, seed, is_weighted)
        np.testing.assert_allclose(traced.value, metric_cases.numbers(keraunos, eager), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_stateless_calls_change_no_variable(case):
    _, kind, _ = CASES[case]
    metric, eager = make(case), make(case)
    metric_cases.update(metric, kind, 3, 8, False)
    metric.reset_state()
    before = [variable.numpy() for variable in metric.variables]

    class Stateless:
        def update_state(self, *batch, sample_weight=None):
            self.values = metric.stateless_update_state(before, *batch, sample_weight=sample_weight)

    stateless = type(type(metric).__name__, (Stateless,), {})()
    metric_cases.update(stateless, kind, 5, 2, False)
    metric_cases.update(eager, kind, 5, 2, False)
    result = np.asarray(metric.stateless_result(stateless.values), dtype="float32").reshape(-1)
    np.testing.assert_allclose(result, metric_cases.numbers(keraunos, eager), rtol=1e-6)
    for variable, value in zip(metric.variables, before):
        np.testing.assert_array_equal(variable.numpy(), value)
    for value in metric.stateless_reset_state():
        assert np.all(np.asarray(value) == 0)


@pytest.mark.parametrize("case", CASES)
def test_a_config_makes_the_same_metric(case):
    _, kind, _ = CASES[case]
    metric = make(case)
    again = metrics.deserialize(json.loads(json.dumps(metrics.serialize(metric))))
    assert again.get_config() == metric.get_config()
    for each in (metric, again):
        metric_cases.update(each, kind, 6, 3, False)
    np.testing.assert_array_equal(metric_cases.numbers(keraunos, again), metric_cases.numbers(keraunos, metric))


@pytest.mark.parametrize("name", [name for name in dir(metrics) if isinstance(getattr(metrics, name), type)])
def test_every_public_metric_has_a_case(name):
    known = name in metric_cases.CASES or name in metric_cases.VALUE_METRICS or name in metric_cases.WITHOUT_VALUES
    assert known, missing_case("metrics", name)


@pytest.mark.parametrize(
    ("metric", "y_true", "y_pred", "expected"),
    [
        (metrics.Precision, [0, 0], [0.0, 0.0], 0.0),
        (metrics.Recall, [0, 0], [0.0, 0.0], 0.0),
        (metrics.AUC, [1, 1], [0.2, 0.7], 0.0),
    ],
)
def test_nothing_to_count_gives_zero(metric, y_true, y_pred, expected):
    metric = metric()
    assert float(metric.result()) == 0.0
    metric.update_state(y_true, y_pred)
    assert float(metric.result()) == expected


def test_auc_with_a_nan_prediction_is_nan():
    metric = metrics.AUC()
    metric.update_state([1, 0, 1], [0.2, float("nan"), 0.9])
    assert np.isnan(float(metric.result()))


def test_auc_of_sorted_scores_is_the_share_of_ordered_pairs():
    random = np.random.RandomState(0)
    labels, scores = random.randint(0, 2, size=200), random.uniform(size=200)
    ordered = scores[labels == 1][:, None] > scores[labels == 0][None, :]
    metric = metrics.AUC(num_thresholds=20000)
    metric.update_state(labels, scores)
    assert float(metric.result()) == pytest.approx(ordered.mean(), abs=1e-3)


def test_variables_of_inner_metrics_are_found():
    class Both(metrics.Metric):
        def __init__(self):
            super().__init__()
            self.own = self.add_variable((), "zeros", name="own")
            self.inner = [metrics.Mean(), metrics.Sum()]

    assert [variable.path.split("/")[-1] for variable in Both().variables] == ["own", "total", "count", "total"]


def test_masked_predictions_do_not_count():
    y_pred = keraunos.ops.convert_to_tensor([[1.0], [5.0], [3.0]])
    y_pred._keras_mask = keraunos.ops.convert_to_tensor([True, False, True])
    metric = metrics.MeanAbsoluteError()
    metric.update_state(np.zeros((3, 1)), y_pred)
    assert float(metric.result()) == 2.0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: metrics.get("acuracy"), "Could not interpret metric identifier: acuracy. Did you mean 'Accuracy'"),
        (lambda: metrics.Precision(thresholds=[0.5, 1.5]), r"\[0, 1\].*1.5"),
        (lambda: metrics.AUC(curve="XY"), "Invalid AUC curve value"),
        (lambda: metrics.AUC(num_thresholds=1), "must be an integer > 1"),
        (lambda: metrics.AUC(num_labels=2), "only when `multi_label` is True"),
        (lambda: metrics.FBetaScore(beta=1), "Python float"),
        (lambda: metrics.IoU(num_classes=2, target_class_ids=[2]), "out of range"),
        (lambda: metrics.R2Score(num_regressors=-1), "num_regressors=-1"),
        (lambda: metrics.PrecisionAtRecall(recall=1.5), r"range \[0, 1\]"),
        (lambda: metrics.Mean().stateless_result([1.0]), "length 1, but expected 2"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()
