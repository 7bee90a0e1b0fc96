"""Conv2DTranspose layer."""

from keraunos.layers.convolutional.base_conv_transpose import BaseConvTranspose


class Conv2DTranspose(BaseConvTranspose):
    """Transposed convolution of images, which enlarges them by `strides`.

    Args:
        filters: Number of channels of the outputs.
        kernel_size: Size of the window, one number or 2.
        strides: Factors of the size, one number or 2.
        padding: `"valid"`, or `"same"` for outputs of size `inputs * strides`.
        output_padding: Added to the size of the outputs, less than `strides`; `None` for what `padding` says.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        dilation_rate: Distance between the elements that the kernel touches. Not together with strides above 1.
        activation: Activation function, its name, or `None` for none.
        use_bias: Whether a bias is added.
        kernel_initializer, kernel_regularizer, kernel_constraint: Of the kernel, `(*kernel_size, filters, channels)`.
        bias_initializer, bias_regularizer, bias_constraint: Of the bias, `(filters,)`.
        activity_regularizer: Penalty on the outputs.

    Shapes: `(batch, height, width, channels)` to the same with other sizes and `filters` channels.

    Raises:
        ValueError: for sizes that are not positive and an `output_padding` that is not below the strides.

    Example:

    >>> keraunos.layers.Conv2DTranspose(32, 3, 2, "same")(keraunos.ops.ones((4, 10, 8, 128))).shape
    (4, 20, 16, 32)
    """

    rank = 2
