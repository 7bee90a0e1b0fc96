"""Predictions outside [0, 1] in a crossentropy of probabilities are warned of once, wherever they were met."""

import warnings

import numpy as np
import pytest

import keraunos
from keraunos import _core, layers, losses
from keraunos.ops import _improbable

X = np.ones((8, 4), "float32")
Y = np.ones((8, 1), "float32")
TEXT = r"outside \[0, 1\].*`from_logits=True`"


@pytest.fixture(autouse=True)
def nothing_was_met(monkeypatch):
    monkeypatch.setattr(_improbable, "_has_warned", False)
    _core.take_improbable()


def make(activation=None, **arguments):
    model = keraunos.Sequential([keraunos.Input((4,)), layers.Dense(1, activation, kernel_initializer="ones")])
    model.compile("sgd", losses.BinaryCrossentropy(**arguments))
    return model


RUNS = {
    "fit": lambda model: model.fit(X, Y, verbose=0),
    "train_on_batch": lambda model: model.train_on_batch(X, Y),
    "evaluate": lambda model: model.evaluate(X, Y, verbose=0),
    "the loss alone": lambda model: losses.binary_crossentropy(Y, model(X)),
}


@pytest.mark.parametrize("run", RUNS)
def test_it_is_warned_of_once(run):
    model = make()
    with pytest.warns(UserWarning, match=TEXT):
        RUNS[run](model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RUNS[run](model)


@pytest.mark.parametrize("run", RUNS)
def test_probabilities_are_not_warned_of(run):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RUNS[run](make("sigmoid"))


def test_logits_and_nan_are_not_warned_of():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RUNS["fit"](make(from_logits=True))
        assert np.isnan(losses.binary_crossentropy([[1.0]], [[np.nan]]))[0]
