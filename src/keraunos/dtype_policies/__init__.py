"""Dtype policies: in which types a layer computes and keeps its variables (`keras.dtype_policies`)."""

from keraunos.dtype_policies.dtype_policy import QUANTIZATION_MODES, DTypePolicy, FloatDTypePolicy
from keraunos.dtype_policies.dtype_policy_map import DTypePolicyMap
from keraunos.dtype_policies.lookup import deserialize, get, serialize
from keraunos.dtype_policies.quantized_dtype_policy import (
    AWQDTypePolicy,
    GPTQDTypePolicy,
    Int4DTypePolicy,
    QuantizedDTypePolicy,
    QuantizedFloat8DTypePolicy,
)

__all__ = [
    "AWQDTypePolicy",
    "DTypePolicy",
    "DTypePolicyMap",
    "FloatDTypePolicy",
    "GPTQDTypePolicy",
    "Int4DTypePolicy",
    "QuantizedDTypePolicy",
    "QuantizedFloat8DTypePolicy",
    "deserialize",
    "get",
    "serialize",
]
