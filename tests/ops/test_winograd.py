"""Winograd's convolution against the plain one, and against sums in float64: its errors must not be larger."""

import numpy as np
import pytest

import keraunos
from keraunos import _core, config, layers

RANDOM = np.random.default_rng(21)
# batch, rows, columns, channels in and out, padding "same"; of some sizes the plain convolution is faster, and the op takes it
SIZES = [(1, 6, 6, 16, 16, True), (3, 7, 9, 5, 32, True), (2, 8, 9, 17, 48, False), (9, 3, 3, 40, 16, False), (1, 5, 1, 3, 16, True), (40, 12, 13, 32, 64, True)]


def operands(size, dtype):
    batch, rows, columns, channels, filters, _ = size
    shapes = [(batch, rows, columns, channels), (3, 3, channels, filters), (filters,)]
    return [_core.tensor(RANDOM.normal(size=shape).astype(dtype)) for shape in shapes]


def convolutions(size, dtype, activation="linear", has_bias=True):
    x, kernel, bias = operands(size, dtype)
    how = {"same": size[-1], "activation": activation}
    transformed = _core.execute("winograd_kernel", [kernel], {})
    found = np.asarray(_core.execute("winograd_conv", [x, kernel, transformed, *([bias] if has_bias else [])], how))
    arrays = [np.asarray(value) for value in (x, kernel, bias)]
    exact = [_core.tensor(array.astype("float64")) for array in arrays[:2]]
    truth = np.asarray(_core.execute("conv", exact, {"same": size[-1]})) + (arrays[2] if has_bias else 0)
    plain = np.asarray(_core.execute("conv", [x, kernel], {"same": size[-1]})) + (arrays[2] if has_bias else 0)
    return found, plain, np.maximum(truth, 0) if activation == "relu" else truth


@pytest.mark.parametrize("activation, has_bias", [("linear", False), ("linear", True), ("relu", True), ("relu", False)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_it_gives_what_the_plain_convolution_gives(size, dtype, activation, has_bias):
    found, _, truth = convolutions(size, dtype, activation, has_bias)
    tolerance = 1e-6 * np.sqrt(9 * size[3]) if dtype == "float32" else 1e-14 * 9 * size[3]  # of products of size 1
    np.testing.assert_allclose(found, truth, rtol=1e-5 if dtype == "float32" else 1e-12, atol=4 * tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [*SIZES, (2, 8, 9, 16, 17, False), (40, 12, 13, 64, 32, True), (7, 6, 7, 32, 40, False)], ids=str)
def test_its_input_gradient_is_that_of_the_plain_convolution(size, dtype):
    x, kernel, _ = operands(size, dtype)
    how = {"same": size[-1]}
    g = _core.tensor(RANDOM.normal(size=np.asarray(_core.execute("conv", [x, kernel], how)).shape).astype(dtype))
    transformed = _core.execute("winograd_kernel", [kernel], {"turned": True})
    found = np.asarray(_core.execute("winograd_input_grad", [g, kernel, x, transformed], how))
    exact = [_core.tensor(np.asarray(value).astype("float64")) for value in (g, kernel, x)]
    truth = np.asarray(_core.execute("conv_input_grad", exact, how))
    tolerance = 1e-6 * np.sqrt(9 * size[4]) if dtype == "float32" else 1e-14 * 9 * size[4]
    np.testing.assert_allclose(found, truth, rtol=1e-5 if dtype == "float32" else 1e-12, atol=4 * tolerance)


def weight_gradients(size, dtype):
    """What the ops give for kernel and bias, beside sums in float64."""
    x, kernel, _ = operands(size, dtype)
    how = {"same": size[-1]}
    g = _core.tensor(RANDOM.normal(size=np.asarray(_core.execute("conv", [x, kernel], how)).shape).astype(dtype))
    found = [np.asarray(value) for value in _core.execute("biased_conv_weight_grad", [x, g, kernel], how)]
    alone = np.asarray(_core.execute("conv_weight_grad", [x, g, kernel], how))
    images, gradients = (np.asarray(value).astype("float64") for value in (x, g))
    if size[-1]:
        images = np.pad(images, [(0, 0), (1, 1), (1, 1), (0, 0)])
    windows = np.lib.stride_tricks.sliding_window_view(images, (3, 3), axis=(1, 2))
    return found, alone, (np.einsum("nijcab,nijk->abck", windows, gradients, optimize=True), gradients.sum((0, 1, 2)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [*SIZES, (8, 13, 13, 32, 64, False), (5, 15, 16, 48, 16, True), (3, 6, 20, 17, 32, True)], ids=str)
def test_its_weight_gradients_are_sums_over_all_places(size, dtype):
    found, alone, truth = weight_gradients(size, dtype)
    assert found[0].tobytes() == alone.tobytes()
    places = size[0] * size[1] * size[2]
    tolerance = 4e-6 * np.sqrt(places) if dtype == "float32" else 1e-14 * places  # of products of size 1
    for gradient, expected in zip(found, truth, strict=True):
        np.testing.assert_allclose(gradient, expected, rtol=1e-5 if dtype == "float32" else 1e-12, atol=tolerance)


def test_weight_gradients_have_the_same_bits_for_any_number_of_threads():
    x, kernel, _ = operands((40, 12, 13, 32, 64, True), "float32")
    g = _core.execute("conv", [x, kernel], {"same": True})
    before = config.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3, 8):
            config.set_num_threads(threads)
            results.append(b"".join(np.asarray(value).tobytes() for value in _core.execute("biased_conv_weight_grad", [x, g, kernel], {"same": True})))
    finally:
        config.set_num_threads(before)
    assert len(set(results)) == 1


@pytest.mark.parametrize("size", [(2, 16, 16, 64, 64, True), (1, 8, 8, 128, 128, True)], ids=str)
def test_its_errors_are_not_larger_than_twice_those_of_the_plain_one(size):
    found, plain, truth = convolutions(size, "float32")
    assert np.abs(found - truth).max() <= 2 * np.abs(plain - truth).max()


def test_a_transformed_kernel_of_another_size_is_refused():
    x, kernel, _ = operands((1, 6, 6, 4, 16, True), "float32")
    other = _core.execute("winograd_kernel", [operands((1, 6, 6, 5, 16, True), "float32")[1]], {})
    with pytest.raises(ValueError, match="winograd_conv: the transformed kernel must be that of the kernel"):
        _core.execute("winograd_conv", [x, kernel, other], {"same": True})


def test_a_kernel_that_is_not_turned_is_refused_by_the_input_gradient():
    x, kernel, _ = operands((1, 6, 6, 16, 32, True), "float32")
    g = _core.execute("conv", [x, kernel], {"same": True})
    with pytest.raises(ValueError, match="winograd_input_grad: the transformed kernel must be that of the kernel, turned"):
        _core.execute("winograd_input_grad", [g, kernel, x, _core.execute("winograd_kernel", [kernel], {})], {"same": True})


def test_a_kernel_of_other_taps_is_refused():
    with pytest.raises(ValueError, match="winograd_kernel: needs a kernel of 3 x 3 taps"):
        _core.execute("winograd_kernel", [_core.tensor(np.zeros((3, 2, 4, 16), "float32"))], {})


def test_an_image_with_a_nan_spoils_no_other_image():
    x, kernel, _ = operands((3, 8, 8, 16, 16, True), "float32")
    spoiled = np.array(x)
    spoiled[1, 3, 3, 0] = np.nan
    transformed = _core.execute("winograd_kernel", [kernel], {})
    found, whole = (np.asarray(_core.execute("winograd_conv", [image, kernel, transformed], {"same": True})) for image in (_core.tensor(spoiled), x))
    assert np.isnan(found[1]).any()
    assert found[[0, 2]].tobytes() == whole[[0, 2]].tobytes()


@pytest.mark.parametrize("batch", [1, 3, 70])
def test_models_use_it_for_predictions_with_the_same_bits_for_any_number_of_threads(batch):
    convolution = layers.Conv2D(32, 3, padding="same", activation="relu")
    model = keraunos.Sequential([keraunos.Input((10, 12, 16)), convolution, layers.Conv2D(16, 3, strides=2)])
    x = RANDOM.normal(size=(batch, 10, 12, 16)).astype("float32")
    before = config.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3, 8):
            config.set_num_threads(threads)
            results.append(np.asarray(model(x)).tobytes())
    finally:
        config.set_num_threads(before)
    assert len(set(results)) == 1
    units = next(iter(model._compiled_call._functions.values())).latest().native.plan_description([_core.tensor(x)])[0]
    assert units == ["winograd_conv", "biased_conv"]
    np.testing.assert_allclose(np.asarray(model(x)), np.asarray(model._layer_by_layer_call(x)), rtol=1e-5, atol=2e-5)


def test_training_uses_it_both_ways_and_learns_what_plain_convolutions_learn():
    def trained(rewrites):
        keraunos.utils.set_random_seed(3)
        model = keraunos.Sequential([keraunos.Input((10, 12, 16)), layers.Conv2D(32, 3, padding="same", activation="relu"), layers.Conv2D(16, 3)])
        model.compile("sgd", "mse", run_eagerly=not rewrites)
        x, y = (np.random.default_rng(4).normal(size=size).astype("float32") for size in [(32, 10, 12, 16), (32, 8, 10, 16)])
        model.fit(x, y, batch_size=16, epochs=3, shuffle=False, verbose=0)
        return model

    fast, slow = trained(True), trained(False)
    x, y = np.zeros((16, 10, 12, 16), "float32"), np.zeros((16, 8, 10, 16), "float32")
    concrete, _ = fast.train_function.function.concrete_for(((x, y, None),))
    plan = str(concrete.native.plan_description([x, y])[0])
    assert plan.count("winograd_conv") == 2 and plan.count("winograd_input_grad") == 1
    for found, expected in zip(fast.get_weights(), slow.get_weights(), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
