"""SeparableConv2D layer."""

from keraunos.layers.convolutional.base_separable_conv import BaseSeparableConv


class SeparableConv2D(BaseSeparableConv):
    """Convolution of each channel of images by itself, then a mix of the channels.

    Args:
        filters: Number of channels of the outputs.
        kernel_size: Size of the window, one number or 2.
        strides: Steps of the window, one number or 2.
        padding: `"valid"` (none) or `"same"` (zeros on both sides).
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        dilation_rate: Distance between the elements that the kernel touches.
        depth_multiplier: Number of outputs of each channel before the mix.
        activation: Activation function, its name, or `None` for none.
        use_bias: Whether a bias is added.
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: Of the first kernel, `(*kernel_size, channels,
            depth_multiplier)`.
        pointwise_initializer, pointwise_regularizer, pointwise_constraint: Of the second kernel, `(1..., channels *
            depth_multiplier, filters)`.
        bias_initializer, bias_regularizer, bias_constraint: Of the bias, `(filters,)`.
        activity_regularizer: Penalty on the outputs.

    Shapes: `(batch, height, width, channels)` to the same with other sizes and `filters` channels.

    Raises:
        ValueError: for sizes that are not positive, and inputs smaller than the window.

    Example:

    >>> keraunos.layers.SeparableConv2D(5, 3, depth_multiplier=2)(keraunos.ops.ones((4, 10, 10, 3))).shape
    (4, 8, 8, 5)
    """

    rank = 2
