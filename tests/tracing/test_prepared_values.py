"""What depends on weights only is computed once: results are those of computing it every time, whatever changes the weights."""

import threading

import numpy as np
import pytest

import keraunos
from keraunos import _core, layers, ops, tracing

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(6, 16)).astype("float32")
Y = RANDOM.normal(size=(6, 3)).astype("float32")


class NormalizedDense(layers.Layer):
    """A product with a kernel of norm 1: the norm depends on the weights alone."""

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], 24), name="kernel")

    def call(self, inputs):
        return ops.tanh(ops.matmul(inputs, self.kernel / ops.sqrt(ops.sum(ops.square(self.kernel)) + 1e-3)))


def make_model():
    keraunos.utils.set_random_seed(3)
    half = layers.Dense(32, activation="relu", dtype="mixed_float16")
    model = keraunos.Sequential([keraunos.Input((16,)), half, NormalizedDense(), layers.Dense(3)])
    model.compile("sgd", "mse")
    return model


def native_functions(model, x):
    """The traced call as it runs, and with every pass off and nothing kept."""
    fast = tracing.Function(lambda inputs: model._layer_by_layer_call(inputs)).concrete_for((x,))[0].native
    return fast, _core.Function(fast.graph, optimize=False)


def slow(model, x):
    return np.asarray(native_functions(model, x)[1].call([_core.tensor(x)])[0])


def train_one_batch(model, path):
    model.train_on_batch(X, Y)


def assign(model, path):
    model.layers[0].kernel.assign(model.layers[0].kernel * 0.5)


def set_weights(model, path):
    model.set_weights([weight * -0.7 for weight in model.get_weights()])


def load_weights(model, path):
    other = make_model()
    other.set_weights([weight * 1.3 for weight in other.get_weights()])
    other.save_weights(path / "other.weights.h5")
    model.load_weights(path / "other.weights.h5")


def fit(model, path):
    model.fit(X, Y, batch_size=2, epochs=2, verbose=0)


@pytest.mark.parametrize("change", [train_one_batch, assign, set_weights, load_weights, fit])
def test_predictions_follow_every_change_of_the_weights(change, tmp_path):
    model = make_model()
    predictions = [lambda: np.asarray(model(X)), lambda: model.predict(X, verbose=0), lambda: model.predict_on_batch(X)]
    before = slow(model, X)
    for _ in range(3):
        for predict in predictions:
            np.testing.assert_allclose(predict(), slow(model, X), rtol=1e-3, atol=1e-3)
        loss = model.evaluate(X, Y, verbose=0)
        assert loss == pytest.approx(np.mean(np.square(slow(model, X) - Y)), rel=1e-2)
        change(model, tmp_path)
    assert np.abs(slow(model, X) - before).max() > 0.02


def test_what_depends_on_the_weights_is_not_part_of_a_run():
    fast, slow = native_functions(make_model(), X)
    assert "sqrt" in str(slow.plan_description([_core.tensor(X)])[0])
    assert "sqrt" not in str(fast.plan_description([_core.tensor(X)])[0])


def test_threads_that_predict_while_one_trains_see_weights_of_whole_steps():
    model = make_model()
    data = np.repeat(X, 40, axis=0)
    results, errors = [], []

    def predict():
        try:
            for _ in range(150):
                outputs = model.predict_on_batch(data)
                # All six rows repeat: a prediction with weights of two states would differ between its rows or explode.
                results.append(np.ptp(outputs.reshape(6, 40, 3), axis=1).max())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=predict) for _ in range(3)]
    model.predict_on_batch(data)
    for thread in threads:
        thread.start()
    for _ in range(60):
        model.train_on_batch(X, Y)
    for thread in threads:
        thread.join()
    assert not errors
    assert max(results) == 0
    np.testing.assert_allclose(model.predict_on_batch(X), slow(model, X), rtol=1e-3, atol=1e-3)
