"""SeparableConv1D layer."""

from keraunos.layers.convolutional.base_separable_conv import BaseSeparableConv


class SeparableConv1D(BaseSeparableConv):
    """Convolution of each channel of series by itself, then a mix of the channels.

    Args:
        filters: Number of channels of the outputs.
        kernel_size: Size of the window, one number or a tuple of 1.
        strides: Steps of the window, one number or a tuple of 1.
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

    Shapes: `(batch, steps, channels)` to the same with other sizes and `filters` channels.

    Raises:
        ValueError: for sizes that are not positive, and inputs smaller than the window.

    Example:

    >>> keraunos.layers.SeparableConv1D(5, 3, depth_multiplier=2)(keraunos.ops.ones((4, 10, 12))).shape
    (4, 8, 5)
    """

    rank = 1
