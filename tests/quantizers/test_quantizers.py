"""Quantizers against NumPy lines."""

import doctest
import importlib
import itertools
import pkgutil

import numpy as np
import pytest

import keraunos
from keraunos import ops, quantizers

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("axis", [0, -1, (0, 2)])
def test_abs_max_scales_the_largest_magnitude_to_the_largest_integer(axis):
    x = RNG.normal(size=(4, 3, 5)).astype("float32")
    integers, scale = quantizers.AbsMaxQuantizer()(x, axis=axis)
    expected_scale = 127 / (np.abs(x).max(axis=axis, keepdims=True) + np.float32(1e-7))
    assert (integers.dtype, scale.dtype) == ("int8", "float32")
    np.testing.assert_allclose(scale.numpy(), expected_scale, rtol=1e-6)
    np.testing.assert_array_equal(integers.numpy(), np.round(x * scale.numpy()).astype("int8"))


def test_abs_max_of_zeros_is_zero():
    integers, scale = quantizers.abs_max_quantize(np.zeros((2, 3), "float32"), axis=-1)
    assert not integers.numpy().any() and np.isfinite(scale.numpy()).all()


@pytest.mark.parametrize("rows", [8, 9, 3, 1])
def test_blocks_have_their_own_scale_and_zero_point(rows):
    x = RNG.normal(loc=0.5, size=(rows, 2)).astype("float32")
    integers, scale, zero = quantizers.abs_max_quantize_grouped_with_zero_point(x, block_size=4)
    blocks = -(-rows // 4)
    padded = np.pad(x, [[0, 4 * blocks - rows], [0, 0]]).reshape(blocks, 4, 2)
    low, high = padded.min(axis=1), padded.max(axis=1)
    np.testing.assert_allclose(scale.numpy(), (high - low + 1e-7) / 15, rtol=1e-6)
    np.testing.assert_array_equal(zero.numpy(), np.clip(np.round(-low / scale.numpy()) - 8, -8, 7))
    of_row = np.arange(rows) // 4
    expected = np.clip(np.round(x / scale.numpy()[of_row]) + zero.numpy()[of_row], -8, 7)
    np.testing.assert_array_equal(integers.numpy(), expected)


@pytest.mark.parametrize("dtype, low, high", [("int8", -8, 7), ("uint8", 0, 15)])
@pytest.mark.parametrize("shape, axis", [((5,), 0), ((4, 3), 0), ((4, 3), -1), ((2, 5, 3), 1), ((1, 1), 0)])
def test_packing_and_unpacking_is_nothing(dtype, low, high, shape, axis):
    x = RNG.integers(low, high + 1, shape).astype(dtype)
    packed, packed_shape, length = quantizers.pack_int4(x, axis=axis, dtype=dtype)
    assert packed.shape == packed_shape and packed_shape[axis] == (shape[axis] + 1) // 2 and length == shape[axis]
    np.testing.assert_array_equal(quantizers.unpack_int4(packed, length, axis=axis, dtype=dtype).numpy(), x)


def test_packing_refuses_other_dtypes():
    with pytest.raises(ValueError, match="Expected dtype to be 'int8' or 'uint8'"):
        quantizers.pack_int4(np.zeros(2, "int8"), dtype="int4")
    with pytest.raises(TypeError, match="Expected int8 tensor for packing, got float32"):
        quantizers.pack_int4(np.zeros(2, "float32"))
    with pytest.raises(TypeError, match="Expected int8 or uint8 tensor"):
        quantizers.unpack_int4(np.zeros(2, "int32"), 3)


def float8_numbers(fraction_bits, smallest_exponent, largest):
    """All numbers of an 8-bit float type that are not negative."""
    steps = 2**fraction_bits
    subnormal = [k / steps * 2.0**smallest_exponent for k in range(steps)]
    exponents = range(smallest_exponent, int(np.log2(largest)) + 1)
    normal = [(1 + k / steps) * 2.0**e for e, k in itertools.product(exponents, range(steps))]
    return np.array(sorted(x for x in subnormal + normal if x <= largest))


@pytest.mark.parametrize("dtype, parts", [("float8_e4m3fn", (3, -6, 448.0)), ("float8_e5m2", (2, -14, 57344.0))])
def test_float8_is_the_nearest_number_of_the_type_and_ties_go_to_the_even_one(dtype, parts):
    numbers = float8_numbers(*parts)
    assert len(numbers) == (127 if dtype == "float8_e4m3fn" else 124)
    middles = (numbers[1:] + numbers[:-1]) / 2
    x = np.concatenate([numbers, middles, np.nextafter(middles, 0), np.exp2(RNG.uniform(-18, 9, 500)), [1e9]])
    x = np.concatenate([x, -x]).astype("float32")
    found = quantizers.quantize_and_dequantize(x, 1.0, dtype, "float32").numpy()
    # The numbers stand in the order of their bits, so the even one of two neighbours has the even index.
    distance = np.abs(np.abs(x.astype("float64"))[:, None] - numbers)
    nearest = distance == distance.min(axis=1, keepdims=True)
    even = nearest & (np.arange(len(numbers)) % 2 == 0)
    index = np.where(nearest.sum(axis=1) == 2, even.argmax(axis=1), nearest.argmax(axis=1))
    np.testing.assert_array_equal(found, np.sign(x) * numbers[index])


def test_float8_in_16_bits_gives_the_same_numbers():
    x = RNG.normal(size=100).astype("float32")
    narrow = ops.cast(x, "bfloat16")
    found = quantizers.quantize_and_dequantize(narrow, 1.0, "float8_e4m3fn", "bfloat16")
    assert found.dtype == "bfloat16"
    wide = quantizers.quantize_and_dequantize(ops.cast(narrow, "float32"), 1.0, "float8_e4m3fn", "float32")
    np.testing.assert_array_equal(ops.cast(found, "float32").numpy(), wide.numpy())


def test_float8_refuses_other_types():
    with pytest.raises(ValueError, match="8-bit float dtype"):
        quantizers.quantize_and_dequantize(np.ones(2, "float32"), 1.0, "float8_e3m4", "float32")


def test_float8_scale_stays_where_nothing_was_seen():
    scale = ops.array(3.0)
    for amax in (0.0, np.inf, np.nan):
        assert float(quantizers.compute_float8_scale(ops.array(amax), scale, 448.0)) == pytest.approx(3.0)
    assert float(quantizers.compute_float8_scale(ops.array(7.0), scale, 448.0, margin=1)) == pytest.approx(14 / 448)


@pytest.mark.parametrize("axis", [None, 1])
@pytest.mark.parametrize("narrow_range", [False, True])
def test_fake_quant_rounds_to_a_grid_with_zero_and_its_gradient_passes_inside(axis, narrow_range):
    x = RNG.normal(scale=2, size=(6, 3)).astype("float32")
    count = 1 if axis is None else 3
    low, high = np.full(count, -1.1, "float32"), np.linspace(0.9, 2, count).astype("float32")
    smallest, largest = int(narrow_range), 15
    scale = (high - low) / (largest - smallest)
    zero = np.round(np.clip(smallest - low / scale, smallest, largest))
    bottom, top = (smallest - zero) * scale, (largest - zero) * scale
    shifted = np.clip(x, bottom, top) - bottom
    expected = np.floor(shifted / scale - np.floor(-bottom / scale + 0.5) + 0.5) * scale

    variables = [keraunos.Variable(value) for value in (x, low, high)]
    with keraunos.GradientTape() as tape:
        outputs = quantizers.fake_quant_with_min_max_vars(*variables, num_bits=4, narrow_range=narrow_range, axis=axis)
        loss = ops.sum(outputs)
    # The division of the kernel and of NumPy may round a value in the middle to either side.
    assert np.mean(np.abs(outputs.numpy() - expected) > 1e-5) < 0.1
    of_x, of_low, of_high = (gradient.numpy() for gradient in tape.gradient(loss, variables))
    np.testing.assert_array_equal(of_x, (x >= bottom) & (x <= top))
    summed = 0 if axis is not None else None
    np.testing.assert_array_equal(of_low, np.sum(x <= bottom, axis=summed).reshape(count))
    np.testing.assert_array_equal(of_high, np.sum(x >= top, axis=summed).reshape(count))


def test_fake_quant_keeps_its_options_on_symbolic_tensors():
    inputs = keraunos.Input((3,))
    outputs = quantizers.fake_quant_with_min_max_vars(inputs, ops.array(-1.0), ops.array(1.0), num_bits=2)
    assert outputs.shape == (None, 3)
    x = np.array([[-1.0, 0.26, 2.0]], "float32")
    expected = quantizers.fake_quant_with_min_max_vars(x, -1.0, 1.0, num_bits=2).numpy()
    np.testing.assert_array_equal(keraunos.Model(inputs, outputs)(x).numpy(), expected)


def test_quantizers_come_from_names_configs_and_classes():
    quantizer = quantizers.AbsMaxQuantizer(axis=(0, 1), value_range=(-8, 7))
    again = quantizers.get(quantizers.serialize(quantizer))
    assert again.get_config() == quantizer.get_config()
    assert isinstance(quantizers.get("abs_max_quantizer"), quantizers.AbsMaxQuantizer)
    assert quantizers.get(None) is None and quantizers.get(quantizer) is quantizer
    with pytest.raises(ValueError, match="Could not interpret quantizer identifier: nope"):
        quantizers.get("nope")
    with pytest.raises(ValueError, match="interval"):
        quantizers.AbsMaxQuantizer(value_range=(-200, 200))


CONFIGS = [
    quantizers.Int8QuantizationConfig(weight_quantizer=quantizers.AbsMaxQuantizer(axis=0), activation_quantizer=None),
    quantizers.Int4QuantizationConfig(block_size=32),
    quantizers.Float8QuantizationConfig(),
    quantizers.GPTQConfig(dataset=None, tokenizer=None, weight_bits=2, group_size=-1, symmetric=True),
    quantizers.AWQConfig(dataset=None, tokenizer=None, group_size=16),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.mode)
def test_configs_come_back_from_their_config(config):
    again = quantizers.deserialize(quantizers.serialize(config))
    assert type(again) is type(config) and again.mode == config.mode
    assert quantizers.serialize(again) == quantizers.serialize(config)


@pytest.mark.parametrize(
    "make, message",
    [
        (lambda: quantizers.Int4QuantizationConfig(block_size=0), "block_size must be"),
        (lambda: quantizers.Int4QuantizationConfig(activation_quantizer=quantizers.AbsMaxQuantizer()), "custom quantizers"),
        (lambda: quantizers.Int4QuantizationConfig(quantizers.AbsMaxQuantizer(), block_size=-1), r"value_range=\(-8, 7\)"),
        (lambda: quantizers.Int8QuantizationConfig(quantizers.AbsMaxQuantizer(output_dtype="int16")), "output_dtype='int8'"),
        (lambda: quantizers.GPTQConfig(None, None, weight_bits=5), "Unsupported weight_bits 5"),
        (lambda: quantizers.GPTQConfig(None, None, hessian_damping=2), "hessian_damping"),
        (lambda: quantizers.AWQConfig(None, None, weight_bits=8), "only supports 4-bit"),
        (lambda: quantizers.AWQConfig(None, None, num_grid_points=0), "num_grid_points must be"),
    ],
)
def test_configs_refuse_what_they_do_not_mean(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("package", [quantizers, keraunos.dtype_policies], ids=lambda package: package.__name__)
def test_examples_run(package):
    modules = [package.__name__, *(m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))]
    for name in modules:
        results = doctest.testmod(importlib.import_module(name), extraglobs={"keraunos": keraunos, "np": np})
        assert results.failed == 0, name
