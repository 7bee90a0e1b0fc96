"""Recurrent layers: one op for whole sequences against the walk, and what the battery does not ask."""

import itertools

import h5py
import keraunos
import numpy as np
import pytest
from keraunos import layers, ops, tracing

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(5, 6, 3)).astype("float32")
MASK = RANDOM.uniform(size=(5, 6)) < 0.6
MAKERS = {
    "simple": lambda **options: layers.SimpleRNN(4, **options),
    "lstm": lambda **options: layers.LSTM(4, **options),
    "gru": lambda **options: layers.GRU(4, **options),
    "gru, reset before": lambda **options: layers.GRU(4, reset_after=False, **options),
}


class OwnCell(layers.Layer):
    """A cell in Python, as a user writes it."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], self.units), name="kernel")

    def call(self, inputs, states):
        output = ops.tanh(ops.matmul(inputs, self.kernel) + 0.5 * states[0])
        return output, [output]


def walked(layer):
    """The same layer, step by step."""
    same = type(layer).from_config(layer.get_config())
    if isinstance(layer, layers.SimpleRNN):
        same.unroll = True
    else:
        same.use_cudnn = False
    same.build(X.shape)
    same.set_weights(layer.get_weights())
    return same


def outputs_and_gradients(layer, x, **arguments):
    x = ops.convert_to_tensor(x)
    with tracing.GradientTape() as tape:
        tape.watch(x)
        outputs = keraunos.tree.flatten(layer(x, **arguments))
        loss = sum(ops.sum(ops.cos(y + i)) for i, y in enumerate(outputs))
    return outputs + tape.gradient(loss, [x, *layer.trainable_variables])


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("mask", [None, MASK], ids=["all", "masked"])
@pytest.mark.parametrize(("sequences", "backwards", "zeros"), list(itertools.product([False, True], repeat=3)))
def test_one_op_equals_the_walk(kind, mask, sequences, backwards, zeros):
    layer = MAKERS[kind](
        return_sequences=sequences, go_backwards=backwards, zero_output_for_mask=zeros, return_state=True
    )
    layer.build(X.shape)
    layer.set_weights([RANDOM.normal(size=w.shape).astype("float32") * 0.5 for w in layer.weights])
    for fast, slow in zip(
        outputs_and_gradients(layer, X, mask=mask), outputs_and_gradients(walked(layer), X, mask=mask), strict=True
    ):
        np.testing.assert_allclose(fast.numpy(), slow.numpy(), rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("kind", MAKERS)
def test_another_batch_and_another_length_need_no_new_trace(kind):
    model = keraunos.Sequential([keraunos.Input((None, 3)), MAKERS[kind](), layers.Dense(1)])
    traced = tracing.Function(lambda x: model(x))
    traced(X)
    traced(X[:, :2])  # the length is seen to change
    count = traced.trace_count
    for x in [X[:3], X[:, :5], X[:1, :1]]:
        np.testing.assert_allclose(traced(x).numpy(), model(x).numpy(), rtol=1e-5, atol=1e-6)
    assert traced.trace_count == count


@pytest.mark.parametrize("merge", ["one op", "walk"])
def test_dropout_masks_are_the_same_at_every_step(merge):
    layer = layers.SimpleRNN(4, activation="tanh" if merge == "one op" else "linear", dropout=0.5, return_sequences=True, seed=1)
    layer.build((1, 6, 3))
    layer.set_weights([np.eye(3, 4, dtype="float32"), np.zeros((4, 4), "float32"), np.zeros(4, "float32")])
    y = layer(np.ones((1, 6, 3), "float32"), training=True).numpy()
    np.testing.assert_array_equal(y, np.broadcast_to(y[:, :1], y.shape))
    other = layer(np.ones((1, 6, 3), "float32"), training=True).numpy()
    third = layer(np.ones((1, 6, 3), "float32"), training=True).numpy()
    assert (y != other).any() or (y != third).any()


def test_a_cell_written_in_python_trains_traced():
    x = keraunos.Input((None, 3))
    model = keraunos.Model(x, layers.Dense(1)(layers.RNN([OwnCell(4), OwnCell(2)])(layers.Masking()(x))))
    model.compile("adam", "mse", jit_compile=True)
    history = model.fit(X, X[:, 0, :1], epochs=20, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]


def test_a_stateful_layer_goes_on_where_it_was():
    whole, parts = layers.LSTM(4), layers.LSTM(4, stateful=True)
    expected = whole(X)
    parts.build(X.shape)
    parts.set_weights(whole.get_weights())
    parts(X[:, :4])
    np.testing.assert_allclose(parts(X[:, 4:]).numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    parts.reset_state()
    np.testing.assert_allclose(parts(X).numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="the batch size of the input sequences must be the same"):
        parts(X[:2])
    with pytest.raises(ValueError, match="batch size must be static"):
        layers.GRU(2, stateful=True)(keraunos.Input((None, 3)))


def test_initial_states_may_come_from_another_layer():
    encoded, decoded = keraunos.Input((None, 3)), keraunos.Input((None, 3))
    _, *states = layers.LSTM(4, return_state=True)(encoded)
    outputs = layers.LSTM(4, return_sequences=True)(decoded, initial_state=states)
    model = keraunos.Model([encoded, decoded], outputs)
    assert model([X, X[:, :2]]).shape == (5, 2, 4)
    again = keraunos.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again([X, X]).numpy(), model([X, X]).numpy())


@pytest.mark.parametrize("kind", MAKERS)
def test_a_sequence_without_steps_is_refused(kind):
    with pytest.raises(ValueError, match="timesteps"):
        MAKERS[kind]()(np.zeros((2, 0, 3), "float32"))


def test_rank_2_is_refused():
    with pytest.raises(ValueError, match="expected ndim=3, found ndim=2"):
        layers.LSTM(4)(np.zeros((2, 3), "float32"))


def squared_slope(layer, x):
    """A number that depends on the gradient of the layer, and its own gradients by a second tape."""
    with tracing.GradientTape() as outer:
        outer.watch(x)
        with tracing.GradientTape() as inner:
            inner.watch(x)
            y = ops.sum(ops.sin(layer(x)))
        slope = ops.sum(ops.square(inner.gradient(y, x)))
    return slope, outer.gradient(slope, [x, *layer.trainable_variables])


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("is_traced", [False, True], ids=["eager", "traced"])
def test_a_gradient_of_a_gradient_agrees_with_differences(kind, is_traced):
    layer = MAKERS[kind](dtype="float64")
    x = np.asarray(X, "float64")
    layer.build(X.shape)
    run = tracing.Function(lambda x: squared_slope(layer, x)) if is_traced else lambda x: squared_slope(layer, ops.convert_to_tensor(x))
    _, (by_x, *by_weights) = run(x)
    direction, step = RANDOM.normal(size=x.shape), 1e-5
    difference = (float(run(x + step * direction)[0]) - float(run(x - step * direction)[0])) / (2 * step)
    np.testing.assert_allclose(np.sum(by_x.numpy() * direction), difference, rtol=1e-5, atol=1e-7)
    weight, gradient = layer.trainable_variables[1], by_weights[1].numpy()
    start, direction = weight.numpy(), RANDOM.normal(size=gradient.shape)
    values = []
    for sign in (1, -1):
        weight.assign(start + sign * step * direction)
        values.append(float(run(x)[0]))
    np.testing.assert_allclose(np.sum(gradient * direction), (values[0] - values[1]) / (2 * step), rtol=1e-5, atol=1e-7)


def test_one_tape_alone_gives_no_gradient_of_a_gradient_of_the_op():
    layer, x = layers.LSTM(2), ops.convert_to_tensor(X)
    with tracing.GradientTape(persistent=True) as tape:
        tape.watch(x)
        slope = ops.sum(ops.square(tape.gradient(ops.sum(layer(x)), x)))
    with pytest.raises(NotImplementedError, match="use_cudnn=False"):
        tape.gradient(slope, x)


@pytest.mark.parametrize("rate, has_seeds", [(0.0, False), (0.5, True)])
def test_only_cells_with_dropout_write_their_seeds(rate, has_seeds, tmp_path):
    model = keraunos.Sequential([keraunos.Input((4, 3)), layers.LSTM(2, dropout=rate)])
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5") as file:
        assert ("seed_generator" in file["layers/lstm/cell"]) == has_seeds
    model.load_weights(tmp_path / "m.weights.h5")


def test_use_cudnn_steps_under_two_tapes():
    layer = layers.LSTM(2, use_cudnn=True)
    x = keraunos.Variable(np.ones((1, 3, 2), "float32"))
    with tracing.GradientTape() as outer:
        with tracing.GradientTape() as inner:
            y = ops.sum(layer(x))
        first = ops.sum(ops.square(inner.gradient(y, x)))
    assert np.isfinite(np.asarray(outer.gradient(first, x))).all()
