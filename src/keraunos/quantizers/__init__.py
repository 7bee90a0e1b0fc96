"""Quantization: integers and 8-bit floats in place of floats (`keras.quantizers`)."""

import inspect

from keraunos.identifiers import could_not_interpret, named_classes
from keraunos.quantizers.abs_max import AbsMaxQuantizer, abs_max_quantize, abs_max_quantize_grouped_with_zero_point
from keraunos.quantizers.calibrated_config import AWQConfig, GPTQConfig
from keraunos.quantizers.fake_quant import fake_quant_with_min_max_vars
from keraunos.quantizers.float8 import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from keraunos.quantizers.int4_packing import pack_int4, unpack_int4
from keraunos.quantizers.quantization_config import (
    Float8QuantizationConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
)
from keraunos.quantizers.quantizer import Quantizer

_CLASSES = named_classes(
    Quantizer,
    AbsMaxQuantizer,
    QuantizationConfig,
    Int8QuantizationConfig,
    Int4QuantizationConfig,
    Float8QuantizationConfig,
    GPTQConfig,
    AWQConfig,
)


def serialize(initializer):
    """Dictionary from which `deserialize` makes the quantizer again."""
    from keraunos import serialization

    return serialization.serialize_keras_object(initializer)


def deserialize(config, custom_objects=None):
    """Quantizer from the result of `serialize`."""
    from keraunos import serialization

    return serialization.deserialize_keras_object(config, module_objects=_CLASSES, custom_objects=custom_objects)


def get(identifier, **kwargs):
    """Quantizer from a quantizer, its config, its class or the name of its class; `None` stays `None`.

    Args:
        identifier: What to look up.
        **kwargs: Arguments for a class.

    Raises:
        ValueError: for anything else.

    Example:

    >>> keraunos.quantizers.get("abs_max_quantizer", axis=-1).axis
    (-1,)
    """
    if identifier is None:
        return None
    found = identifier
    if isinstance(identifier, dict):
        found = deserialize(identifier)
    elif isinstance(identifier, str):
        found = _CLASSES.get(identifier)
    if not callable(found):
        raise could_not_interpret("quantizer", identifier, _CLASSES)
    return found(**kwargs) if inspect.isclass(found) else found


__all__ = [
    "AWQConfig",
    "AbsMaxQuantizer",
    "Float8QuantizationConfig",
    "GPTQConfig",
    "Int4QuantizationConfig",
    "Int8QuantizationConfig",
    "QuantizationConfig",
    "Quantizer",
    "abs_max_quantize",
    "abs_max_quantize_grouped_with_zero_point",
    "compute_float8_amax_history",
    "compute_float8_scale",
    "deserialize",
    "fake_quant_with_min_max_vars",
    "get",
    "pack_int4",
    "quantize_and_dequantize",
    "serialize",
    "unpack_int4",
]
