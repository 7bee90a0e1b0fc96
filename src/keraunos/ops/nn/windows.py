"""What the ops that move windows over images share: arguments, channels, sizes of results."""

from __future__ import annotations

from keraunos import config
from keraunos.tensor import execute


def spatial_rank(inputs):
    """The number of spatial axes of images; raises unless it is 1, 2 or 3."""
    rank = len(inputs.shape) - 2
    if not 1 <= rank <= 3:
        raise ValueError(
            f"Inputs must have 3, 4 or 5 axes, for 1, 2 or 3 spatial ones. Received: input shape {tuple(inputs.shape)}"
        )
    return rank


def per_axis(value, rank, name, allow_zero=False):
    """`value` as a list of `rank` integers; a single one counts for every axis."""
    values = [value] * rank if isinstance(value, int) else list(value)
    least = 0 if allow_zero else 1
    if len(values) != rank or any(int(one) != one or one < least for one in values):
        raise ValueError(
            f"The `{name}` argument must be an integer or a tuple of {rank} integers, each at least {least}. "
            f"Received: {name}={value}"
        )
    return [int(one) for one in values]


def is_same(padding):
    """Whether `padding` is `"same"`; raises unless it is that or `"valid"`."""
    name = padding.lower() if isinstance(padding, str) else padding
    if name not in ("valid", "same"):
        raise ValueError(f"`padding` must be either 'valid' or 'same'. Received: padding={padding}")
    return name == "same"


def is_channels_first(data_format):
    """Whether the channels stand before the spatial axes."""
    return config.standardize_data_format(data_format) == "channels_first"


def channels_last(function, inputs, data_format):
    """`function` of images with their channels last, whatever the format is."""
    if not is_channels_first(data_format):
        return function(inputs)
    rank = len(inputs.shape)
    result = function(execute("transpose", [inputs], {"axes": [0, *range(2, rank), 1]}))
    return execute("transpose", [result], {"axes": [0, rank - 1, *range(1, rank - 1)]})


def check_input_channels(inputs, kernel, data_format, in_groups=False, is_transposed=False):
    """Raises unless the images have the kernel's input channels, or a multiple of them."""
    given = inputs.shape[1 if is_channels_first(data_format) else -1]
    wanted = kernel.shape[-1 if is_transposed else -2]
    if given is None or wanted is None or given == wanted:
        return
    if in_groups and wanted and given % wanted == 0:
        return
    multiple = " or be a multiple of them" if in_groups else ""
    raise ValueError(
        f"The number of input channels must match the kernel's input channels{multiple}. Received: input "
        f"channels={given}, kernel input channels={wanted}, data_format='{config.standardize_data_format(data_format)}'."
    )


__all__ = ["channels_last", "check_input_channels", "is_channels_first", "is_same", "per_axis", "spatial_rank"]
