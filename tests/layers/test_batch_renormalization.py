"""`BatchNormalization(renorm=True)` against the formulas of Ioffe, 2017, in NumPy."""

import numpy as np
import pytest

import keraunos
from keraunos import layers, ops

RNG = np.random.default_rng(11)
EPSILON = 1e-3


def renormalized(x, state, clipping, momentum, renorm_momentum):
    """Outputs of a training step; `state` moves on."""
    mean, stddev = x.mean(axis=0), np.sqrt(x.var(axis=0) + EPSILON)
    running = np.maximum(state["renorm_stddev"], np.sqrt(EPSILON))
    r, d = stddev / running, (mean - state["renorm_mean"]) / running
    r = np.clip(r, clipping.get("rmin"), clipping.get("rmax")) if "rmin" in clipping or "rmax" in clipping else r
    d = np.clip(d, -clipping["dmax"], clipping["dmax"]) if "dmax" in clipping else d
    moved = {"renorm_mean": mean, "renorm_stddev": stddev, "moving_mean": mean, "moving_stddev": stddev}
    for name, new in moved.items():
        kept = renorm_momentum if name.startswith("renorm") else momentum
        state[name] = state[name] * kept + new * (1 - kept)
    state["moving_variance"] = np.maximum(state["moving_stddev"] ** 2 - EPSILON, 0)
    return (x - mean) / stddev * r + d


@pytest.mark.parametrize("clipping", [None, {"rmax": 1.5, "rmin": 0.8, "dmax": 0.3}, {"dmax": 0.0}])
def test_training_corrects_towards_the_running_statistics(clipping):
    layer = layers.BatchNormalization(renorm=True, renorm_clipping=clipping, momentum=0.9, renorm_momentum=0.7)
    layer.build((None, 3))
    names = ("moving_mean", "moving_variance", "moving_stddev", "renorm_mean", "renorm_stddev")
    state = {name: getattr(layer, name).numpy() for name in names}
    for _ in range(4):
        x = RNG.normal(loc=2, scale=3, size=(5, 3)).astype("float32")
        expected = renormalized(x, state, clipping or {}, 0.9, 0.7)
        np.testing.assert_allclose(layer(x, training=True).numpy(), expected, atol=1e-5)
        for name in names:
            np.testing.assert_allclose(getattr(layer, name).numpy(), state[name], rtol=1e-5)
    expected = (x - state["moving_mean"]) / np.sqrt(state["moving_variance"] + EPSILON)
    np.testing.assert_allclose(layer(x, training=False).numpy(), expected, atol=1e-5)


def test_the_corrections_are_constants_to_the_gradient():
    x = RNG.normal(scale=3, size=(5, 2)).astype("float32")
    layer = layers.BatchNormalization(renorm=True, renorm_clipping={"rmin": 2.0, "rmax": 2.0, "dmax": 0.0})
    plain = layers.BatchNormalization()
    gradients = []
    for made in (layer, plain):
        variable = keraunos.Variable(x)
        with keraunos.GradientTape() as tape:
            loss = ops.sum(made(variable, training=True) * np.arange(10, dtype="float32").reshape(5, 2))
        gradients.append(tape.gradient(loss, [variable])[0].numpy())
    # With r = 2 and d = 0 it is the plain layer times 2.
    np.testing.assert_allclose(gradients[0], 2 * gradients[1], rtol=1e-4, atol=1e-5)


def test_a_batch_that_is_masked_away_changes_nothing():
    layer = layers.BatchNormalization(renorm=True)
    x = RNG.normal(size=(2, 3, 4)).astype("float32")
    layer.build(x.shape)
    before = layer.get_weights()
    layer(x, training=True, mask=np.zeros((2, 3), bool))
    for old, new in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(old, new)


def test_it_works_without_gamma_and_beta_and_comes_back_from_its_config():
    layer = layers.BatchNormalization(renorm=True, center=False, scale=False, renorm_clipping={"rmax": 3.0})
    assert layer(RNG.normal(size=(4, 2)).astype("float32"), training=True).shape == (4, 2)
    assert len(layer.weights) == 5
    again = layers.BatchNormalization.from_config(layer.get_config())
    assert again.renorm_clipping == {"rmax": 3.0} and again.renorm


@pytest.mark.parametrize(
    "clipping, message",
    [({"max": 1}, "invalid keys"), ({"rmax": 1, "rmin": 2}, "rmax should be greater"), ({"dmax": -1}, "non-negative")],
)
def test_limits_that_exclude_everything_are_refused(clipping, message):
    with pytest.raises(ValueError, match=message):
        layers.BatchNormalization(renorm=True, renorm_clipping=clipping)
