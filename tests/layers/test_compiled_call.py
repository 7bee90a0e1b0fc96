"""Layers that run as native calls do nothing that the user could tell from Python's, whatever runs around them."""

import copy
import pickle
import threading

import numpy as np
import pytest

import keraunos
from keraunos import layers, ops
from keraunos.tracing import GradientTape

RANDOM = np.random.default_rng(11)
X = RANDOM.normal(size=(3, 8)).astype("float32")
CALLS = 4  # the first builds, the second is noted, the third is traced, the fourth is native


def in_python(layer, *args, **kwargs):
    """The call layer by layer, op by op: nothing is native while a tape listens."""
    with GradientTape():
        return layer(*args, **kwargs)


def is_native(layer):
    return bool(layer._compiled_call) and layer._compiled_call._remaining < 16


class Mine(layers.Layer):
    """A layer of the user's around one of keraunos's, with all that Python lets it do."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner
        self.seen = []
        self.factor = 1.0

    def call(self, x, training=None):
        self.seen.append(training)
        return self.inner(x) * self.factor


def check_calls(layer, *args, tolerance=1e-5, **kwargs):
    for _ in range(CALLS):
        found, expected = np.asarray(layer(*args, **kwargs)), np.asarray(in_python(layer, *args, **kwargs))
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


IMAGE = RANDOM.normal(size=(2, 6, 6, 4)).astype("float32")
SERIES = RANDOM.normal(size=(2, 5, 8)).astype("float32")
OWN = {
    "dense": (lambda: layers.Dense(4, "relu"), X),
    "layer normalization": (layers.LayerNormalization, X),
    "batch normalization": (layers.BatchNormalization, X),
    "convolution": (lambda: layers.Conv2D(3, 3), IMAGE),
    "lstm": (lambda: layers.LSTM(3), SERIES),
    "bidirectional": (lambda: layers.Bidirectional(layers.GRU(3)), SERIES),
    "embedding": (lambda: layers.Embedding(9, 4), np.array([[1, 2, 8]], "int32")),
    "nested model": (lambda: keraunos.Sequential([layers.Dense(4), layers.Dropout(0.5), layers.Dense(2)]), X),
    "float64 array": (lambda: layers.Dense(4), X.astype("float64")),
    "array in another order": (lambda: layers.Dense(4), np.asfortranarray(X)),
    "list": (lambda: layers.Dense(4), X.tolist()),
}


@pytest.mark.parametrize("name", OWN)
def test_native_calls_give_what_python_gives(name):
    make, x = OWN[name]
    layer = make()
    x = np.array(x, "float32") if name == "list" else x
    check_calls(layer, x)
    assert is_native(layer) is (name != "array in another order")
    check_calls(Mine(make()), x)


def test_several_arguments_and_settings_by_name():
    layer = layers.MultiHeadAttention(2, 4)
    x = ops.convert_to_tensor(SERIES)
    for kwargs in ({}, {"use_causal_mask": True}, {"use_causal_mask": False}):
        check_calls(layer, x, x, **kwargs)
    assert is_native(layer)
    for _ in range(CALLS):
        outputs, scores = layer(x, x, return_attention_scores=True)
        np.testing.assert_allclose(np.asarray(scores).sum(axis=-1), 1, rtol=1e-5)
        assert outputs.shape == (2, 5, 8)
    check_calls(layers.Add(), [x, x])


def test_inputs_in_another_structure_are_refused_as_in_python():
    one, other = keraunos.Input((8,), name="one"), keraunos.Input((8,), name="other")
    model = keraunos.Model({"other": other, "one": one}, layers.Subtract()([one, other]))
    for _ in range(CALLS):
        np.testing.assert_array_equal(np.asarray(model({"one": X, "other": 2 * X})), -X)
        with pytest.raises(ValueError, match="The structure of `inputs` doesn't match the expected structure"):
            model([X, X])


def test_code_of_the_user_runs_at_every_call():
    mine = Mine(layers.Dense(4))
    inputs = keraunos.Input((8,))
    model = keraunos.Model(inputs, layers.Dense(2)(mine(layers.Dense(8)(inputs))))
    mine.seen.clear()
    for count in range(1, 6):
        model(X)
        assert len(mine.seen) == count
    assert is_native(mine.inner)


def test_attributes_that_change_between_calls_are_seen():
    slope = layers.LeakyReLU(negative_slope=0.5)
    mine = Mine(slope)
    for _ in range(CALLS):
        mine(X)
    assert is_native(slope)
    slope.negative_slope = 0.25
    mine.factor = 2.0
    expected = np.where(X > 0, X, 0.25 * X) * 2
    for _ in range(CALLS):
        np.testing.assert_allclose(np.asarray(mine(X)), expected, rtol=1e-6)


def test_layers_that_a_model_gains_or_loses_are_seen():
    model = keraunos.Sequential([layers.Dense(4)])
    check_calls(model, X)
    model.add(layers.Dense(2))
    check_calls(model, X)
    assert model(X).shape == (3, 2)
    model.pop()
    check_calls(model, X)
    assert model(X).shape == (3, 4)


def test_weights_that_change_are_seen():
    layer = layers.Dense(4)
    check_calls(layer, X)
    layer.kernel.assign(layer.kernel * 2)
    check_calls(layer, X)


def test_a_function_of_the_user_inside_a_layer_runs_at_every_call():
    seen = []

    def activation(x):
        seen.append(1)
        return x * 2

    inputs = keraunos.Input((8,))
    mapped = keraunos.Model(inputs, layers.Dense(2)(layers.Lambda(activation)(layers.Dense(4)(inputs))))
    for layer in (layers.Dense(4, activation=activation), layers.Activation(activation), layers.Lambda(activation), mapped):
        seen.clear()
        for count in range(1, 6):
            layer(X)
            assert len(seen) == count
        assert not is_native(layer)


def test_a_call_put_in_the_place_of_the_layers_own_runs():
    layer = layers.Dense(4)
    check_calls(layer, X)
    seen = []

    def call(x):
        seen.append(1)
        return x

    layer.call = call
    for count in range(1, 6):
        layer(X)
        assert len(seen) == count


def test_masks_travel_as_they_do_in_python():
    embedding = layers.Embedding(9, 4, mask_zero=True)
    lstm = layers.LSTM(3)
    words = np.array([[1, 2, 0], [3, 0, 0]], "int32")
    for _ in range(CALLS):
        embedded = embedding(words)
        np.testing.assert_array_equal(np.asarray(embedded._keras_mask), words != 0)
        np.testing.assert_allclose(np.asarray(lstm(embedded)), np.asarray(in_python(lstm, in_python(embedding, words))), atol=1e-6)
        lstm(ops.convert_to_tensor(np.asarray(embedded)))


def test_losses_are_those_of_the_last_call():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            return x

    inputs = keraunos.Input((8,))
    regular = layers.Dense(4, activity_regularizer="l2")
    model = keraunos.Model(inputs, layers.Dense(2)(Penalty()(regular(inputs))))
    for _ in range(CALLS):
        model(X)
        assert len(model.losses) == 2


def test_a_loss_that_was_added_by_hand_goes_with_the_next_call():
    layer = layers.Dense(4)
    for _ in range(CALLS):
        layer(X)
    layer.add_loss(ops.sum(layer.kernel))
    assert len(layer.losses) == 1
    layer(X)
    assert layer.losses == []


def error_of(layer, x):
    with pytest.raises(Exception) as caught:
        layer(x)
    return caught.type, str(caught.value)


def test_errors_are_those_of_the_first_call():
    dense, embedding = layers.Dense(4), layers.Embedding(9, 4)
    wrong, far = np.ones((3, 7), "float32"), np.array([[1, 99]], "int32")
    dense.build((3, 8))
    embedding.build()
    expected = error_of(dense, wrong), error_of(embedding, far)
    for _ in range(CALLS):
        dense(X)
        embedding(np.array([[1, 2]], "int32"))
        assert (error_of(dense, wrong), error_of(embedding, far)) == expected
    assert is_native(embedding)


def test_tapes_see_through():
    mine = Mine(layers.Dense(4))
    for _ in range(CALLS):
        mine(X)
    with GradientTape() as tape:
        loss = ops.sum(mine(X))
    gradient = tape.gradient(loss, mine.inner.kernel)
    np.testing.assert_allclose(np.asarray(gradient), np.repeat(X.sum(axis=0)[:, None], 4, axis=1), rtol=1e-5)


def test_state_changes_as_it_does_in_python():
    def run(call):
        keraunos.utils.set_random_seed(5)
        layer = Mine(keraunos.Sequential([layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(3)]))
        results = [np.asarray(call(layer, X, training=True)) for _ in range(6)]
        return results + [np.asarray(weight) for weight in layer.weights]

    for found, expected in zip(run(lambda layer, *args, **kwargs: layer(*args, **kwargs)), run(in_python)):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_layers_hand_on_the_same_training_mode():
    class Outer(layers.Layer):
        def __init__(self, first):
            super().__init__()
            self.first = first
            self.second = Mine(layers.Dense(4))

        def call(self, x):
            return self.second(self.first(x))

    for make in (lambda: layers.Dropout(0.5), lambda: keraunos.Sequential([layers.Dropout(0.5), layers.Dense(8)]), lambda: layers.Dense(8)):
        native, python = Outer(make()), Outer(make())
        for kwargs in [{}] * CALLS + [{"training": True}] * CALLS:
            native(X, **kwargs)
            in_python(python, X, **kwargs)
        assert native.second.seen == python.second.seen


def test_what_only_passes_is_handed_on_without_a_copy():
    x = ops.convert_to_tensor(X)
    for layer in (layers.Dropout(0.5), layers.Identity(), layers.Activation("linear")):
        for _ in range(CALLS):
            assert layer(x) is x


def test_stateless_calls_use_the_values_that_they_are_given():
    layer = layers.Dense(4)
    check_calls(layer, X)
    zeros = [np.zeros((8, 4), "float32"), np.ones(4, "float32")]
    np.testing.assert_array_equal(np.asarray(layer.stateless_call(zeros, [], X)[0]), np.ones((3, 4)))


def test_half_precision_is_that_of_the_layer_around():
    mine = Mine(layers.Dense(4, dtype="mixed_float16"))
    mine.dtype_policy = "mixed_float16"
    check_calls(mine, X, tolerance=2e-3)
    assert mine(X).dtype == "float16"


def test_copies_stand_alone():
    layer = layers.Dense(4)
    check_calls(layer, X)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        twin.kernel.assign(twin.kernel * 0)
        np.testing.assert_array_equal(np.asarray(twin(X)), np.zeros((3, 4)))
    check_calls(layer, X)


def test_sizes_that_are_new_in_every_call_are_not_compiled():
    layer = layers.Dense(4)
    layer.build((None, 8))
    for rows in range(1, 40):
        assert layer(np.ones((rows, 8), "float32")).shape == (rows, 4)
    assert not is_native(layer)


def test_threads_may_call_one_layer():
    layer = layers.Dense(4)
    inputs = [RANDOM.normal(size=(rows, 8)).astype("float32") for rows in range(1, 9)]
    expected = [np.asarray(layer(x)) for x in inputs]
    wrong = []

    def call(number):
        for _ in range(50):
            if not np.allclose(np.asarray(layer(inputs[number])), expected[number], atol=1e-5):
                wrong.append(number)

    threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def mixed_model():
    """Own layers on both sides of one of the user's, with two outputs, a skip connection, an op and dropout."""
    inputs = keraunos.Input((8,))
    first = layers.Dense(6, activation="relu")(layers.Dropout(0.5)(inputs))
    mine = Mine(layers.Dense(6))
    middle = layers.Add()([mine(layers.BatchNormalization()(first)), first])
    last = layers.Dense(2)(ops.mean(layers.Reshape((2, 3))(middle), axis=1))
    return keraunos.Model(inputs, [last, middle]), mine


def test_the_nodes_around_a_layer_of_the_user_are_one_native_call():
    model, mine = mixed_model()
    for _ in range(CALLS):
        for found, expected in zip(model(X), in_python(model, X)):
            np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-5, atol=1e-6)
    compiled = [run._compiled for run in model._runs]
    assert [one is not None and one._remaining < 16 for one in compiled] == [True, False, True]
    assert mine.seen[-2:] == [False, False]  # as the dropout before it leaves it


def test_training_a_mixed_model_changes_its_state_as_in_python():
    def run(call):
        keraunos.utils.set_random_seed(5)
        model, mine = mixed_model()
        results = [np.asarray(call(model, X, training=training)[0]) for training in (True, True, False, True, True)]
        assert mine.seen[-5:] == [True, True, False, True, True]
        return results + [np.asarray(weight) for weight in model.weights]

    for found, expected in zip(run(lambda layer, *args, **kwargs: layer(*args, **kwargs)), run(in_python)):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_changes_and_errors_in_a_mixed_model_are_those_of_python():
    model, mine = mixed_model()
    model(X)
    batch_norm = next(layer for layer in model.layers if isinstance(layer, layers.BatchNormalization))
    batch_norm.epsilon = 2.0
    np.testing.assert_allclose(np.asarray(model(X)[0]), np.asarray(in_python(model, X)[0]), rtol=1e-5, atol=1e-6)

    def fail(x, **kwargs):
        raise RuntimeError("no more")

    batch_norm.call = fail
    with pytest.raises(RuntimeError, match="no more"):
        model(X)
    with pytest.raises(ValueError) as caught:
        model(np.ones((3, 7), "float32"))
    with pytest.raises(ValueError) as expected:
        in_python(model, np.ones((3, 7), "float32"))
    assert str(caught.value) == str(expected.value)


def test_masks_reach_a_layer_of_the_user_in_a_mixed_model():
    seen = []

    class Sees(layers.Layer):
        def call(self, x, mask=None):
            seen.append(mask)
            return x

    words = keraunos.Input((3,), dtype="int32")
    embedded = layers.Embedding(9, 4, mask_zero=True)(words)
    model = keraunos.Model(words, layers.LSTM(3)(Sees()(layers.Dropout(0.5)(embedded))))
    seen.clear()
    for count in range(1, 6):
        model(np.array([[1, 2, 0]], "int32"))
        assert len(seen) == count
        np.testing.assert_array_equal(np.asarray(seen[-1]), [[True, True, False]])


def test_a_mixed_model_may_be_saved_after_it_ran(tmp_path):
    model, _ = mixed_model()
    for _ in range(CALLS):
        expected = np.asarray(model(X)[0])
    model.save_weights(tmp_path / "m.weights.h5")
    for weight in model.weights:
        weight.assign(weight * 0)
    model.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_allclose(np.asarray(model(X)[0]), expected, rtol=1e-6)


def test_inputs_under_another_shape_are_handed_on_natively():
    flatten, dropout = layers.Flatten(), layers.Dropout(0.5)
    series = SERIES.copy()
    for x in (ops.convert_to_tensor(series), series):
        check_calls(flatten, x)
        check_calls(dropout, x)
    assert is_native(flatten) and is_native(dropout)
    before = flatten(series), dropout(series)
    series[:] = 0  # the user's array; what came of it stays
    for found in before:
        np.testing.assert_array_equal(np.asarray(found).reshape(SERIES.shape), SERIES)


def test_a_native_call_may_hand_on_some_outputs_and_compute_others():
    inputs = keraunos.Input((8,))
    model = keraunos.Model(inputs, [layers.Dropout(0.5)(inputs), layers.Dense(4)(inputs), layers.Reshape((2, 4))(inputs)])
    x = ops.convert_to_tensor(X)
    for _ in range(CALLS):
        for found, expected in zip(model(x), in_python(model, x)):
            np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-5, atol=1e-6)
        assert model(x)[0] is x
    assert is_native(model)
