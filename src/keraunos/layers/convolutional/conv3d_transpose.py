"""Conv3DTranspose layer."""

from keraunos.layers.convolutional.base_conv_transpose import BaseConvTranspose


class Conv3DTranspose(BaseConvTranspose):
    """Transposed convolution of volumes, which enlarges them by `strides`.

    Args:
        filters: Number of channels of the outputs.
        kernel_size: Size of the window, one number or 3.
        strides: Factors of the size, one number or 3.
        padding: `"valid"`, or `"same"` for outputs of size `inputs * strides`.
        output_padding: Added to the size of the outputs, less than `strides`; `None` for what `padding` says.
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        dilation_rate: Distance between the elements that the kernel touches. Not together with strides above 1.
        activation: Activation function, its name, or `None` for none.
        use_bias: Whether a bias is added.
        kernel_initializer, kernel_regularizer, kernel_constraint: Of the kernel, `(*kernel_size, filters, channels)`.
        bias_initializer, bias_regularizer, bias_constraint: Of the bias, `(filters,)`.
        activity_regularizer: Penalty on the outputs.

    Shapes: `(batch, depth, height, width, channels)` to the same with other sizes and `filters` channels.

    Raises:
        ValueError: for sizes that are not positive and an `output_padding` that is not below the strides.

    Example:

    >>> keraunos.layers.Conv3DTranspose(32, 3, 2, "same")(keraunos.ops.ones((4, 5, 4, 3, 8))).shape
    (4, 10, 8, 6, 32)
    """

    rank = 3

    # Keras has `data_format` before `output_padding` in this layer alone.
    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        output_padding=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )
