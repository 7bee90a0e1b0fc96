"""Layers of the user's take a short road through `__call__`: it does what the long one does, whatever the layer is and meets."""

import numpy as np
import pytest

import keraunos
from keraunos import layers, ops
from keraunos.tracing import Function, GradientTape

RANDOM = np.random.default_rng(6)
X = RANDOM.normal(size=(3, 5, 8)).astype("float32")
CALLS = 4


def long_call(layer, *args, **kwargs):
    """The call by the long road."""
    layer.__dict__.pop("_short_call", None)
    return layer(*args, **kwargs)


def check(layer, *args, tolerance=1e-5, **kwargs):
    layer(*args, **kwargs)
    for _ in range(CALLS):
        found = np.asarray(layer(*args, **kwargs))
        np.testing.assert_allclose(found, np.asarray(long_call(layer, *args, **kwargs)), rtol=tolerance, atol=tolerance)


class Block(layers.Layer):
    """A transformer's block as one writes it."""

    def __init__(self, rate=0.0, **kwargs):
        super().__init__(**kwargs)
        same = {"dtype": self.dtype_policy}
        self.attention = layers.MultiHeadAttention(2, 4, **same)
        self.norms = [layers.LayerNormalization(**same) for _ in range(2)]
        self.hidden = [layers.Dense(16, activation="relu", **same), layers.Dense(8, **same)]
        self.dropout = layers.Dropout(rate, **same)
        self.calls = 0

    def call(self, x, training=None):
        self.calls += 1
        x = self.norms[0](x + self.dropout(self.attention(x, x), training=training))
        return self.norms[1](x + self.dropout(self.hidden[1](self.hidden[0](x)), training=training))


class Embeddings(layers.Layer):
    def __init__(self, length, mask_zero=False):
        super().__init__()
        self.words = layers.Embedding(20, 8, mask_zero=mask_zero)
        self.positions = layers.Embedding(length, 8)

    def call(self, x):
        return self.words(x) + self.positions(ops.arange(x.shape[-1]))

    def compute_mask(self, inputs, mask=None):
        return self.words.compute_mask(inputs, mask)


def test_a_block_gives_the_same_by_either_road():
    for kwargs in ({}, {"training": True}, {"training": False}):
        check(Block(), X, **kwargs)
        check(Block(), ops.convert_to_tensor(X), **kwargs)
    for dtype, tolerance in (("float64", 1e-9), ("mixed_float16", 5e-3), ("bfloat16", 5e-2)):
        check(Block(dtype=dtype), X, tolerance=tolerance)
        assert Block(dtype=dtype)(X).dtype == keraunos.DTypePolicy(dtype).compute_dtype


def test_the_call_of_a_model_of_such_layers_runs_them_every_time():
    block = Block()
    words = keraunos.Input((5,), dtype="int32")
    model = keraunos.Model(words, layers.Dense(2)(ops.mean(block(Embeddings(5)(words)), axis=1)))
    x = RANDOM.integers(0, 20, size=(3, 5)).astype("int32")
    expected = model.predict(x, verbose=0)
    before = block.calls
    for count in range(1, 6):
        found = model(x)
        assert block.calls == before + count
        np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-6)
    for same in (ops.convert_to_tensor(x), x.astype("int64"), x.astype("float32"), x.tolist()):
        np.testing.assert_allclose(np.asarray(model(np.asarray(same))), np.asarray(found), rtol=1e-6)


def test_masks_travel_on_the_short_road():
    seen = []

    class Sees(layers.Layer):
        def call(self, x, mask=None):
            seen.append(None if mask is None else np.asarray(mask).tolist())
            return x

    embeddings, sees = Embeddings(3, mask_zero=True), Sees()
    x = np.array([[1, 2, 0]], "int32")
    for _ in range(CALLS):
        y = embeddings(x)
        np.testing.assert_array_equal(np.asarray(y._keras_mask), x != 0)
        sees(y)
        sees(ops.convert_to_tensor(np.asarray(y)))
    assert seen == [[[True, True, False]], None] * CALLS


def test_dropout_drops_only_while_training():
    block = Block(rate=0.5)
    block(X)
    still = [np.asarray(block(X, training=training)) for training in (None, False, None)]
    np.testing.assert_array_equal(still[0], still[1])
    np.testing.assert_array_equal(still[0], still[2])
    assert not np.allclose(np.asarray(block(X, training=True)), still[0])
    assert not np.allclose(np.asarray(block(X, training=True)), np.asarray(block(X, training=True)))


def test_tapes_and_traces_see_the_block():
    block = Block()
    check(block, X)
    expected = np.asarray(block(X))
    with GradientTape() as tape:
        found = block(X)
        loss = ops.sum(ops.square(found))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-6)
    gradients = tape.gradient(loss, block.trainable_variables)
    assert all(gradient is not None for gradient in gradients)
    np.testing.assert_allclose(np.asarray(Function(lambda x: block(x))(X)), expected, rtol=1e-5, atol=1e-6)
    assert block(keraunos.KerasTensor((None, 5, 8))).shape == (None, 5, 8)


def test_what_a_layer_counts_or_keeps_in_its_call_leaves_the_short_road_open():
    class Counts(layers.Layer):
        def __init__(self):
            super().__init__()
            self.count, self.last = 0, None

        def call(self, x):
            self.count += 1
            self.last = x
            return x * self.count

    layer = Counts()
    for count in range(1, 6):
        np.testing.assert_allclose(np.asarray(layer(X)), X * count, rtol=1e-6)
        assert layer.count == count
        np.testing.assert_array_equal(np.asarray(layer.last), X)
    assert layer._short_call is not None


CHANGES = {
    "input_spec": lambda layer: setattr(layer, "input_spec", layers.InputSpec(ndim=2)),
    "activity_regularizer": lambda layer: setattr(layer, "activity_regularizer", keraunos.regularizers.L2(1.0)),
    "autocast": lambda layer: setattr(layer, "autocast", False),
    "dtype_policy": lambda layer: setattr(layer, "dtype_policy", "float64"),
    "a layer inside": lambda layer: setattr(layer, "dropout", layer.hidden[0]),
    "a layer in the place of a number": lambda layer: setattr(layer, "calls", layer.hidden[0]),
    "a new attribute": lambda layer: setattr(layer, "fresh", 1),
    "an attribute less": lambda layer: delattr(layer, "calls"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_may_matter_to_a_call_closes_the_short_road(name):
    block = Block()
    block(X)
    assert block._short_call is not None
    CHANGES[name](block)
    assert block._short_call is None


def test_attributes_behind_a_setting_of_the_layer_are_seen():
    class Narrow(layers.Layer):
        def __init__(self):
            super().__init__()
            self.rank = 3

        @property
        def input_spec(self):
            return layers.InputSpec(ndim=self.rank)

        def call(self, x):
            return x

    layer = Narrow()
    for _ in range(CALLS):
        layer(X)
    layer.rank = 2
    with pytest.raises(ValueError, match="expected ndim=2, found ndim=3"):
        layer(X)


def test_shapes_are_checked_once_for_each():
    class Strict(layers.Layer):
        def __init__(self):
            super().__init__()
            self.input_spec = layers.InputSpec(ndim=3, axes={-1: 8})

        def call(self, x):
            return x

    layer = Strict()
    for _ in range(CALLS):
        layer(X)
        layer(X[:2])
        for wrong in (X[..., :4], X[0]):
            with pytest.raises(ValueError, match="incompatible with the layer"):
                layer(wrong)


def test_losses_of_the_last_call_are_all_there_is():
    class Penalty(layers.Layer):
        def call(self, x):
            self.add_loss(ops.sum(x))
            return x

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__()
            self.inner, self.is_on = Penalty(), True

        def call(self, x):
            return self.inner(x) if self.is_on else x

    outer, plain = Outer(), Block()
    for _ in range(CALLS):
        outer(X)
        assert len(outer.losses) == 1
        plain(X)
    outer.is_on = False
    outer(X)
    assert outer.losses == []
