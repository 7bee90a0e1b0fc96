"""DepthwiseConv1D layer."""

from keraunos.layers.convolutional.base_depthwise_conv import BaseDepthwiseConv


class DepthwiseConv1D(BaseDepthwiseConv):
    """Convolution of each channel of series by itself.

    Args:
        kernel_size: Size of the window, one number or a tuple of 1.
        strides: Steps of the window, one number or a tuple of 1.
        padding: `"valid"` (none) or `"same"` (zeros on both sides).
        depth_multiplier: Number of outputs of each channel.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        dilation_rate: Distance between the elements that the kernel touches.
        activation: Activation function, its name, or `None` for none.
        use_bias: Whether a bias is added.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: Of the kernel, `(*kernel_size, channels,
            depth_multiplier)`.
        bias_initializer, bias_regularizer, bias_constraint: Of the bias, `(channels * depth_multiplier,)`.
        activity_regularizer: Penalty on the outputs.

    Shapes: `(batch, steps, channels)` to the same with other sizes and `channels * depth_multiplier` channels.

    Raises:
        ValueError: for sizes that are not positive, and inputs smaller than the window.

    Example:

    >>> keraunos.layers.DepthwiseConv1D(3, depth_multiplier=2)(keraunos.ops.ones((4, 10, 12))).shape
    (4, 8, 24)
    """

    rank = 1
