"""Policies by name or config."""

from __future__ import annotations

from keraunos import config, dtypes
from keraunos.dtype_policies import quantized_dtype_policy as quantized
from keraunos.dtype_policies.dtype_policy import QUANTIZATION_MODES, DTypePolicy, FloatDTypePolicy
from keraunos.dtype_policies.dtype_policy_map import DTypePolicyMap

CLASSES = {
    cls.__name__: cls
    for cls in (
        quantized.AWQDTypePolicy,
        DTypePolicy,
        DTypePolicyMap,
        FloatDTypePolicy,
        quantized.GPTQDTypePolicy,
        quantized.Int4DTypePolicy,
        quantized.QuantizedDTypePolicy,
        quantized.QuantizedFloat8DTypePolicy,
    )
}


def serialize(dtype_policy):
    """The config dict of a policy."""
    from keraunos import serialization

    return serialization.serialize_keras_object(dtype_policy)


def deserialize(config, custom_objects=None):
    """A policy from its config dict."""
    from keraunos import serialization

    return serialization.deserialize_keras_object(config, module_objects=CLASSES, custom_objects=custom_objects)


def get(identifier):
    """A policy from a policy, its name, its config, a dtype, or `None` for the global one.

    >>> get("mixed_bfloat16").variable_dtype
    'float32'
    """
    if identifier is None:
        return config.dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    if isinstance(identifier, dict):
        return deserialize(identifier)
    if isinstance(identifier, str):
        if identifier.startswith(QUANTIZATION_MODES) and identifier not in dtypes.ALLOWED_DTYPES:
            return quantized.quantized_policy_from_name(identifier)
        return DTypePolicy(identifier)
    try:
        return DTypePolicy(dtypes.standardize_dtype(identifier))
    except (TypeError, ValueError):
        raise ValueError(
            "Cannot interpret `dtype` argument. Expected a string or an instance of DTypePolicy. "
            f"Received: dtype={identifier}"
        ) from None
