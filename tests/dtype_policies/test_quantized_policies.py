"""Quantized dtype policies: names, configs, equality and errors."""

import pytest

from keraunos import dtype_policies

NAMES = {
    "int8_from_float32": ("QuantizedDTypePolicy", "int8", "float32", "float32"),
    "int4_from_mixed_bfloat16": ("QuantizedDTypePolicy", "int4", "bfloat16", "float32"),
    "int4/64_from_float32": ("Int4DTypePolicy", "int4", "float32", "float32"),
    "float8_from_mixed_bfloat16": ("QuantizedFloat8DTypePolicy", "float8", "bfloat16", "float32"),
    "gptq/4/-1_from_float32": ("GPTQDTypePolicy", "gptq", "float32", "float32"),
    "awq/4/128_from_float32": ("AWQDTypePolicy", "awq", "float32", "float32"),
}


@pytest.mark.parametrize("name", NAMES)
def test_a_policy_is_found_by_its_name_and_comes_back_from_its_config(name):
    policy = dtype_policies.get(name)
    found = (type(policy).__name__, policy.quantization_mode, policy.compute_dtype, policy.variable_dtype)
    assert found == NAMES[name] and policy.name == name
    again = dtype_policies.deserialize(dtype_policies.serialize(policy))
    assert again == policy and again.name == name and repr(again) == f'<{found[0]} "{name}">'


def test_policies_of_other_numbers_differ():
    make = dtype_policies.QuantizedFloat8DTypePolicy
    assert make("float8", "float32", amax_history_length=8) != make("float8", "float32", amax_history_length=9)
    assert dtype_policies.get("int4/64_from_float32") != dtype_policies.get("int4_from_float32")
    assert dtype_policies.get("int8_from_float32") != dtype_policies.DTypePolicy("float32")


@pytest.mark.parametrize(
    "name, message",
    [
        ("int8_from_float16", "doesn't work well with compute_dtype='float16'"),
        ("int8_from_", "Cannot convert ''"),
        ("int8_float32", "valid pair"),
        ("int4/x_from_float32", "<block_size> must be an integer"),
        ("int4/0_from_float32", "Invalid block_size"),
        ("gptq/4_from_float32", "Expected format 'gptq/<weight_bits>/<group_size>'"),
        ("gptq/5/8_from_float32", "Invalid weight_bits"),
        ("awq/8/8_from_float32", "only supports 4-bit"),
        ("awq/4/0_from_float32", "Invalid group_size"),
    ],
)
def test_other_names_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        dtype_policies.get(name)
