"""The dtype policy of a layer."""

from __future__ import annotations

from keraunos import config, dtypes

QUANTIZATION_MODES = ("int8", "float8", "int4", "gptq", "awq")

_MIXED = {"mixed_float16": ("float16", "float32"), "mixed_bfloat16": ("bfloat16", "float32")}


class DTypePolicy:
    """The compute dtype and the variable dtype of a layer.

    Args:
        name: a dtype (both types are that one), `"mixed_float16"` or `"mixed_bfloat16"` (computes in 16 bits, keeps
            variables in float32), or `None` for the global policy.

    Example:

    >>> DTypePolicy("mixed_bfloat16").compute_dtype
    'bfloat16'
    """

    def __init__(self, name=None):
        if name is None:
            name = config.dtype_policy().name
        self._name = name
        self._compute_dtype, self._variable_dtype = self._parse_name(name)
        self._quantization_mode = None

    def _parse_name(self, name):
        if not isinstance(name, str):
            raise TypeError(
                "'name' must be a string, such as 'mixed_float16'. "
                f"Received: name={name} (of type {type(name)})"
            )
        if name in _MIXED:
            return _MIXED[name]
        try:
            dtype = dtypes.standardize_dtype(name)
        except ValueError:
            raise ValueError(
                f"Cannot convert '{name}' to a mixed precision DTypePolicy. Valid policies include 'mixed_float16', "
                "'mixed_bfloat16', and the name of any float dtype such as 'float32'."
            ) from None
        return dtype, dtype

    @property
    def variable_dtype(self):
        """The dtype in which layers keep their variables."""
        return self._variable_dtype

    @property
    def compute_dtype(self):
        """The dtype in which layers compute."""
        return self._compute_dtype

    @property
    def name(self):
        """The name of the policy."""
        return self._name

    @property
    def quantization_mode(self):
        """The quantization mode, `None` for a policy without quantization."""
        return self._quantization_mode

    def convert_input(self, x, autocast, dtype):
        """`x` as a layer with compute type `dtype` takes it: arrays become tensors, floats are cast if `autocast`."""
        from keraunos import ops, tensor

        dtype = dtypes.standardize_dtype(dtype)
        if not (tensor.is_tensor(x) or tensor.is_keras_tensor(x)):
            if not hasattr(x, "__array__"):
                return x
            x = ops.convert_to_tensor(x)
        if autocast and x.dtype != dtype and dtypes.is_float_dtype(x.dtype):
            return ops.cast(x, dtype)
        return x

    def get_config(self):
        """The constructor's arguments."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config):
        """A policy from `get_config()`'s result."""
        return cls(**config)

    def __repr__(self):
        name = type(self).__name__
        return f'<{"DTypePolicy" if name == "FloatDTypePolicy" else name} "{self._name}">'

    def __eq__(self, other):
        plain = (DTypePolicy, FloatDTypePolicy)
        if type(self) in plain:
            return type(other) in plain and self._name == other._name
        return type(other) is type(self) and self._name == other._name

    __hash__ = None


class FloatDTypePolicy(DTypePolicy):
    """Another name of `DTypePolicy`."""
