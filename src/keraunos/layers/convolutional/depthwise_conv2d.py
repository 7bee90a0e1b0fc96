"""DepthwiseConv2D layer."""

from keraunos.layers.convolutional.base_depthwise_conv import BaseDepthwiseConv


class DepthwiseConv2D(BaseDepthwiseConv):
    """Convolution of each channel of images by itself.

    Args:
        kernel_size: Size of the window, one number or 2.
        strides: Steps of the window, one number or 2.
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

    Shapes: `(batch, height, width, channels)` to the same with other sizes and `channels * depth_multiplier` channels.

    Raises:
        ValueError: for sizes that are not positive, and inputs smaller than the window.

    Example:

    >>> keraunos.layers.DepthwiseConv2D(3, depth_multiplier=2)(keraunos.ops.ones((4, 10, 10, 3))).shape
    (4, 8, 8, 6)
    """

    rank = 2
