"""Values at the edges: constants, zeros, nothing but masked entries, NaN, large means, rates of one."""

import numpy as np
import pytest

import keraunos
from keraunos import layers, ops, tracing


def test_softmax_of_a_fully_masked_row_is_zero():
    y = layers.Softmax()(np.ones((2, 3), "float32"), mask=np.array([[False] * 3, [True] * 3]))
    np.testing.assert_allclose(y.numpy(), [[0, 0, 0], [1 / 3] * 3], rtol=1e-6)


def test_softmax_at_infinities_is_ieee():
    y = layers.Softmax()(np.array([[1e4, 0.0], [-np.inf, -np.inf], [np.nan, 0.0]], "float32")).numpy()
    np.testing.assert_array_equal(y[0], [1, 0])
    assert np.isnan(y[1:]).all()


def test_batch_normalization_of_a_constant_batch_and_of_one_row_is_zero():
    for x in (np.full((5, 2), 7.0, "float32"), np.array([[3.0, -2.0]], "float32")):
        layer = layers.BatchNormalization()
        np.testing.assert_array_equal(layer(x, training=True).numpy(), np.zeros_like(x))
        assert np.isfinite(layer.moving_variance.numpy()).all()
        assert (layer.moving_variance.numpy() >= 0).all()


def test_batch_normalization_of_masked_entries_only_keeps_its_statistics():
    layer = layers.BatchNormalization()
    x = np.arange(6.0, dtype="float32").reshape(2, 3, 1)
    layer.build(x.shape)
    before = layer.get_weights()
    y = layer(x, training=True, mask=np.zeros((2, 3), bool))
    assert np.isfinite(y.numpy()).all()
    for old, new in zip(before, layer.get_weights()):
        np.testing.assert_array_equal(old, new)


@pytest.mark.parametrize("mean", [0.0, 10.0, 1e2, 1e3, 1e4])
@pytest.mark.parametrize("cls", [layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization])
def test_variances_survive_large_means(cls, mean):
    x = (mean + np.random.RandomState(0).uniform(size=(1000, 4))).astype("float32")
    if cls is layers.BatchNormalization:
        layer, axis = cls(epsilon=1e-3), 0
    else:
        x, axis = np.ascontiguousarray(x.T), 1
        layer = cls(epsilon=1e-3) if cls is layers.LayerNormalization else cls(groups=1, epsilon=1e-3)
    exact = x.astype("float64")
    expected = (exact - exact.mean(axis, keepdims=True)) / np.sqrt(exact.var(axis, keepdims=True) + 1e-3)
    y = layer(x, training=True) if cls is layers.BatchNormalization else layer(x)
    assert abs(y.numpy().std() - expected.std()) < 1e-3
    # Around 1e4 a float32 mean is right to 1e-3, which is 3.4e-3 after the division by a deviation of 0.29.
    np.testing.assert_allclose(y.numpy(), expected, atol=4e-3)


def test_normalizing_constants_and_zeros_gives_zeros():
    np.testing.assert_array_equal(
        layers.LayerNormalization()(np.full((2, 3), 5.0, "float32")).numpy(), np.zeros((2, 3))
    )
    np.testing.assert_array_equal(layers.UnitNormalization()(np.zeros((2, 3), "float32")).numpy(), np.zeros((2, 3)))


def test_nan_stays_in_its_row():
    x = np.random.RandomState(0).normal(size=(4, 3)).astype("float32")
    broken = x.copy()
    broken[1, 2] = np.nan
    for layer in (layers.Dense(5, activation="relu"), layers.LayerNormalization(), layers.BatchNormalization()):
        clean, y = layer(x).numpy(), layer(broken).numpy()
        assert np.isnan(y[1]).any()
        np.testing.assert_array_equal(np.delete(y, 1, axis=0), np.delete(clean, 1, axis=0))


@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_a_query_that_sees_nothing_has_a_finite_output_and_finite_gradients(dropout):
    layer = layers.MultiHeadAttention(num_heads=2, key_dim=4, dropout=dropout)
    x = ops.convert_to_tensor(np.random.RandomState(0).normal(size=(2, 3, 4)).astype("float32"))
    mask = np.ones((2, 3, 3), bool)
    mask[0] = False
    with tracing.GradientTape() as tape:
        tape.watch(x)
        y = layer(x, x, attention_mask=mask)
        loss = ops.sum(ops.square(y))
    assert np.isfinite(y.numpy()).all()
    for gradient in tape.gradient(loss, [x, *layer.trainable_variables]):
        assert np.isfinite(gradient.numpy()).all()
    np.testing.assert_allclose(y[1].numpy(), layer(x[1:], x[1:])[0].numpy(), rtol=1e-5, atol=1e-6)


def test_attention_keeps_nan_in_its_sample():
    x = np.random.RandomState(0).normal(size=(2, 3, 4)).astype("float32")
    layer = layers.MultiHeadAttention(num_heads=1, key_dim=4)
    clean = layer(x, x).numpy()
    x[0, 1, 2] = np.nan
    y = layer(x, x).numpy()
    assert np.isnan(y[0]).all()
    np.testing.assert_array_equal(y[1], clean[1])


@pytest.mark.parametrize("is_causal", [False, True])
def test_attention_gives_the_same_with_and_without_its_weights(is_causal):
    layer = layers.MultiHeadAttention(num_heads=2, key_dim=4)
    x = np.random.RandomState(0).normal(size=(2, 150, 4)).astype("float32")
    expected, weights = layer(x, x, return_attention_scores=True, use_causal_mask=is_causal)
    np.testing.assert_allclose(layer(x, x, use_causal_mask=is_causal).numpy(), expected.numpy(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(weights.numpy().sum(-1), 1, rtol=1e-5)


def test_dropout_keeps_the_mean_and_the_rate():
    x = ops.ones((200, 200))
    y = layers.Dropout(0.3, seed=1)(x, training=True).numpy()
    assert (y == 0).mean() == pytest.approx(0.3, abs=0.01)
    assert y.mean() == pytest.approx(1.0, abs=0.02)
    np.testing.assert_allclose(y[y != 0], 1 / 0.7, rtol=1e-6)


def test_dropout_draws_anew_at_each_call_and_repeats_with_its_seed():
    x = ops.ones((20, 20))
    first, second = layers.Dropout(0.5, seed=7), layers.Dropout(0.5, seed=7)
    draws = [first(x, training=True).numpy(), first(x, training=True).numpy()]
    assert not np.array_equal(*draws)
    np.testing.assert_array_equal(draws[0], second(x, training=True).numpy())


def test_spatial_dropout_drops_whole_channels():
    y = layers.SpatialDropout2D(0.5, seed=3)(ops.ones((8, 5, 5, 16)), training=True).numpy()
    per_channel = y.reshape(8, 25, 16)
    assert (per_channel == per_channel[:, :1]).all()


def test_traced_dropout_draws_anew_at_each_run():
    layer = layers.Dropout(0.5, seed=7)
    x = ops.ones((20, 20))
    run = keraunos.tracing.Function(lambda x: layer(x, training=True))
    assert not np.array_equal(run(x).numpy(), run(x).numpy())


def test_losses_of_a_finished_trace_are_forgotten():
    layer = layers.Dense(2, activity_regularizer="l2")
    layer(np.ones((1, 2), "float32"))
    keraunos.tracing.Function(lambda x: layer(x))(np.ones((1, 2), "float32"))
    assert all(not loss.is_symbolic for loss in layer.losses)


def test_rescaling_bytes_does_not_wrap_around():
    assert float(layers.Rescaling(2)(np.array([[200]], "uint8"))[0, 0]) == 400.0
