"""What Conv1DTranspose, Conv2DTranspose and Conv3DTranspose share."""

from keraunos import ops
from keraunos.layers.arguments import standardize_tuple
from keraunos.layers.convolutional.convolutional_layer import ConvolutionalLayer
from keraunos.layers.window_shapes import spatial_of, transposed_sizes, with_spatial


class BaseConvTranspose(ConvolutionalLayer):
    """`activation(transposed convolution(inputs, kernel) + bias)` over `rank` spatial axes."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        output_padding=None,
        data_format=None,
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
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = filters
        self._check_positive("filters", filters)
        self._take_window(kernel_size, strides, padding, data_format, dilation_rate)
        self.output_padding = None
        if output_padding is not None:
            self.output_padding = standardize_tuple(output_padding, self.rank, "output_padding", allow_zero=True)
            if any(extra >= stride for extra, stride in zip(self.output_padding, self.strides)):
                raise ValueError(
                    "`output_padding` must be strictly less than `strides` for all dimensions. "
                    f"Received: output_padding={self.output_padding}, strides={self.strides}"
                )
        self._take_options(
            activation,
            use_bias,
            [
                (kernel_initializer, kernel_regularizer, kernel_constraint),
                (bias_initializer, bias_regularizer, bias_constraint),
            ],
        )

    def build(self, input_shape):
        channels = self._take_input_shape(input_shape)
        self.kernel = self._add_parameter("kernel", "kernel", (*self.kernel_size, self.filters, channels))
        self.bias = self._add_bias(self.filters)

    def call(self, inputs):
        outputs = ops.conv_transpose(
            inputs, self.kernel, output_padding=self.output_padding, **self._window_arguments()
        )
        return self._finish(outputs)

    def compute_output_shape(self, input_shape):
        sizes = spatial_of(input_shape, self.data_format)
        window = (self.kernel_size, self.strides, self.padding, self.output_padding, self.dilation_rate)
        return with_spatial(input_shape, transposed_sizes(sizes, *window), self.filters, self.data_format)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "output_padding": self.output_padding}
