"""Convolution: cross-correlation of images (or series, or volumes) with kernels, and what is made from it."""

from __future__ import annotations

from keraunos.ops import _dims
from keraunos.ops._arguments import float_pair, floats
from keraunos.ops._dispatch import operations
from keraunos.ops.nn import windows
from keraunos.tensor import execute

operation = operations("nn")


@operation("inputs", "kernel")
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution over 1, 2 or 3 axes.

    Args:
        inputs: `(batch, ..., channels)`, or `(batch, channels, ...)` with `data_format="channels_first"`.
        kernel: `(..., input channels, output channels)`. With fewer input channels than `inputs` has, these form groups,
            each with its share of the output channels.
        strides: Steps of the window, one number or one per axis.
        padding: `"valid"` (none) or `"same"` (zeros on both sides, so that strides of 1 keep the sizes).
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        dilation_rate: Distance between the elements that a kernel touches, one number or one per axis.

    Raises:
        ValueError: if the channels do not match, or the window is larger than the image.

    Example:

    >>> keraunos.ops.conv(keraunos.ops.ones((1, 5, 5, 2)), keraunos.ops.ones((3, 3, 2, 4))).shape
    (1, 3, 3, 4)
    """
    inputs, kernel = float_pair(inputs, kernel)
    rank = windows.spatial_rank(inputs)
    windows.check_input_channels(inputs, kernel, data_format, in_groups=True)
    attributes = {
        "strides": windows.per_axis(strides, rank, "strides"),
        "dilations": windows.per_axis(dilation_rate, rank, "dilation_rate"),
        "same": windows.is_same(padding),
    }
    return windows.channels_last(lambda x: execute("conv", [x, kernel], attributes), inputs, data_format)


@operation("inputs", "kernel")
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution of each channel by itself, with `multiplier` results.

    Args:
        inputs: As for `conv`.
        kernel: `(..., input channels, multiplier)`.
        strides, padding, data_format, dilation_rate: As for `conv`.

    Returns:
        Images with `channels * multiplier` channels.

    Raises:
        ValueError: if the channels do not match, or the window is larger than the image.

    Example:

    >>> keraunos.ops.depthwise_conv(keraunos.ops.ones((1, 5, 5, 2)), keraunos.ops.ones((3, 3, 2, 4))).shape
    (1, 3, 3, 8)
    """
    inputs, kernel = float_pair(inputs, kernel)
    windows.check_input_channels(inputs, kernel, data_format)
    *sizes, channels, multiplier = _dims.shape_of(kernel)
    kernel = _dims.reshape(kernel, (*sizes, 1, _dims.product((channels, multiplier))))
    return conv(inputs, kernel, strides, padding, data_format, dilation_rate)


@operation("inputs", "depthwise_kernel", "pointwise_kernel")
def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """A depthwise convolution, then one with a window of size 1 that mixes the channels.

    Args:
        inputs: As for `conv`.
        depthwise_kernel: `(..., input channels, multiplier)`.
        pointwise_kernel: `(1..., input channels * multiplier, output channels)`.
        strides, padding, data_format, dilation_rate: As for `conv`, of the depthwise convolution.

    Raises:
        ValueError: if the channels do not match, or the window is larger than the image.

    Example:

    >>> ones = keraunos.ops.ones
    >>> keraunos.ops.separable_conv(ones((1, 5, 5, 2)), ones((3, 3, 2, 4)), ones((1, 1, 8, 3))).shape
    (1, 3, 3, 3)
    """
    deep = depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    return conv(deep, pointwise_kernel, 1, "valid", data_format)


def _transposed_padding(window, stride, padding, output_padding):
    """`(low, high)` such that the convolution which is turned around has them as padding; negative cuts off."""
    if padding == "valid":
        extra = max(window, stride) - window if output_padding is None else output_padding
        return 0, -extra
    if output_padding is None:
        total = stride + window - 2
    else:
        total = window + window % 2 - 2 + output_padding
    left = min(total // 2 + total % 2, window - 1)
    return window - 1 - left, window - 1 - (total - left)


@operation("inputs", "kernel")
def conv_transpose(
    inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1
):
    """The gradient of a convolution with respect to its input, as an op of its own: it enlarges images.

    Args:
        inputs: As for `conv`.
        kernel: `(..., output channels, input channels)`.
        strides: Factors of the size, one number or one per axis.
        padding: `"valid"` or `"same"` (results of size `input * strides`).
        output_padding: Added to the size of the result; `None` for what `padding` says.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        dilation_rate: Distance between the elements that a kernel touches, one number or one per axis.

    Raises:
        ValueError: if the channels do not match.

    Example:

    >>> keraunos.ops.conv_transpose(keraunos.ops.ones((1, 5, 5, 2)), keraunos.ops.ones((3, 3, 4, 2)), 2, "same").shape
    (1, 10, 10, 4)
    """
    inputs, kernel = float_pair(inputs, kernel)
    rank = windows.spatial_rank(inputs)
    windows.check_input_channels(inputs, kernel, data_format, is_transposed=True)
    strides = windows.per_axis(strides, rank, "strides")
    dilations = windows.per_axis(dilation_rate, rank, "dilation_rate")
    extra = windows.per_axis(output_padding, rank, "output_padding", allow_zero=True) if output_padding is not None else [None] * rank
    padding = "same" if windows.is_same(padding) else "valid"
    if None in kernel.shape[:rank]:
        raise ValueError(f"conv_transpose: the sizes of the kernel must be known. Received: {tuple(kernel.shape)}")
    pairs = [
        _transposed_padding((size - 1) * dilation + 1, stride, padding, more)
        for size, dilation, stride, more in zip(kernel.shape[:rank], dilations, strides, extra)
    ]
    attributes = {
        "strides": strides,
        "dilations": dilations,
        "low": [low for low, _ in pairs],
        "high": [high for _, high in pairs],
    }
    return windows.channels_last(lambda x: execute("conv_input_grad", [x, kernel], attributes), inputs, data_format)


def _fold_attributes(kernel_size, dilation, padding, stride):
    padding = windows.per_axis(padding, 2, "padding", allow_zero=True)
    return {
        "strides": windows.per_axis(stride, 2, "stride"),
        "dilations": windows.per_axis(dilation, 2, "dilation"),
        "low": padding,
        "high": padding,
    }


def _picking_kernel(kernel_size, dtype):
    """A kernel with one input channel whose output channels are the places of the window."""
    height, width = kernel_size
    identity = execute("one_hot", [_dims.iota(height * width, "int32")], {"depth": height * width, "dtype": dtype})
    return _dims.reshape(identity, (height, width, 1, height * width))


@operation("x")
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of images `(batch, channels, height, width)` as columns ("im2col").

    Args:
        x: The images.
        kernel_size: Size of the window, one number or `(height, width)`.
        dilation: Distance between the elements of a window.
        padding: Zeros around the image.
        stride: Steps of the window.

    Returns:
        `(batch, channels * window elements, windows)`.

    Raises:
        ValueError: if `x` does not have 4 axes, or the window is larger than the image.

    Example:

    >>> keraunos.ops.unfold(keraunos.ops.ones((1, 2, 4, 4)), kernel_size=2, stride=2).shape
    (1, 8, 4)
    """
    x = floats(x)
    if len(x.shape) != 4:
        raise ValueError(f"Input must be a 4D tensor. Received: input.shape={tuple(x.shape)}")
    attributes = _fold_attributes(kernel_size, dilation, padding, stride)
    kernel_size = windows.per_axis(kernel_size, 2, "kernel_size")
    batch, channels, height, width = _dims.shape_of(x)
    planes = _dims.reshape(x, (-1, height, width, 1))
    picked = execute("conv", [planes, _picking_kernel(kernel_size, x.dtype)], attributes)
    columns = execute("transpose", [picked], {"axes": [0, 3, 1, 2]})
    rows = _dims.product((channels, kernel_size[0] * kernel_size[1]))
    return _dims.reshape(columns, (batch, rows, _dims.product(_dims.shape_of(picked)[1:3])))


@operation("x")
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """Adds columns `(batch, channels * window elements, windows)` at their places in images ("col2im").

    Args:
        x: The columns, as `unfold` makes them.
        output_size: Size of the images, one number or `(height, width)`.
        kernel_size, dilation, padding, stride: As for `unfold`.

    Returns:
        `(batch, channels, height, width)`.

    Raises:
        ValueError: if `x` does not have 3 axes, or its sizes do not fit the windows.

    Example:

    >>> patches = keraunos.ops.ones((1, 8, 4))
    >>> keraunos.ops.fold(patches, output_size=(4, 4), kernel_size=2, stride=2).shape
    (1, 2, 4, 4)
    """
    x = floats(x)
    if len(x.shape) != 3:
        raise ValueError(f"Input must be a 3D tensor. Received: input.shape={tuple(x.shape)}")
    attributes = _fold_attributes(kernel_size, dilation, padding, stride)
    sizes = windows.per_axis(output_size, 2, "output_size")
    kernel_size = windows.per_axis(kernel_size, 2, "kernel_size")
    elements = kernel_size[0] * kernel_size[1]
    if x.shape[1] is not None and x.shape[1] % elements:
        raise ValueError(
            f"The second dimension of the input ({x.shape[1]}) must be divisible by kernel_size product ({elements})."
        )
    places = [
        (size + 2 * pad - rate * (window - 1) - 1) // step + 1
        for size, pad, rate, window, step in zip(
            sizes, attributes["low"], attributes["dilations"], kernel_size, attributes["strides"]
        )
    ]
    windows_last = execute("transpose", [_dims.reshape(x, (-1, elements, *places))], {"axes": [0, 2, 3, 1]})
    kernel = _picking_kernel(kernel_size, x.dtype)
    # The padding after the image is what is left when the windows have ended.
    attributes["high"] = [
        (count - 1) * step + rate * (window - 1) + 1 - size - pad
        for count, step, rate, window, size, pad in zip(
            places, attributes["strides"], attributes["dilations"], kernel_size, sizes, attributes["low"]
        )
    ]
    planes = execute("conv_input_grad", [windows_last, kernel], attributes)
    channels = -1 if x.shape[1] is None else x.shape[1] // elements
    return _dims.reshape(planes, (_dims.size_of(x, 0), channels, *sizes))


@operation("abs_", "angle")
def polar(abs_, angle):
    """Complex numbers from length and angle. Tensors are real: raises `NotImplementedError`."""
    raise NotImplementedError("polar: complex tensors are not supported.")


__all__ = [
    "conv",
    "conv_transpose",
    "depthwise_conv",
    "fold",
    "polar",
    "separable_conv",
    "unfold",
]
