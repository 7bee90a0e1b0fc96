"""Training follows real Keras, step by step, for every optimizer."""

import os
import sys

import numpy as np
import pytest

import keraunos

HERE = os.path.dirname(__file__)
sys.path.insert(0, os.path.join(HERE, "..", "oracle"))

import loss_curve_models as curves  # noqa: E402

RECORDED = np.load(os.path.join(HERE, "..", "data", "loss_curves.npz"))


@pytest.mark.parametrize(("model", "optimizer"), curves.CURVES)
def test_losses_follow_those_of_keras(model, optimizer):
    if model == "d" and "KERAUNOS_CPU_LEVEL" in os.environ:
        pytest.skip("takes a minute: runs at the level of the machine")
    losses = np.asarray(curves.run(keraunos, model, optimizer))
    error = np.abs(losses / RECORDED[f"{model}/{optimizer}"] - 1)
    # Both compute in float32: rounding differs and grows with every step.
    assert error[0] < 1e-6
    assert error[:10].max() < 1e-5
    assert error.max() < 1e-4


@pytest.mark.parametrize("model", curves.MODELS)
def test_fit_and_train_on_batch_give_the_same_weights(model):
    x, y = curves.make_data(model)
    by_batch, arguments = curves.make_model(keraunos, model)
    by_batch.compile("adam", **arguments)
    for x_batch, y_batch in curves.batches(x, y):
        by_batch.train_on_batch(x_batch, y_batch)
    by_epoch, _ = curves.make_model(keraunos, model)
    by_epoch.compile("adam", **arguments)
    by_epoch.fit(x, y, batch_size=curves.BATCH, epochs=10, shuffle=False, verbose=0)
    for a, b in zip(by_batch.get_weights(), by_epoch.get_weights()):
        np.testing.assert_array_equal(a, b)
