"""Names and order of losses and metrics in logs and results, as real Keras 3.15.1 has them."""

import numpy as np
import pytest

import keraunos
from keraunos import layers, ops

X = np.ones((4, 3), "float32")
Y = np.ones((4, 2), "float32")


class TwoOutputs(keraunos.Model):
    def __init__(self, kind):
        super().__init__()
        self.kind = kind
        self.a = layers.Dense(2)
        self.b = layers.Dense(2)

    def call(self, x):
        if self.kind == "list":
            return [self.a(x), self.b(x)]
        return {"p": self.a(x), "q": [self.b(x), self.a(x)]}


def functional(names=("u", "v"), as_dict=False):
    inputs = keraunos.Input((3,))
    outputs = [layers.Dense(2, name=name)(inputs) for name in names]
    if as_dict:
        outputs = {"k1": outputs[0], "k2": outputs[1]}
    return keraunos.Model(inputs, outputs)


def first(as_metric):
    inputs = keraunos.Input((3,))
    model = keraunos.Model(inputs, layers.Dense(2, name="u")(inputs))
    model.compile("sgd", ["mse"], metrics=as_metric)
    return model


def own(y_true, y_pred):
    return ops.mean(y_true - y_pred)


CASES = {
    "list of a subclass": (
        lambda: TwoOutputs("list"),
        {"loss": ["mse", "mae"], "metrics": ["mse", ["mae"]]},
        [Y, Y],
        ["loss", "mae", "mae_loss", "mse", "mse_loss"],
    ),
    "nested outputs": (
        lambda: TwoOutputs("nested"),
        {"loss": "mse", "metrics": {"p": "mae", "q": ["mae", ["mse", "mae"]]}},
        {"p": Y, "q": [Y, Y]},
        ["loss", "mae", "mae_1", "mae_2", "mse", "p_loss", "q/mse_loss"],
    ),
    "functional": (
        functional,
        {"loss": "mse", "metrics": ["acc", "acc"], "weighted_metrics": [["mse"], ["mse"]]},
        [Y, Y],
        ["loss", "u_acc", "u_loss", "u_mse", "v_acc", "v_loss", "v_mse"],
    ),
    "functional, dicts by name": (
        functional,
        {"loss": {"v": "mae", "u": "mse"}, "metrics": {"v": ["mae"]}, "loss_weights": {"u": 2, "v": 1}},
        {"u": Y, "v": Y},
        ["loss", "u_loss", "v_loss", "v_mae"],
    ),
    "dict outputs": (
        lambda: functional(as_dict=True),
        {"loss": {"k1": "mse", "k2": "mae"}, "metrics": {"k1": "acc"}},
        {"k1": Y, "k2": Y},
        ["k1_acc", "k1_loss", "k2_loss", "loss"],
    ),
    "one loss of two": (
        functional,
        {"loss": ["mse", None]},
        Y,
        ["loss"],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_history_has_the_names_of_keras(name):
    make, arguments, y, names = CASES[name]
    model = make()
    model.compile("sgd", **arguments)
    assert list(model.fit(X, y, verbose=0).history) == names


def test_metrics_are_named_after_what_was_given():
    model = first(["acc", "mse", keraunos.metrics.MeanAbsoluteError(), own])
    history = model.fit(X, Y, verbose=0).history
    assert list(history) == ["acc", "loss", "mean_absolute_error", "mse", "own"]


def test_validation_logs_come_after_those_of_training():
    history = first(["mae"]).fit(X, Y, validation_data=(X, Y), verbose=0).history
    assert list(history) == ["loss", "mae", "val_loss", "val_mae"]


def test_metrics_names_are_those_of_keras():
    model = functional()
    model.compile("sgd", "mse", metrics=["acc", "acc"])
    model.fit(X, [Y, Y], verbose=0)
    assert model.metrics_names == ["loss", "compile_metrics", "u_loss", "v_loss"]


def test_evaluate_returns_a_list_in_the_order_of_the_metrics():
    model = functional(as_dict=True)
    model.compile("sgd", {"k1": "mse", "k2": "mae"}, metrics={"k1": "acc"})
    y = {"k1": Y, "k2": Y}
    values = model.evaluate(X, y, verbose=0)
    logs = model.evaluate(X, y, verbose=0, return_dict=True)
    assert values == [logs[name] for name in ("loss", "k1_loss", "k2_loss", "k1_acc")]


def test_evaluate_without_metrics_returns_a_number():
    assert isinstance(first(None).evaluate(X, Y, verbose=0), float)


@pytest.mark.parametrize(
    ("units", "y", "metric"),
    [
        (1, np.ones((4, 1)), "BinaryAccuracy"),
        (3, np.ones((4, 1)), "SparseCategoricalAccuracy"),
        (3, np.ones(4), "SparseCategoricalAccuracy"),
        (3, np.ones((4, 3)), "CategoricalAccuracy"),
    ],
)
@pytest.mark.parametrize("word", ["accuracy", "acc"])
def test_accuracy_is_chosen_by_the_shapes(units, y, metric, word):
    model = keraunos.Sequential([layers.Dense(units, activation="sigmoid")])
    model.compile("sgd", loss="crossentropy", metrics=[word])
    assert list(model.fit(X, y, verbose=0).history) == sorted([word, "loss"])
    assert type(model._compile_metrics.metrics[0]).__name__ == metric


def test_weighted_metrics_use_the_weights_and_others_do_not():
    model = first(None)
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mae"])
    weights = np.array([1.0, 0, 0, 1], "float32")
    y = np.arange(8, dtype="float32").reshape(4, 2)
    logs = model.evaluate(X, y, sample_weight=weights, verbose=0, return_dict=True)
    error = np.abs(model.predict(X, verbose=0) - y).mean(1)
    assert logs["mae"] == pytest.approx(error.mean(), rel=1e-6)
    assert logs["weighted_mae"] == pytest.approx(error[[0, 3]].mean(), rel=1e-6)
