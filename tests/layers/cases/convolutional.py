"""The convolution layers."""

import itertools

from case import case

from keraunos import layers

SIZES = (5, 4, 3)  # of the spatial axes
CHANNELS = 4
FORMATS = ("channels_last", "channels_first")
CONVS = (layers.Conv1D, layers.Conv2D, layers.Conv3D)
TRANSPOSES = (layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose)
DEPTHWISE = (layers.DepthwiseConv1D, layers.DepthwiseConv2D)
SEPARABLE = (layers.SeparableConv1D, layers.SeparableConv2D)


def shaped(sizes, channels, data_format):
    return (None, *sizes, channels) if data_format == "channels_last" else (None, channels, *sizes)


def counted(sizes, kernel_size=2, strides=1, padding="valid", dilation_rate=1, **_):
    """The sizes after a convolution."""
    if padding != "valid":
        return [-(-size // strides) for size in sizes]
    return [(size - (kernel_size - 1) * dilation_rate - 1) // strides + 1 for size in sizes]


def convolution(cls, rank, channels, weights, **arguments):
    """A case with `channels` outputs; None in `arguments` is not said."""
    arguments = {name: value for name, value in arguments.items() if value is not None}
    data_format = arguments.get("data_format", "channels_last")
    sizes = SIZES[:rank]
    x, y = shaped(sizes, CHANNELS, data_format), shaped(counted(sizes, **arguments), channels, data_format)
    case(cls, x=x, y=y, weights=weights, **arguments)


for rank, cls in enumerate(CONVS, start=1):
    for padding, data_format, strides in itertools.product(("valid", "same"), FORMATS, (1, 2)):
        for kernel_size in (1, 2, 3) if rank < 3 else (3,):
            convolution(cls, rank, 3, 2, filters=3, kernel_size=kernel_size, strides=strides, padding=padding, data_format=data_format)
        convolution(cls, rank, 4, 2, filters=4, kernel_size=2, strides=strides, padding=padding, data_format=data_format, groups=2)
    for padding, data_format in itertools.product(("valid", "same"), FORMATS):
        convolution(cls, rank, 3, 2, filters=3, kernel_size=2, padding=padding, data_format=data_format, dilation_rate=2)
    for activation in ("relu", "tanh", "softmax"):
        convolution(cls, rank, 3, 2, filters=3, kernel_size=2, activation=activation)
    convolution(cls, rank, 3, 1, filters=3, kernel_size=2, use_bias=False)
    convolution(cls, rank, 4, 2, filters=4, kernel_size=3, groups=4, padding="same")
    convolution(cls, rank, 3, 4, filters=3, kernel_size=2, lora_rank=2)
for data_format, strides, dilation_rate in (*itertools.product(FORMATS, (1, 2), (1,)), *itertools.product(FORMATS, (1,), (2, 3))):
    convolution(
        layers.Conv1D, 1, 3, 2, filters=3, kernel_size=3, padding="causal", strides=strides, data_format=data_format, dilation_rate=dilation_rate
    )
case(layers.Conv2D, filters=2, kernel_size=(3, 2), strides=(2, 1), padding="same", x=(None, 5, 6, 1), y=(None, 3, 6, 2), weights=2)
case(layers.Conv2D, filters=2, kernel_size=(3, 1), dilation_rate=(2, 1), x=(None, 6, 3, 3), y=(None, 2, 3, 2), weights=2)


def transposed(sizes, kernel_size, strides=1, padding="valid", output_padding=None, dilation_rate=1, **_):
    window = (kernel_size - 1) * dilation_rate + 1
    if padding == "valid":
        extra = max(window, strides) - window if output_padding is None else output_padding
        return [(size - 1) * strides + window + extra for size in sizes]
    return [size * strides if output_padding is None else (size - 1) * strides + window % 2 + output_padding for size in sizes]


for rank, cls in enumerate(TRANSPOSES, start=1):
    for padding, data_format, strides, kernel_size in itertools.product(("valid", "same"), FORMATS, (1, 2, 3), (2, 3)):
        if rank == 3 and (kernel_size == 2) == (strides == 2):
            continue
        arguments = {"filters": 3, "kernel_size": kernel_size, "strides": strides, "padding": padding, "data_format": data_format}
        sizes = SIZES[1 : 1 + rank] if rank < 3 else (2, 1, 2)
        case(cls, x=shaped(sizes, 2, data_format), y=shaped(transposed(sizes, **arguments), 3, data_format), weights=2, **arguments)
        if strides > 1 and data_format == "channels_last":
            arguments["output_padding"] = 1
            case(cls, x=shaped(sizes, 2, data_format), y=shaped(transposed(sizes, **arguments), 3, data_format), weights=2, **arguments)
    arguments = {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "use_bias": False, "activation": "relu"}
    case(cls, x=shaped((3,) * rank, 2, "channels_last"), y=shaped(transposed((3,) * rank, **arguments), 2, "channels_last"), weights=1, **arguments)

for rank, cls in enumerate(DEPTHWISE, start=1):
    for padding, data_format, strides, multiplier in itertools.product(("valid", "same"), FORMATS, (1, 2), (1, 3)):
        convolution(
            cls,
            rank,
            CHANNELS * multiplier,
            2,
            kernel_size=3,
            strides=strides,
            padding=padding,
            data_format=data_format,
            depth_multiplier=multiplier,
        )
    convolution(cls, rank, CHANNELS, 1, kernel_size=2, dilation_rate=2, use_bias=False, activation="relu")
for rank, cls in enumerate(SEPARABLE, start=1):
    for padding, data_format, strides, multiplier in itertools.product(("valid", "same"), FORMATS, (1, 2), (1, 2)):
        convolution(
            cls,
            rank,
            3,
            3,
            filters=3,
            kernel_size=3,
            strides=strides,
            padding=padding,
            data_format=data_format,
            depth_multiplier=multiplier,
        )
    convolution(cls, rank, 3, 2, filters=3, kernel_size=2, dilation_rate=2, use_bias=False, activation="relu")
