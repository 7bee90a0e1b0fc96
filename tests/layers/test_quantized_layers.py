"""Quantized Dense, EinsumDense, Embedding and ReversibleEmbedding against NumPy lines and their float selves."""

import numpy as np
import pytest

import keraunos
from keraunos import layers, ops, quantizers

RNG = np.random.default_rng(5)

PRODUCTS = {
    "dense": (lambda **kw: layers.Dense(6, activation="tanh", **kw), (4, 9)),
    "dense_3d": (lambda **kw: layers.Dense(5, use_bias=False, **kw), (2, 3, 9)),
    "einsum": (lambda **kw: layers.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d", **kw), (2, 3, 9)),
    "heads_out": (lambda **kw: layers.EinsumDense("btd,ndh->btnh", (None, 2, 3), bias_axes="nh", **kw), (2, 4, 8)),
    "heads_in": (lambda **kw: layers.EinsumDense("btnh,nhd->btd", (None, 5), **kw), (2, 4, 2, 3)),
    "elided": (lambda **kw: layers.EinsumDense("...x,xy->...y", 5, **kw), (2, 3, 4, 7)),
}
EMBEDDINGS = {
    "embedding": lambda **kw: layers.Embedding(7, 6, **kw),
    "reversible": lambda **kw: layers.ReversibleEmbedding(7, 6, **kw),
    "untied": lambda **kw: layers.ReversibleEmbedding(7, 6, tie_weights=False, **kw),
}
CONFIGS = {
    "int8": quantizers.Int8QuantizationConfig,
    "int8_weights": lambda: quantizers.Int8QuantizationConfig(activation_quantizer=None),
    "int4": lambda: quantizers.Int4QuantizationConfig(block_size=None),
    "int4_blocks": lambda: quantizers.Int4QuantizationConfig(block_size=4),
    "int4_inputs": lambda: quantizers.Int4QuantizationConfig(None, quantizers.AbsMaxQuantizer(), block_size=None),
    "float8": quantizers.Float8QuantizationConfig,
}
# Half a step of the grid relative to the largest weight, times a few for the sum and the inputs. A block whose numbers
# have all one sign loses up to its smallest number besides: zero points stay within four bits.
TOLERANCE = {"int8": 0.03, "int8_weights": 0.03, "int4": 0.4, "int4_inputs": 0.4, "int4_blocks": 0.9, "float8": 0.15}


def built(name, seed=1):
    if name in PRODUCTS:
        make, shape = PRODUCTS[name]
        x = RNG.normal(size=shape).astype("float32")
    else:
        make, x = EMBEDDINGS[name], RNG.integers(0, 7, (2, 5))
    layer = make()
    layer.build(x.shape)
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(size=weight.shape).astype("float32") for weight in layer.weights])
    return layer, x


CASES = [(name, mode) for name in PRODUCTS for mode in CONFIGS]
CASES += [(name, mode) for name in EMBEDDINGS for mode in CONFIGS if mode != "float8"]


@pytest.mark.parametrize("name, mode", CASES)
def test_outputs_stay_close_to_those_of_floats(name, mode):
    layer, x = built(name)
    expected = layer(x).numpy()
    layer.quantize(config=CONFIGS[mode]())
    found = layer(x).numpy()
    assert layer.quantization_mode == mode.split("_")[0]
    limit = TOLERANCE[mode] * np.abs(expected).max()
    assert np.abs(found - expected).max() < limit
    assert np.abs(found - expected).max() > 0 or name in EMBEDDINGS


@pytest.mark.parametrize("name, mode", CASES)
def test_files_bring_the_quantized_layer_back(name, mode, tmp_path):
    layer, x = built(name)
    layer.quantize(config=CONFIGS[mode]())
    inputs = keraunos.Input(x.shape[1:], dtype="float32" if name in PRODUCTS else "int32")
    model = keraunos.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    again = keraunos.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again(x).numpy(), model(x).numpy())
    assert again.layers[1].get_config() == layer.get_config()
    fresh, _ = built(name, seed=2)
    fresh.quantize(config=CONFIGS[mode]())
    store = {}
    layer.save_own_variables(store)
    assert len(store) == len(layer.weights)
    fresh.load_own_variables({key: np.asarray(value) for key, value in store.items()})
    np.testing.assert_array_equal(fresh(x).numpy(), layer(x).numpy())


@pytest.mark.parametrize(
    ("layer", "argument", "shape"),
    [(PRODUCTS["dense"][0], "kernel_shape", (9, 6)), (EMBEDDINGS["embedding"], "embeddings_shape", (7, 6))],
)
def test_quantized_build_names_the_shape_as_keras_does(layer, argument, shape):
    made = layer()
    made.quantized_build(**{argument: shape}, mode="int8")
    name = argument.removesuffix("_shape")
    assert {variable.name: tuple(variable.shape) for variable in made.variables}[name] == shape


def test_int8_is_the_product_of_integers():
    layer, x = built("dense")
    kernel, bias = (weight.numpy() for weight in layer.weights)
    layer.quantize("int8")
    kernel_scale = 127 / (np.abs(kernel).max(axis=0) + 1e-7)
    inputs_scale = 127 / (np.abs(x).max(axis=-1, keepdims=True) + 1e-7)
    integers = np.round(x * inputs_scale) @ np.round(kernel * kernel_scale)
    expected = np.tanh(integers / (inputs_scale * kernel_scale) + bias)
    np.testing.assert_allclose(layer(x).numpy(), expected, atol=2e-6)
    assert layer._kernel.dtype == "int8" and layer.kernel_scale.shape == (6,)


def test_int4_keeps_two_integers_in_a_byte():
    layer, x = built("dense")
    kernel, bias = (weight.numpy() for weight in layer.weights)
    layer.quantize(config=CONFIGS["int4"]())
    scale = 7 / (np.abs(kernel).max(axis=0) + 1e-7)
    integers = np.clip(np.round(kernel * scale), -8, 7)
    assert layer._kernel.shape == (9, 3)
    np.testing.assert_array_equal(layer.kernel.numpy(), integers)
    np.testing.assert_allclose(layer(x).numpy(), np.tanh(x @ (integers / scale) + bias), atol=2e-6)


def test_blocks_of_int4_are_scaled_around_their_zero_points():
    layer, x = built("dense_3d")
    kernel = layer.kernel.numpy()
    layer.quantize(config=CONFIGS["int4_blocks"]())
    scale, zero = layer.kernel_scale.numpy(), layer.kernel_zero.numpy()
    assert scale.shape == zero.shape == (3, 5) and layer.g_idx.numpy().tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2]
    low, high = kernel[4:8].min(axis=0), kernel[4:8].max(axis=0)
    np.testing.assert_allclose(scale[1], (high - low) / 15, rtol=1e-5)
    np.testing.assert_array_equal(zero[1], np.clip(np.round(-low / scale[1]) - 8, -8, 7))
    of_row = np.arange(9) // 4
    integers = np.clip(np.round(kernel / scale[of_row]) + zero[of_row], -8, 7)
    np.testing.assert_array_equal(layer.kernel.numpy(), integers)
    np.testing.assert_allclose(layer(x).numpy(), x @ ((integers - zero[of_row]) * scale[of_row]), atol=1e-5)


def test_the_gradient_of_the_inputs_is_that_of_the_rounded_kernel():
    layer = layers.Dense(4)
    x = keraunos.Variable(RNG.normal(size=(3, 5)).astype("float32"))
    layer.build((None, 5))
    layer.quantize("int8")
    with keraunos.GradientTape() as tape:
        loss = ops.sum(layer(x))
    float_kernel = layer.kernel.numpy() / layer.kernel_scale.numpy()
    gradient = tape.gradient(loss, [x])[0]
    np.testing.assert_allclose(gradient.numpy(), np.ones((3, 4)) @ float_kernel.T, atol=1e-6)


@pytest.mark.parametrize("name", ["reversible", "untied"])
@pytest.mark.parametrize("mode", ["int8", "int8_weights", "int4", "int4_blocks"])
def test_the_way_back_stays_close_to_that_of_floats(name, mode):
    layer, _ = built(name)
    x = RNG.normal(size=(2, 3, 6)).astype("float32")
    expected = layer(x, reverse=True).numpy()
    layer.quantize(config=CONFIGS[mode]())
    found = layer(x, reverse=True).numpy()
    assert np.abs(found - expected).max() < TOLERANCE[mode] * np.abs(expected).max()


@pytest.mark.parametrize("mode", ["int8", "int4"])
def test_a_quantized_embedding_keeps_its_mask_and_refuses_indices_out_of_range(mode):
    for cls in (layers.Embedding, layers.ReversibleEmbedding):
        layer = cls(4, 2, mask_zero=True, dtype=f"{mode}_from_float32")
        outputs = layer(np.array([[0, 1]]))
        assert keraunos.backend.get_keras_mask(outputs).numpy().tolist() == [[False, True]]
        with pytest.raises(IndexError):
            layer(np.array([[4]]))


@pytest.mark.parametrize("name", ["dense", "einsum", "heads_out", "embedding"])
@pytest.mark.parametrize("mode", ["int8", "int4", "int4_blocks"])
def test_an_adaptation_trains_beside_integers_and_is_merged_when_stored(name, mode):
    layer, x = built(name)
    layer.enable_lora(2)
    matrix = layer._lora_matrix
    layer.quantize(config=CONFIGS[mode]())
    assert {weight.name for weight in layer.trainable_weights} >= {f"lora_{matrix}_a", f"lora_{matrix}_b"}
    before = layer(x).numpy()
    model = keraunos.Sequential([layer])
    model.compile("sgd", "mse")
    model.fit(x, np.zeros(before.shape, "float32"), epochs=3, verbose=0)
    after = layer(x).numpy()
    assert np.abs(after).mean() < np.abs(before).mean()
    store = {}
    layer.save_own_variables(store)
    plain, _ = built(name)
    plain.quantize(config=CONFIGS[mode]())
    plain.load_own_variables({key: np.asarray(value) for key, value in store.items()})
    # The sum is rounded once more.
    assert np.abs(plain(x).numpy() - after).mean() < TOLERANCE[mode] / 2 * np.abs(after).max()


@pytest.mark.parametrize("name", ["dense", "einsum"])
def test_float8_scales_follow_the_largest_values_while_training(name):
    layer, x = built(name)
    layer.quantize("float8")
    assert len(layer.trainable_weights) == 8 and not layer.non_trainable_weights
    kernel = layer.kernel.numpy()
    model = keraunos.Sequential([layer])
    model.compile(keraunos.optimizers.SGD(0.0), "mse")
    y = np.zeros(layer(x).shape, "float32")
    model.fit(x, y, epochs=3, batch_size=len(x), shuffle=False, verbose=0)
    for part, largest in (("inputs", np.abs(x).max()), ("kernel", np.abs(kernel).max())):
        history = getattr(layer, f"{part}_amax_history").numpy()
        # The newest stands first; the oldest that rolled over the end follow from the back.
        np.testing.assert_allclose(history[0], largest, rtol=1e-6)
        assert np.count_nonzero(history) == 3
        np.testing.assert_allclose(getattr(layer, f"{part}_scale").numpy(), largest / 448.0, rtol=1e-6)
    amax = layer.outputs_grad_amax_history.numpy().max()
    assert 0 < amax and layer.outputs_grad_scale.numpy() == pytest.approx(amax / 57344.0, rel=0.2)
    # Inference leaves them alone.
    before = layer.inputs_amax_history.numpy()
    layer(x * 100)
    np.testing.assert_array_equal(layer.inputs_amax_history.numpy(), before)


def test_float8_rounds_inputs_and_kernel():
    layer, x = built("dense_3d")
    kernel = layer.kernel.numpy()
    layer.quantize("float8")

    def rounded(value):
        return quantizers.quantize_and_dequantize(value, 1.0, "float8_e4m3fn", "float32").numpy()

    np.testing.assert_allclose(layer(x).numpy(), rounded(x) @ rounded(kernel), atol=1e-5)


def test_float8_does_not_go_with_an_adaptation():
    layer, x = built("dense")
    layer.enable_lora(2)
    layer.quantize("float8")
    with pytest.raises(NotImplementedError, match="LoRA"):
        layer(x)


@pytest.mark.parametrize("dtype", ["int8_from_mixed_bfloat16", "int4/4_from_mixed_bfloat16", "float8_from_mixed_bfloat16"])
@pytest.mark.parametrize("name", ["dense", "heads_out"])
def test_a_quantized_dtype_builds_a_quantized_layer(name, dtype):
    make, shape = PRODUCTS[name]
    layer = make(dtype=dtype)
    assert layer(np.ones(shape, "float32")).dtype == "bfloat16"
    again = type(layer).from_config(layer.get_config())
    assert again.dtype_policy == layer.dtype_policy
    with pytest.raises(ValueError, match="is already quantized with dtype_policy="):
        layer.quantize("int8")


def test_setting_a_quantized_policy_quantizes_a_built_layer():
    layer, x = built("dense")
    expected = layer(x).numpy()
    layer.dtype_policy = "int8_from_float32"
    assert layer.kernel.dtype == "int8"
    assert np.abs(layer(x).numpy() - expected).max() < TOLERANCE["int8"]
    with pytest.raises(ValueError, match="GPTQ requires a calibration dataset"):
        built("dense")[0].dtype_policy = "gptq/4/8_from_float32"


@pytest.mark.parametrize("mode, bits", [("gptq", 4), ("gptq", 8), ("awq", 4)])
@pytest.mark.parametrize("name, shape", [("dense", (9, 6)), ("heads_in", (2, 3, 5))])
def test_calibrated_weights_are_loaded_and_computed_with(name, shape, mode, bits):
    make, inputs_shape = PRODUCTS[name]
    layer = make(dtype=f"{mode}/{bits}/3_from_float32")
    layer.build(inputs_shape)
    rows, columns = int(np.prod(shape[:-1])), shape[-1]
    integers = RNG.integers(0, 2**bits, (columns, rows)).astype("uint8")
    stored = quantizers.pack_int4(integers, axis=0, dtype="uint8")[0].numpy() if bits == 4 else integers
    groups = -(-rows // 3)
    values = {
        "bias": RNG.normal(size=(columns,)).astype("float32"),
        "quantized_kernel": stored,
        "kernel_scale": RNG.uniform(0.1, 1, (columns, groups)).astype("float32"),
        "kernel_zero": RNG.integers(0, 2**bits, (columns, groups)).astype("uint8"),
        "awq_scales": RNG.uniform(0.5, 2, rows).astype("float32"),
        "g_idx": np.arange(rows) // 3,
    }
    names = [n for n in layer.variable_serialization_spec[mode] if n != "bias" or layer.bias is not None]
    layer.load_own_variables({str(index): values[n] for index, n in enumerate(names)})
    of_row = np.arange(rows) // 3
    kernel = (integers.astype("float32") - values["kernel_zero"][:, of_row]) * values["kernel_scale"][:, of_row]
    kernel = kernel.T / (values["awq_scales"][:, None] if mode == "awq" else 1)
    x = RNG.normal(size=inputs_shape).astype("float32")
    if name == "dense":
        expected = np.tanh(x @ kernel + values["bias"])
    else:
        expected = np.einsum("btnh,nhd->btd", x, kernel.reshape(shape))
    np.testing.assert_allclose(layer(x).numpy(), expected, rtol=1e-4, atol=1e-4)


def test_a_model_quantizes_the_layers_that_match():
    inputs = keraunos.Input((4,))
    hidden = layers.Dense(3, name="first")(inputs)
    model = keraunos.Model(inputs, layers.Dense(2, name="second")(layers.ReLU()(hidden)))
    x = RNG.normal(size=(3, 4)).astype("float32")
    before = model.predict(x, verbose=0)
    with pytest.warns(UserWarning, match="ReLU does not have a `quantize` method"):
        model.quantize("int8", filters=["second", "re_lu"])
    assert [model.get_layer(name).quantization_mode for name in ("first", "second")] == [None, "int8"]
    after = model.predict(x, verbose=0)
    np.testing.assert_allclose(after, model(x).numpy(), rtol=1e-6)
    assert 0 < np.abs(after - before).max() < 0.05
    with pytest.raises(ValueError, match="The `filters` argument"):
        model.quantize("int8", filters=3)
    with pytest.raises(ValueError, match="Unrecognized keyword arguments"):
        model.quantize("int8", nope=1)


def test_calibration_is_not_offered():
    model = keraunos.Sequential([keraunos.Input((4,)), layers.Dense(2)])
    config = quantizers.GPTQConfig(None, None, quantization_layer_structure={})
    with pytest.raises(NotImplementedError, match="choosing weights by 'gptq' is not offered"):
        model.quantize(config=config)
    config.quantization_layer_structure = None
    with pytest.raises(ValueError, match="valid quantization structure"):
        model.quantize("gptq", config=config)
    with pytest.raises(ValueError, match="you must pass a `GPTQConfig`"):
        model.quantize("gptq")


def test_quantize_says_what_is_wrong():
    layer, _ = built("dense")
    with pytest.raises(ValueError, match="Invalid quantization mode"):
        layer.quantize("int7")
    with pytest.raises(ValueError, match="either `mode` or `config`"):
        layer.quantize()
    with pytest.raises(ValueError, match="Contradictory arguments"):
        layer.quantize("int4", config=quantizers.Int8QuantizationConfig())
    with pytest.raises(ValueError, match="must be an instance of `QuantizationConfig`"):
        layer.quantize(config=3)
    with pytest.raises(NotImplementedError, match=r"one of \('int8', 'int4'\)"):
        built("embedding")[0].quantize("float8")
    with pytest.raises(NotImplementedError, match="ReLU does not have a `quantize` method"):
        layers.ReLU().quantize("int8")
    with pytest.raises(ValueError, match="isn't yet built"):
        layers.Dense(2).quantize("int8")
    assert layer.quantization_mode is None and layer.kernel.dtype == "float32"
    half = layers.Dense(2, dtype="float16")
    half.build((None, 3))
    with pytest.raises(ValueError, match="compute_dtype='float16'"):
        half.quantize("int8")


def test_a_subclass_is_quantized_only_when_told_so():
    class Own(layers.Dense):
        pass

    layer = Own(2)
    layer.build((None, 3))
    with pytest.raises(NotImplementedError, match="Own does not have a `quantize` method"):
        layer.quantize("int8")
    layer.quantize("int8", type_check=False)
    assert layer.kernel.dtype == "int8"


def test_a_layer_of_ones_own_can_be_quantized():
    class Doubling(layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight(shape=(), initializer=lambda shape, dtype: 2.4 * ops.ones(shape, dtype))

        def quantize(self, mode=None, type_check=True, config=None):
            del self.factor
            self.factor = self.add_weight(shape=(), initializer="zeros", dtype="int8", trainable=False)
            self.factor.assign(2)
            self._is_quantized = True
            self.dtype_policy = f"{mode}_from_float32"

        def call(self, inputs):
            return inputs * self.factor

        def _int8_call(self, inputs):
            return inputs * ops.cast(self.factor, "float32")

    layer = Doubling()
    assert float(layer(np.ones(1, "float32"))[0]) == pytest.approx(2.4)
    layer.quantize("int8")
    assert float(layer(np.ones(1, "float32"))[0]) == 2.0
    assert layer.quantization_mode == "int8"
