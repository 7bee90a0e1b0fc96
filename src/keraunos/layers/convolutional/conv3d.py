"""Conv3D layer."""

from keraunos.layers.convolutional.base_conv import BaseConv


class Conv3D(BaseConv):
    """Convolution of volumes: `activation(convolution(inputs, kernel) + bias)`.

    Args:
        filters: Number of channels of the outputs.
        kernel_size: Size of the window, one number or 3.
        strides: Steps of the window, one number or 3.
        padding: `"valid"` (none) or `"same"` (zeros on both sides).
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        dilation_rate: Distance between the elements that the kernel touches. Not together with strides above 1.
        groups: Number of groups of channels that are convolved by themselves, each with its share of the filters.
        activation: Activation function, its name, or `None` for none.
        use_bias: Whether a bias is added.
        kernel_initializer, kernel_regularizer, kernel_constraint: Of the kernel, `(*kernel_size, channels / groups,
            filters)`.
        bias_initializer, bias_regularizer, bias_constraint: Of the bias, `(filters,)`.
        activity_regularizer: Penalty on the outputs.
        lora_rank, lora_alpha: See `enable_lora`.

    Shapes: `(batch, depth, height, width, channels)` to the same with other sizes and `filters` channels.

    Raises:
        ValueError: for sizes that are not positive, groups that do not divide the channels and the filters, and inputs
            smaller than the window.

    Example:

    >>> keraunos.layers.Conv3D(32, 3, activation="relu")(keraunos.ops.ones((4, 6, 6, 6, 3))).shape
    (4, 4, 4, 4, 32)
    """

    rank = 3
