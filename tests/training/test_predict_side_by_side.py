"""`predict` of models too small for several threads: its batches run on several threads at the same time."""

import numpy as np
import pytest

import keraunos
from keraunos import config, layers

ROWS, BATCH = 1003, 8


@pytest.fixture(params=[1, 2, 8])
def threads(request):
    before = config.get_num_threads()
    config.set_num_threads(request.param)
    yield request.param
    config.set_num_threads(before)


def numbers(*shape):
    return np.random.default_rng(5).normal(size=shape).astype("float32")


def batch_by_batch(model, x):
    return np.concatenate([model.predict_on_batch(x[begin : begin + BATCH]) for begin in range(0, len(x), BATCH)])


def dense_model():
    keraunos.utils.set_random_seed(1)
    return keraunos.Sequential([keraunos.Input((5,)), layers.Dense(7, activation="tanh"), layers.Dense(3)])


def test_the_rows_are_those_of_batch_after_batch(threads):
    model, x = dense_model(), numbers(ROWS, 5)
    assert model.predict(x, batch_size=BATCH, verbose=0).tobytes() == batch_by_batch(model, x).tobytes()


def test_so_are_those_of_several_outputs(threads):
    inputs = keraunos.Input((5,))
    hidden = layers.Dense(4, activation="relu")(inputs)
    model = keraunos.Model(inputs, {"a": layers.Dense(2)(hidden), "b": layers.Reshape((2, 2))(hidden)})
    x = numbers(ROWS, 5)
    found, whole = model.predict(x, batch_size=BATCH, verbose=0), model.predict(x, batch_size=ROWS, verbose=0)
    assert {name: value.tobytes() for name, value in found.items()} == {name: value.tobytes() for name, value in whole.items()}


def test_a_stateful_model_sees_its_batches_in_order(threads):
    def model():
        keraunos.utils.set_random_seed(2)
        return keraunos.Sequential([keraunos.Input(batch_shape=(BATCH, 4, 3)), layers.SimpleRNN(6, stateful=True)])

    x = numbers(BATCH * 40, 4, 3)
    assert model().predict(x, batch_size=BATCH, verbose=0).tobytes() == batch_by_batch(model(), x).tobytes()


def test_random_numbers_are_drawn_in_order(threads):
    def model():
        keraunos.utils.set_random_seed(3)
        generator = keraunos.random.SeedGenerator(4)
        noise = layers.Lambda(lambda x: x + keraunos.random.normal(keraunos.ops.shape(x), seed=generator))
        noise.generator = generator
        return keraunos.Sequential([keraunos.Input((5,)), noise])

    x = np.zeros((ROWS, 5), "float32")
    found = model().predict(x, batch_size=BATCH, verbose=0)
    assert found.tobytes() == batch_by_batch(model(), x).tobytes()
    assert len(np.unique(found)) > 0.99 * found.size


def test_an_error_of_one_batch_reaches_the_caller(threads):
    model = keraunos.Sequential([keraunos.Input((2,), dtype="int32"), layers.Embedding(10, 3), layers.Flatten()])
    x = np.zeros((ROWS, 2), "int32")
    x[77, 1] = 10
    with pytest.raises(IndexError, match="gather: index 10 is out of range"):
        model.predict(x, batch_size=BATCH, verbose=0)
    x[77, 1] = 9
    assert model.predict(x, batch_size=BATCH, verbose=0).shape == (ROWS, 6)
