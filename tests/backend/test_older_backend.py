"""`keras.backend` still has the functions of Keras 1 and 2, with the values of `tf.keras.backend`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import keraunos
from keraunos import backend

sys.path.insert(0, str(Path(__file__).parent))
from older_calls import CALLS, MATRIX, SEQUENCES, normal

RECORDED = np.load(Path(__file__).parents[1] / "data" / "keras_older_backend.npz")


@pytest.mark.parametrize("name", CALLS)
def test_a_function_gives_what_real_keras_gives(name):
    value = np.asarray(getattr(backend, name)(*CALLS[name]))
    assert value.shape == RECORDED[name].shape
    np.testing.assert_allclose(value, RECORDED[name], rtol=1e-5, atol=1e-6)


def test_variables_are_read_and_assigned_to():
    x, y = backend.variable([1.0, 2.0]), backend.variable(3.0)
    backend.update_add(x, [1.0, 1.0])
    backend.update_sub(y, 1.0)
    assert backend.batch_get_value([x, y])[0].tolist() == [2.0, 3.0]
    backend.batch_set_value([(x, [5, 6]), (y, 7)])
    assert backend.get_value(x).tolist() == [5.0, 6.0]
    backend.moving_average_update(y, 1.0, 0.5)
    assert backend.eval(y) == 4.0
    assert backend.int_shape(backend.random_normal_variable((2, 3), 0.0, 1.0)) == (2, 3)
    assert 0 <= backend.get_value(backend.random_uniform_variable((5,), 0.0, 1.0)).min()


def test_random_tensors_have_the_asked_shape_and_range():
    assert set(np.unique(backend.random_bernoulli((200,), p=0.5, seed=1))) == {0.0, 1.0}
    assert np.abs(backend.truncated_normal((200,), seed=1)).max() <= 2
    assert backend.random_uniform((3, 2), -1.0, 0.0, seed=1).shape == (3, 2)
    assert backend.random_normal((3,), seed=1).dtype == "float32"
    kept = np.asarray(backend.dropout(np.ones((1000,), "float32"), 0.5, seed=3))
    assert set(np.unique(kept)) == {0.0, 2.0}


@pytest.mark.parametrize("axes", [None, 2, (1, 1), (2, 1)])
def test_batch_dot_sums_over_the_named_axes(axes):
    x, y = normal(2, 4, 3), normal(2, 4, 3) if axes in (2, (1, 1)) else normal(2, 3, 5)
    rule = {None: "zij,zjk->zik", 2: "zij,zkj->zik", (1, 1): "zij,zik->zjk", (2, 1): "zij,zjk->zik"}[axes]
    np.testing.assert_allclose(backend.batch_dot(x, y, axes), np.einsum(rule, x, y), rtol=1e-5, atol=1e-6)


def test_batch_dot_of_two_matrices_keeps_two_axes():
    x = normal(3, 4)
    np.testing.assert_allclose(backend.batch_dot(x, x, 1), (x * x).sum(1, keepdims=True), rtol=1e-6)
    with pytest.raises(ValueError, match="batch axis cannot be summed"):
        backend.batch_dot(x, x, 0)


def test_rnn_walks_over_time_either_way_and_masked_steps_repeat():
    def step(x, states):
        total = states[0] + x * states[1]
        return total, [total]

    start, factor = np.zeros((2, 3), "float32"), np.full((1, 3), 2.0, "float32")
    mask = np.array([[1, 1, 0, 1, 1], [1, 0, 0, 0, 1]], bool)
    last, outputs, states = backend.rnn(step, SEQUENCES, [start], mask=mask, constants=[factor])
    wanted = np.cumsum(np.where(mask[:, :, None], 2 * SEQUENCES, 0), axis=1)
    np.testing.assert_allclose(outputs, wanted, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(last, wanted[:, -1], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(states[0], wanted[:, -1], rtol=1e-5, atol=1e-6)
    first = backend.rnn(step, SEQUENCES.transpose(1, 0, 2), [start], True, constants=[factor], time_major=True)[1]
    np.testing.assert_allclose(first, np.cumsum(2 * SEQUENCES[:, ::-1], axis=1).transpose(1, 0, 2), rtol=1e-5, atol=1e-6)


def test_a_condition_chooses_one_of_two_functions():
    assert backend.switch(keraunos.ops.convert_to_tensor(True), lambda: 1.0, lambda: 2.0) == 1.0


def test_what_is_not_there_says_so():
    with pytest.raises(NotImplementedError, match="GradientTape"):
        backend.gradients(MATRIX, [])
    with pytest.raises(AttributeError, match="'no_such_function'"):
        backend.no_such_function  # noqa: B018


def test_a_loss_of_older_words_trains_in_a_script_of_older_words(tmp_path):
    (tmp_path / "script.py").write_text(
        "import numpy as np\n"
        "from keras import backend as K\n"
        "from keras.models import Model\n"
        "from keras.layers import Dense, Input, Lambda\n"
        "def rmse(a, b):\n"
        "    return K.sqrt(K.mean(K.square(a - b), axis=-1))\n"
        "a = Input(shape=(4,))\n"
        "o = Lambda(lambda x: K.l2_normalize(x, axis=1))(Dense(3, activation='tanh')(a))\n"
        "model = Model(inputs=a, outputs=o)\n"
        "model.compile(optimizer='adam', loss=rmse, metrics=[rmse])\n"
        "history = model.fit(np.ones((8, 4)), np.ones((8, 3)), epochs=30, verbose=0).history\n"
        "print(history['loss'][-1] < history['loss'][0])\n"
    )
    finished = subprocess.run([sys.executable, "-m", "keraunos", "script.py"], capture_output=True, text=True, cwd=tmp_path, timeout=120)
    assert finished.stdout == "True\n", finished.stderr
