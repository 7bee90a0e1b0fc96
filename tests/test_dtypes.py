"""Names of dtypes and type promotion."""

import numpy as np
import pytest

from keraunos import backend, config, ops


@pytest.mark.parametrize(
    "given, name",
    [
        (None, "float32"),
        (float, "float32"),
        (int, "int32"),
        (bool, "bool"),
        ("int", "int32"),
        (np.float16, "float16"),
        (np.dtype("uint8"), "uint8"),
        ("bfloat16", "bfloat16"),
        (np.array(["some", "text"]).dtype, "string"),
    ],
)
def test_a_dtype_has_one_name(given, name):
    assert backend.standardize_dtype(given) == name


def test_an_unknown_dtype_is_named_in_the_error():
    with pytest.raises(ValueError, match="Invalid dtype: float99"):
        backend.standardize_dtype("float99")


@pytest.mark.parametrize(
    "dtypes, result",
    [
        (("int32", float), "float32"),
        (("int8", int), "int8"),
        (("bool", int), "int32"),
        (("float16", float), "float16"),
        (("float16", "bfloat16"), "float32"),
        (("uint8", "int8"), "int16"),
        (("uint32", "int32"), "int32"),
        (("float64", "float64"), "float32"),
        (("int64", "float16"), "float16"),
        ((int, float), "float32"),
        ((), "float32"),
    ],
)
def test_promotion_is_that_of_keras(dtypes, result):
    assert backend.result_type(*dtypes) == result


def test_float8_is_never_promoted():
    with pytest.raises(ValueError, match="no implicit conversions from float8"):
        backend.result_type("float8_e4m3fn", "float32")


def test_a_python_scalar_takes_the_dtype_of_the_tensor():
    assert ops.add(ops.ones((2,), "float16"), 1.5).dtype == "float16"
    assert ops.add(ops.ones((2,), "int8"), 1).dtype == "int8"
    assert ops.add(ops.ones((2,), "int32"), 1.5).dtype == "float32"


def test_tensors_of_64_bits_keep_them():
    assert ops.add(ops.ones((2,), "float64"), 1).dtype == "float64"
    assert ops.add(ops.ones((2,), "int64"), ops.ones((2,), "int32")).dtype == "int64"


def test_weak_floats_follow_floatx():
    config.set_floatx("float16")
    try:
        assert ops.add(ops.ones((2,), "int32"), 1.5).dtype == "float16"
        assert ops.convert_to_tensor([1.0, 2.0]).dtype == "float16"
    finally:
        config.set_floatx("float32")
