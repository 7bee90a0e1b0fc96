"""Configs of the modes that choose the weights by running data through the model: GPTQ and AWQ."""

from keraunos.quantizers.quantization_config import QuantizationConfig


class _CalibratedConfig(QuantizationConfig):
    """What the two modes share: the data, and groups of rows with a scale and a zero point."""

    _option_names = ()
    _whole = ""

    def _take_options(self, dataset, tokenizer, options):
        for name in ("num_samples", "sequence_length", "num_grid_points"):
            if options.get(name, 1) <= 0:
                raise ValueError(f"{name} must be a positive integer.")
        group_size = options["group_size"]
        if group_size < -1 or group_size == 0:
            raise ValueError(
                f"Invalid group_size. Supported values are -1 ({self._whole}) or a positive integer, but got "
                f"{group_size}."
            )
        self.dataset = dataset
        self.tokenizer = tokenizer
        for name, value in options.items():
            setattr(self, name, value)
        self._option_names = tuple(options)

    def dtype_policy_string(self):
        """The mode as dtype policies name it: `mode/weight_bits/group_size`."""
        return f"{self.mode}/{self.weight_bits}/{self.group_size}"

    def get_config(self):
        # Data and tokenizer are no part of the model.
        return {"dataset": None, "tokenizer": None, **{name: getattr(self, name) for name in self._option_names}}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


class GPTQConfig(_CalibratedConfig):
    """Weights chosen one column after the other, each making up for the errors before it (Frantar et al., 2022).

    Layers build, load and compute in this mode. Choosing the weights is not offered: `Model.quantize("gptq")` raises
    `NotImplementedError`.

    Args:
        dataset: Texts or token batches to calibrate with.
        tokenizer: Turns texts into tokens.
        weight_bits: 2, 3, 4 or 8.
        num_samples: Number of samples to calibrate with.
        per_channel: Whether each column has scales of its own.
        sequence_length: Tokens in a sample.
        hessian_damping: Share of the mean added to the diagonal of the second derivatives, 0 to 1.
        group_size: Rows that share a scale; -1 for all.
        symmetric: Whether the range is symmetric around zero.
        activation_order: Whether the columns with the largest second derivatives come first.
        quantization_layer_structure: The blocks of the model that are calibrated in order.

    Raises:
        ValueError: for a value out of its range.

    Example:

    >>> keraunos.quantizers.GPTQConfig(dataset=None, tokenizer=None, group_size=64).dtype_policy_string()
    'gptq/4/64'
    """

    _whole = "whole-tensor"

    def __init__(
        self,
        dataset,
        tokenizer,
        *,
        weight_bits=4,
        num_samples=128,
        per_channel=True,
        sequence_length=512,
        hessian_damping=0.01,
        group_size=128,
        symmetric=False,
        activation_order=False,
        quantization_layer_structure=None,
    ):
        super().__init__()
        if weight_bits not in (2, 3, 4, 8):
            raise ValueError(f"Unsupported weight_bits {weight_bits}. Supported values are 2, 3, 4, and 8.")
        if hessian_damping < 0 or hessian_damping > 1:
            raise ValueError("hessian_damping must be between 0 and 1.")
        self._take_options(
            dataset,
            tokenizer,
            {
                "weight_bits": weight_bits,
                "num_samples": num_samples,
                "per_channel": per_channel,
                "sequence_length": sequence_length,
                "hessian_damping": hessian_damping,
                "group_size": group_size,
                "symmetric": symmetric,
                "activation_order": activation_order,
                "quantization_layer_structure": quantization_layer_structure,
            },
        )

    @property
    def mode(self):
        return "gptq"


class AWQConfig(_CalibratedConfig):
    """Weights scaled by how large their inputs are, then rounded to four bits (Lin et al., 2023).

    Layers build, load and compute in this mode. Choosing the weights is not offered: `Model.quantize("awq")` raises
    `NotImplementedError`.

    Args:
        dataset: Texts or token batches to calibrate with.
        tokenizer: Turns texts into tokens.
        weight_bits: 4.
        num_samples: Number of samples to calibrate with.
        sequence_length: Tokens in a sample.
        group_size: Rows that share a scale; -1 for all.
        num_grid_points: Number of scalings that are tried.
        quantization_layer_structure: The blocks of the model that are calibrated in order.

    Raises:
        ValueError: for a value out of its range.

    Example:

    >>> keraunos.quantizers.AWQConfig(dataset=None, tokenizer=None).dtype_policy_string()
    'awq/4/128'
    """

    _whole = "per-channel"

    def __init__(
        self,
        dataset,
        tokenizer,
        *,
        weight_bits=4,
        num_samples=128,
        sequence_length=512,
        group_size=128,
        num_grid_points=20,
        quantization_layer_structure=None,
    ):
        super().__init__()
        if weight_bits != 4:
            raise ValueError(f"AWQ only supports 4-bit quantization. Received weight_bits={weight_bits}.")
        self._take_options(
            dataset,
            tokenizer,
            {
                "weight_bits": weight_bits,
                "num_samples": num_samples,
                "sequence_length": sequence_length,
                "group_size": group_size,
                "num_grid_points": num_grid_points,
                "quantization_layer_structure": quantization_layer_structure,
            },
        )

    @property
    def mode(self):
        return "awq"
