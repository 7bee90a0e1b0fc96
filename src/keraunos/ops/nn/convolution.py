"""Convolution and pooling. Not available yet: every function says so by name."""

from __future__ import annotations

from keraunos.ops._dispatch import operations

operation = operations("nn")


def _unavailable(name):
    raise NotImplementedError(f"{name}: not available yet.")


@operation("inputs", "kernel")
def conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution over 1, 2 or 3 axes. Not available yet."""
    _unavailable("conv")


@operation("inputs", "kernel")
def conv_transpose(
    inputs, kernel, strides=1, padding="valid", output_padding=None, data_format=None, dilation_rate=1
):
    """Transposed convolution. Not available yet."""
    _unavailable("conv_transpose")


@operation("inputs", "kernel")
def depthwise_conv(inputs, kernel, strides=1, padding="valid", data_format=None, dilation_rate=1):
    """Convolution of each channel by itself. Not available yet."""
    _unavailable("depthwise_conv")


@operation("inputs", "depthwise_kernel", "pointwise_kernel")
def separable_conv(
    inputs, depthwise_kernel, pointwise_kernel, strides=1, padding="valid", data_format=None, dilation_rate=1
):
    """Depthwise convolution, then a pointwise one. Not available yet."""
    _unavailable("separable_conv")


@operation("inputs")
def max_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The largest element of each window. Not available yet."""
    _unavailable("max_pool")


@operation("inputs")
def average_pool(inputs, pool_size, strides=None, padding="valid", data_format=None):
    """The mean of each window. Not available yet."""
    _unavailable("average_pool")


@operation("inputs")
def adaptive_average_pool(inputs, output_size, data_format=None):
    """The mean of each of `output_size` windows. Not available yet."""
    _unavailable("adaptive_average_pool")


@operation("inputs")
def adaptive_max_pool(inputs, output_size, data_format=None):
    """The largest element of each of `output_size` windows. Not available yet."""
    _unavailable("adaptive_max_pool")


@operation("x")
def unfold(x, kernel_size, dilation=1, padding=0, stride=1):
    """The windows of an image as columns. Not available yet."""
    _unavailable("unfold")


@operation("x")
def fold(x, output_size, kernel_size, dilation=1, padding=0, stride=1):
    """The reverse of `unfold`. Not available yet."""
    _unavailable("fold")


@operation("abs_", "angle")
def polar(abs_, angle):
    """Complex numbers from length and angle. Tensors are real: raises `NotImplementedError`."""
    raise NotImplementedError("polar: complex tensors are not supported.")


__all__ = [
    "adaptive_average_pool",
    "adaptive_max_pool",
    "average_pool",
    "conv",
    "conv_transpose",
    "depthwise_conv",
    "fold",
    "max_pool",
    "polar",
    "separable_conv",
    "unfold",
]
