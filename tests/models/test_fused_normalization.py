"""A relu behind batch normalization becomes one op with it, forward and backward, and nothing else changes."""

import keraunos as keras
import numpy as np
import pytest
from keraunos import layers


def model_of(*blocks):
    keras.utils.set_random_seed(4)
    inputs = keras.Input((5, 5, 3))
    x = inputs
    for block in blocks:
        x = block(x)
    x = layers.Dense(2, activation="softmax")(layers.Flatten()(x))
    return keras.Model(inputs, x)


def normalized_relu(x):
    return layers.ReLU()(layers.BatchNormalization()(layers.Dense(4)(x)))


def relu_seen_twice(x):
    normal = layers.BatchNormalization()(layers.Dense(4)(x))
    return layers.Add()([layers.ReLU()(normal), layers.Activation("relu")(layers.Dense(4)(normal))])


def residual(x):
    x = layers.Dense(4)(x)
    return layers.ReLU()(layers.Add()([x, layers.BatchNormalization(scale=False)(x)]))


def trained(model, run_eagerly):
    model.compile("sgd", "sparse_categorical_crossentropy", run_eagerly=run_eagerly)
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(24, 5, 5, 3)).astype("float32"), generator.integers(0, 2, 24)
    model.fit(x, y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    return model.get_weights(), model.predict(x, verbose=0)


@pytest.mark.parametrize("blocks", [[normalized_relu], [normalized_relu, normalized_relu], [relu_seen_twice], [residual]])
def test_a_compiled_step_trains_as_an_eager_one(blocks):
    weights, predictions = trained(model_of(*blocks), run_eagerly=False)
    expected_weights, expected_predictions = trained(model_of(*blocks), run_eagerly=True)
    for weight, expected in zip(weights, expected_weights):
        np.testing.assert_allclose(weight, expected, rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(predictions, expected_predictions, rtol=2e-5, atol=1e-6)


def test_the_compiled_step_has_the_fused_ops():
    model = model_of(normalized_relu)
    trained(model, run_eagerly=False)
    x, y = np.zeros((8, 5, 5, 3), "float32"), np.zeros(8, "int64")
    concrete, _ = model.train_function.function.concrete_for(((x, y, None),))
    plan = str(concrete.native.plan_description([x, y])[0])
    assert "batch_norm_relu_grad" in plan
    assert plan.count("batch_norm_relu") == 2
