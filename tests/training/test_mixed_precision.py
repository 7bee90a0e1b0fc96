"""The policies mixed_float16 and mixed_bfloat16 through whole models, and the scaling of the loss."""

import keraunos as keras
import numpy as np
import pytest
from keraunos import layers, ops

POLICIES = ["mixed_float16", "mixed_bfloat16"]


@pytest.fixture(params=POLICIES)
def policy(request):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy(before)


@pytest.fixture
def in_mixed_float16():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    yield
    keras.config.set_dtype_policy(before)


def attending_model():
    keras.utils.set_random_seed(3)
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(11, 8, mask_zero=True)(inputs)
    x = layers.Add()([x, layers.MultiHeadAttention(2, 4)(x, x)])
    x = layers.LayerNormalization()(x)
    x = layers.Dense(8, activation="relu")(ops.mean(x, axis=1))
    x = layers.BatchNormalization()(layers.Dropout(0.1)(x))
    return keras.Model(inputs, layers.Dense(2, activation="softmax", dtype="float32")(x))


def task(count=96):
    generator = np.random.default_rng(1)
    x = generator.integers(1, 11, (count, 6))
    return x, (x.mean(1) > 5.5).astype("int32")


def test_a_model_learns_and_keeps_its_weights_in_float32(policy):
    model = attending_model()
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    x, y = task()
    losses = model.fit(x, y, batch_size=16, epochs=15, verbose=0).history["loss"]
    assert losses[-1] < 0.6 * losses[0]
    assert {weight.dtype for weight in model.weights if "seed" not in weight.path} == {"float32"}
    assert model.layers[-2].compute_dtype == policy.removeprefix("mixed_")
    assert model.predict(x[:3], verbose=0).dtype == np.float32


def test_predictions_are_near_those_of_float32(policy):
    mixed = attending_model()
    keras.config.set_dtype_policy("float32")
    exact = attending_model()
    exact.set_weights(mixed.get_weights())
    x, _ = task(8)
    # Eight layers that each round to 11 (float16) or 8 (bfloat16) bits.
    tolerance = 5e-3 if policy == "mixed_float16" else 4e-2
    np.testing.assert_allclose(mixed.predict(x, verbose=0), exact.predict(x, verbose=0), atol=tolerance)


def test_compile_scales_the_loss_of_mixed_float16_only(policy):
    model = attending_model()
    model.compile("adam", "sparse_categorical_crossentropy")
    is_scaled = isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    assert is_scaled == (policy == "mixed_float16")
    model.compile("adam", "sparse_categorical_crossentropy", auto_scale_loss=False)
    assert not isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)


def one_weight_model(**scaling):
    model = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1), **scaling)
    model.compile(optimizer, "mse")
    return model, optimizer


def test_a_gradient_that_is_not_finite_changes_nothing_and_halves_the_scale(in_mixed_float16):
    model, optimizer = one_weight_model(initial_scale=2.0**15)
    model.train_on_batch(np.array([[1e4]]), np.array([[0.0]]))
    assert model.get_weights()[0].item() == 1.0
    assert float(optimizer.dynamic_scale.value) == 2.0**14
    assert int(optimizer.iterations.value) == 0


def test_finite_steps_double_the_scale_after_a_while(in_mixed_float16):
    model, optimizer = one_weight_model(initial_scale=8.0, dynamic_growth_steps=3)
    scales = []
    for _ in range(6):
        model.train_on_batch(np.array([[0.5]]), np.array([[0.0]]))
        scales.append(float(optimizer.dynamic_scale.value))
    assert scales == [8.0, 8.0, 16.0, 16.0, 16.0, 32.0]
    # Each step multiplies by 1 - 0.1 * 2 * 0.25: the scale is divided out again.
    assert model.get_weights()[0].item() == pytest.approx(0.95**6, rel=2e-3)


def test_small_gradients_survive_because_of_the_scale(in_mixed_float16):
    def first_step(optimizer):
        model = keras.Sequential([keras.Input((1,)), layers.Dense(1, use_bias=False, kernel_initializer="ones")])
        model.compile(optimizer, "mse", auto_scale_loss=False)
        model.train_on_batch(np.array([[2.0**-13]], "float32"), np.array([[0.0]]))
        return model.get_weights()[0].item()

    # The gradient, 2^-25, is less than half of the smallest number of float16.
    assert first_step(keras.optimizers.SGD(2.0**20)) == 1.0
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(2.0**20))
    assert first_step(scaled) == pytest.approx(1 - 2.0**-5, rel=1e-2)


def test_a_saved_model_goes_on_with_its_scale(in_mixed_float16, tmp_path):
    model, optimizer = one_weight_model(initial_scale=8.0, dynamic_growth_steps=2)
    for _ in range(3):
        model.train_on_batch(np.array([[0.5]]), np.array([[0.0]]))
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert isinstance(loaded.optimizer, keras.optimizers.LossScaleOptimizer)
    assert loaded.optimizer.get_config() == optimizer.get_config()
    assert [float(v.value) for v in loaded.optimizer.variables[-4:]] == [float(v.value) for v in optimizer.variables[-4:]]
    for trained in [model, loaded]:
        trained.train_on_batch(np.array([[0.5]]), np.array([[0.0]]))
    np.testing.assert_array_equal(model.get_weights()[0], loaded.get_weights()[0])


def test_half_precision_is_a_storage_type(policy):
    # Sums of 4096 numbers of one size would stop growing at 2048 in float16 arithmetic, and at 256 in bfloat16.
    x = np.full((1, 4096), 1.0, "float32")
    y = layers.Dense(1, use_bias=False, kernel_initializer="ones")(x)
    assert float(ops.cast(y, "float32")[0, 0]) == 4096.0
    y = layers.LayerNormalization()(np.linspace(1000, 1001, 4096, dtype="float32")[None])
    assert np.isfinite(np.asarray(ops.cast(y, "float32"))).all()
