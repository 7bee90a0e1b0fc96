"""At inference, what follows a product and scales or shifts its channels is a part of kernel and bias: against every pass off."""

import numpy as np
import pytest

import keraunos
from keraunos import _core, layers, ops, tracing

RANDOM = np.random.default_rng(8)
NORMALIZED = ["biased_conv"]


def normalized(product, image=(7, 6, 5), activation="relu", **options):
    return [keraunos.Input(image), product, layers.BatchNormalization(**options), layers.Activation(activation)]


# What is built, and the units that are left of it.
FOLDED = {
    "convolution": (lambda: normalized(layers.Conv2D(9, 3, padding="same")), NORMALIZED),
    "convolution without bias": (lambda: normalized(layers.Conv2D(9, 3, use_bias=False)), NORMALIZED),
    "convolution in groups": (lambda: normalized(layers.Conv2D(8, 3, groups=2), (7, 6, 4)), NORMALIZED),
    "strided one-dimensional convolution": (lambda: normalized(layers.Conv1D(9, 3, strides=2), (11, 4)), NORMALIZED),
    "three-dimensional convolution": (lambda: normalized(layers.Conv3D(4, 2), (4, 5, 3, 2)), NORMALIZED),
    "depthwise convolution": (lambda: normalized(layers.DepthwiseConv2D(3, depth_multiplier=2)), NORMALIZED),
    "dense": (lambda: normalized(layers.Dense(9), (6,)), ["dense"]),
    "dense over several axes": (lambda: normalized(layers.Dense(9), (4, 6), "sigmoid"), ["dense"]),
    "without gamma": (lambda: normalized(layers.Conv2D(9, 3), scale=False), NORMALIZED),
    "without beta": (lambda: normalized(layers.Conv2D(9, 3), center=False), NORMALIZED),
    "two normalizations": (lambda: [*normalized(layers.Conv2D(9, 3))[:-1], layers.BatchNormalization()], NORMALIZED),
}


def randomize(model):
    for weight in model.weights:
        values = RANDOM.normal(size=weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)


def native_functions(model, x):
    """The traced call as it runs, and with every pass off and nothing kept."""
    fast = tracing.Function(lambda inputs: model._layer_by_layer_call(inputs)).concrete_for((x,))[0].native
    return fast, _core.Function(fast.graph, optimize=False)


def check(model, image):
    x = RANDOM.normal(size=(3, *image)).astype("float32")
    fast, slow = native_functions(model, x)
    tolerance = 2e-5  # sums of some 50 products of size 1, scaled before instead of after
    for _ in range(2):
        randomize(model)
        found, expected = (np.asarray(f.call([_core.tensor(x)])[0]) for f in (fast, slow))
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max())
    return fast.plan_description([_core.tensor(x)])[0]


@pytest.mark.parametrize("name", FOLDED)
def test_a_normalization_behind_a_product_becomes_a_part_of_it(name):
    build, units = FOLDED[name]
    model = keraunos.Sequential(build())
    assert check(model, model.input_shape[1:]) == units


def test_a_product_that_is_read_by_others_is_left_alone():
    x = keraunos.Input((7, 6, 5))
    product = layers.Conv2D(9, 3)(x)
    model = keraunos.Model(x, layers.BatchNormalization()(product) + product)
    assert len(check(model, (7, 6, 5))) > 1


def test_numbers_along_another_axis_are_left_alone():
    x = keraunos.Input((7, 6, 5))
    model = keraunos.Model(x, layers.BatchNormalization(axis=1)(layers.Conv2D(9, 3)(x)))
    assert len(check(model, (7, 6, 5))) > 1


def test_a_kernel_that_depends_on_the_input_is_left_alone():
    def call(x):
        return ops.multiply(ops.matmul(x, ops.transpose(x)), np.arange(4, dtype="float32"))

    x = RANDOM.normal(size=(4, 3)).astype("float32")
    np.testing.assert_allclose(np.asarray(tracing.Function(call)(x)), x @ x.T * np.arange(4), rtol=1e-5, atol=1e-5)


def test_training_goes_on_with_the_weights_as_they_are():
    keraunos.utils.set_random_seed(4)
    model = keraunos.Sequential([*normalized(layers.Conv2D(6, 3)), layers.Flatten(), layers.Dense(2)])
    model.compile("sgd", "mse")
    x, y = RANDOM.normal(size=(16, 7, 6, 5)).astype("float32"), RANDOM.normal(size=(16, 2)).astype("float32")
    for _ in range(2):
        fast = model.predict(x, verbose=0)
        np.testing.assert_allclose(fast, np.asarray(model._layer_by_layer_call(x)), rtol=2e-5, atol=2e-5)
        model.fit(x, y, batch_size=8, verbose=0)
