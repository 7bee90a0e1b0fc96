"""How the layers of a model are quantized: the mode, and the quantizers of weights and inputs."""

from keraunos.dtype_policies import QUANTIZATION_MODES
from keraunos.quantizers.abs_max import AbsMaxQuantizer


class QuantizationConfig:
    """Base of the configs of the modes.

    Args:
        weight_quantizer: Quantizer of the weights; `None` for that of the layer.
        activation_quantizer: Quantizer of the inputs; `None` to compute with float inputs.
    """

    def __init__(self, weight_quantizer=None, activation_quantizer=None):
        self.weight_quantizer = weight_quantizer
        self.activation_quantizer = activation_quantizer

    @property
    def mode(self):
        """The quantization mode.

        Raises:
            NotImplementedError: unless overridden.
        """
        raise NotImplementedError(
            "Subclasses must implement this property. Do not instantiate QuantizationConfig directly."
        )

    def get_config(self):
        """The constructor's arguments as plain data."""
        from keraunos import serialization

        return {
            "weight_quantizer": serialization.serialize_keras_object(self.weight_quantizer),
            "activation_quantizer": serialization.serialize_keras_object(self.activation_quantizer),
        }

    @classmethod
    def from_config(cls, config):
        """A config from `get_config()`'s result."""
        from keraunos import serialization

        names = ("weight_quantizer", "activation_quantizer")
        read = {name: serialization.deserialize_keras_object(config.get(name)) for name in names}
        return cls(**{**config, **read})

    @staticmethod
    def weight_quantizer_or_default(config, default):
        """The quantizer of the weights that `config` names, else `default`."""
        if config is None or config.weight_quantizer is None:
            return default
        return config.weight_quantizer

    @staticmethod
    def activation_quantizer_or_default(config, default):
        """The quantizer of the inputs of `config`, `None` too, or `default` without a config."""
        return default if config is None else config.activation_quantizer


class Int8QuantizationConfig(QuantizationConfig):
    """8-bit integers.

    Args:
        weight_quantizer: Quantizer of the weights, to int8; `None` for that of the layer.
        activation_quantizer: Quantizer of the inputs, `AbsMaxQuantizer()` by default; `None` to compute with float
            inputs.

    Raises:
        ValueError: for a quantizer of the weights to another dtype.

    Example:

    >>> keraunos.quantizers.Int8QuantizationConfig(activation_quantizer=None).mode
    'int8'
    """

    def __init__(self, weight_quantizer=None, activation_quantizer="default"):
        if isinstance(activation_quantizer, str) and activation_quantizer == "default":
            activation_quantizer = AbsMaxQuantizer()
        super().__init__(weight_quantizer, activation_quantizer)
        _check_output_dtype(self)

    @property
    def mode(self):
        return "int8"


class Int4QuantizationConfig(QuantizationConfig):
    """4-bit integers, two to a byte.

    Args:
        weight_quantizer: Quantizer of the weights, to the range (-8, 7) of int8; `None` for that of the layer.
        activation_quantizer: Quantizer of the inputs; none by default.
        block_size: Rows that share a scale and a zero point; `None` or -1 for one scale per column. Blocks do not go
            with quantizers of one's own.

    Raises:
        ValueError: for a block size or a quantizer that is not of this kind.

    Example:

    >>> keraunos.quantizers.Int4QuantizationConfig(block_size=64).mode
    'int4'
    """

    def __init__(self, weight_quantizer=None, activation_quantizer="default", block_size=128):
        if isinstance(activation_quantizer, str) and activation_quantizer == "default":
            activation_quantizer = None
        super().__init__(weight_quantizer, activation_quantizer)
        if block_size is not None and block_size != -1 and block_size <= 0:
            raise ValueError(f"block_size must be None, -1, or a positive integer. Received: block_size={block_size}")
        self.block_size = block_size
        has_blocks = block_size is not None and block_size > 0
        if has_blocks and (weight_quantizer is not None or activation_quantizer is not None):
            raise ValueError(
                "Int4 sub-channel quantization (block_size > 0) does not support custom quantizers. Either set "
                "block_size to None or -1 for per-channel quantization, or remove the custom quantizer arguments. "
                f"Received: block_size={block_size}"
            )
        if weight_quantizer is not None and tuple(weight_quantizer.value_range) != (-8, 7):
            raise ValueError(
                "Int4QuantizationConfig requires a weight_quantizer with value_range=(-8, 7). "
                f"Received: value_range={weight_quantizer.value_range}"
            )
        _check_output_dtype(self)

    @property
    def mode(self):
        return "int4"

    def get_config(self):
        return {**super().get_config(), "block_size": self.block_size}

    @classmethod
    def from_config(cls, config):
        # Files of Keras before blocks have no block size.
        return super().from_config({"block_size": None, **config})


class Float8QuantizationConfig(QuantizationConfig):
    """8-bit floats, whose scales are learned from the data while training.

    Example:

    >>> keraunos.quantizers.Float8QuantizationConfig().mode
    'float8'
    """

    def __init__(self):
        super().__init__(None, None)

    @property
    def mode(self):
        return "float8"

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls()


def _check_output_dtype(config):
    quantizer = config.weight_quantizer
    if quantizer is not None and quantizer.output_dtype != "int8":
        raise ValueError(
            f"{type(config).__name__} requires a weight_quantizer with output_dtype='int8'. "
            f"Received: output_dtype={quantizer.output_dtype}"
        )


_DEFAULTS = {"int8": Int8QuantizationConfig, "int4": Int4QuantizationConfig, "float8": Float8QuantizationConfig}
_NAMES = {"gptq": "GPTQ", "awq": "AWQ"}


def validate_and_resolve_config(mode, config):
    """The config for the arguments of `quantize`: the one given, or the default one of the mode.

    Raises:
        ValueError: for an unknown mode, a mode without a default, or a config of another mode.
    """
    if isinstance(config, str):
        mode, config = config, None
    _check_mode(mode)
    if config is None:
        if mode is None:
            raise ValueError("You must provide either `mode` or `config` to `quantize`.")
        if mode in _NAMES:
            name = _NAMES[mode]
            raise ValueError(f"For {name}, you must pass a `{name}Config` object in the `config` argument.")
        return _DEFAULTS[mode]()
    if not isinstance(config, QuantizationConfig):
        raise ValueError(
            "Argument `config` must be an instance of `QuantizationConfig`. "
            f"Received: config={config} (of type {type(config)})"
        )
    if mode is not None and config.mode != mode:
        raise ValueError(f"Contradictory arguments: mode='{mode}' but config.mode='{config.mode}'")
    _check_mode(config.mode)
    if config.mode in _NAMES and not hasattr(config, "dtype_policy_string"):
        name = _NAMES[config.mode]
        raise ValueError(
            f"Mode '{config.mode}' requires a valid `config` argument of type `{name}Config`. Received: {type(config)}"
        )
    return config


def _check_mode(mode):
    if mode is not None and mode not in QUANTIZATION_MODES:
        raise ValueError(f"Invalid quantization mode. Expected one of {QUANTIZATION_MODES}. Received: mode={mode}")
