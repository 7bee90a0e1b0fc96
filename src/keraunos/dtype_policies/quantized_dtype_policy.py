"""Dtype policies of quantized layers: a mode, and the policy that the layer had before."""

from __future__ import annotations

from keraunos import config
from keraunos.dtype_policies.dtype_policy import QUANTIZATION_MODES, DTypePolicy


class QuantizedDTypePolicy(DTypePolicy):
    """A quantization mode on top of the dtypes of another policy.

    Args:
        mode: `"int8"`, `"int4"`, `"float8"`, `"gptq"` or `"awq"`.
        source_name: name of the policy that gives compute and variable dtype; `None` for the global one.

    Raises:
        ValueError: for an unknown mode, and for `"int8"` with float16, whose range the products leave.

    Example:

    >>> QuantizedDTypePolicy("int8", "mixed_bfloat16").name
    'int8_from_mixed_bfloat16'
    """

    def __init__(self, mode, source_name=None):
        if source_name is None:
            source_name = config.dtype_policy().name
        self._compute_dtype, self._variable_dtype = self._parse_name(source_name)
        if mode not in QUANTIZATION_MODES:
            raise ValueError(f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. Received: mode={mode}")
        if mode == "int8" and self._compute_dtype == "float16":
            raise ValueError(f"Quantization mode='{mode}' doesn't work well with compute_dtype='float16'.")
        self._name = f"{mode}_from_{source_name}"
        self._source_name = source_name
        self._quantization_mode = mode

    def __eq__(self, other):
        return super().__eq__(other) and self.get_config() == other.get_config()

    __hash__ = None

    def get_config(self):
        return {"mode": self._quantization_mode, "source_name": self._source_name}


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """The policy of layers that train with products in emulated float8.

    Args:
        mode: `"float8"`.
        source_name: as in `QuantizedDTypePolicy`.
        amax_history_length: number of steps whose largest values decide the scale.

    Raises:
        TypeError: if the length is not an integer.

    Example:

    >>> QuantizedFloat8DTypePolicy("float8", "float32", amax_history_length=16).amax_history_length
    16
    """

    default_amax_history_length = 1024

    def __init__(self, mode, source_name=None, amax_history_length=1024):
        super().__init__(mode=mode, source_name=source_name)
        if not isinstance(amax_history_length, int):
            raise TypeError(
                f"`amax_history_length` must be an integer. Received: amax_history_length={amax_history_length}"
            )
        self._amax_history_length = amax_history_length

    @property
    def amax_history_length(self):
        """Number of steps whose largest values decide the scale."""
        return self._amax_history_length

    def get_config(self):
        return {**super().get_config(), "amax_history_length": self.amax_history_length}


class _SlashedDTypePolicy(QuantizedDTypePolicy):
    """A policy whose mode carries numbers: `mode/number/...`."""

    _base_mode = ""
    _numbers = ()

    def __init__(self, mode, source_name=None):
        numbers = self._read_numbers(mode)
        self._check_numbers(mode, *numbers)
        super().__init__(mode=self._base_mode, source_name=source_name)
        self._name = f"{mode}_from_{self._source_name}"
        self.mode = self._base_mode
        for name, value in zip(self._numbers, numbers):
            setattr(self, name, value)

    def _read_numbers(self, mode):
        form = "/".join([self._base_mode, *(f"<{name}>" for name in self._numbers)])
        base, *parts = mode.split("/")
        problem = f"Invalid mode for {type(self).__name__}."
        if base != self._base_mode or len(parts) != len(self._numbers):
            raise ValueError(f"{problem} Expected format '{form}', but got '{mode}'.")
        try:
            return [int(part) for part in parts]
        except ValueError:
            named = " and ".join(f"<{name}>" for name in self._numbers)
            must = "must be an integer" if len(parts) == 1 else "must be integers"
            raise ValueError(f"{problem} {named} {must}. Expected format '{form}', but got '{mode}'.") from None

    def _check_numbers(self, mode, *numbers):
        """Raises `ValueError` for numbers that the mode does not have."""

    def get_config(self):
        numbers = [str(getattr(self, name)) for name in self._numbers]
        return {**super().get_config(), "mode": "/".join([self.mode, *numbers])}


def _check_group_size(mode, name, value, meaning):
    if value < -1 or value == 0:
        raise ValueError(
            f"Invalid {name} in mode. Supported values are -1 ({meaning}) or a positive integer, but got {value} "
            f"from '{mode}'."
        )


class Int4DTypePolicy(_SlashedDTypePolicy):
    """The policy of layers whose weights are 4-bit integers.

    Args:
        mode: `"int4/<block_size>"`: a scale per so many rows, or -1 for one scale per column.
        source_name: as in `QuantizedDTypePolicy`.

    Raises:
        ValueError: for a mode that is not of this form.

    Example:

    >>> Int4DTypePolicy("int4/128", "float32").block_size
    128
    """

    _base_mode = "int4"
    _numbers = ("block_size",)

    def _check_numbers(self, mode, block_size):
        _check_group_size(mode, "block_size", block_size, "per-channel")


class GPTQDTypePolicy(_SlashedDTypePolicy):
    """The policy of layers whose weights were chosen by GPTQ (Frantar et al., 2022).

    Args:
        mode: `"gptq/<weight_bits>/<group_size>"` with 2, 3, 4 or 8 bits and -1 for one group.
        source_name: as in `QuantizedDTypePolicy`.

    Raises:
        ValueError: for a mode that is not of this form.

    Example:

    >>> GPTQDTypePolicy("gptq/4/128", "float32").weight_bits
    4
    """

    _base_mode = "gptq"
    _numbers = ("weight_bits", "group_size")

    def _check_numbers(self, mode, weight_bits, group_size):
        if weight_bits not in (2, 3, 4, 8):
            raise ValueError(
                "Invalid weight_bits in mode. Supported values are 2, 3, 4, and 8, but got "
                f"{weight_bits} from '{mode}'."
            )
        _check_group_size(mode, "group_size", group_size, "whole-tensor")


class AWQDTypePolicy(_SlashedDTypePolicy):
    """The policy of layers whose weights were chosen by AWQ (Lin et al., 2023).

    Args:
        mode: `"awq/4/<group_size>"`, with -1 for one group.
        source_name: as in `QuantizedDTypePolicy`.

    Raises:
        ValueError: for a mode that is not of this form.

    Example:

    >>> AWQDTypePolicy("awq/4/64", "float32").group_size
    64
    """

    _base_mode = "awq"
    _numbers = ("weight_bits", "group_size")

    def _check_numbers(self, mode, weight_bits, group_size):
        if weight_bits != 4:
            raise ValueError(
                "Invalid weight_bits in mode. AWQ only supports 4-bit quantization, but got "
                f"{weight_bits} from '{mode}'."
            )
        _check_group_size(mode, "group_size", group_size, "per-channel")


def quantized_policy_from_name(name):
    """The policy called `<mode>_from_<source_name>`.

    >>> quantized_policy_from_name("int4/64_from_float32").block_size
    64
    """
    if not isinstance(name, str):
        raise TypeError(f"`policy` must be a string. Received: policy={name}")
    if not name.startswith(QUANTIZATION_MODES):
        raise ValueError("`policy` is incompatible with the current supported quantization.")
    parts = name.split("_from_")
    if len(parts) != 2:
        raise ValueError(
            "Cannot convert `policy` into a valid pair (`mode`, `source_name`) to instantiate "
            f"`QuantizedDTypePolicy`. Received: policy={name}"
        )
    mode, source_name = parts
    if name.startswith("float8"):
        return QuantizedFloat8DTypePolicy(mode, source_name)
    if name.startswith("gptq"):
        return GPTQDTypePolicy(mode, source_name)
    if name.startswith("awq"):
        return AWQDTypePolicy(mode, source_name)
    return Int4DTypePolicy(mode, source_name) if "/" in mode else QuantizedDTypePolicy(mode, source_name)
