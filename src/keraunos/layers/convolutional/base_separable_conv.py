"""What SeparableConv1D and SeparableConv2D share."""

from keraunos import ops
from keraunos.layers.convolutional.convolutional_layer import ConvolutionalLayer


class BaseSeparableConv(ConvolutionalLayer):
    """`activation(separable convolution(inputs, kernels) + bias)` over `rank` spatial axes."""

    _parameters = ("depthwise", "pointwise", "bias")
    _refuses_strided_dilation = False

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        depth_multiplier=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        pointwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        pointwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        pointwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.depth_multiplier = depth_multiplier
        self.filters = filters
        self._check_positive("depth_multiplier", depth_multiplier)
        self._check_positive("filters", filters)
        self._take_window(kernel_size, strides, padding, data_format, dilation_rate)
        self._take_options(
            activation,
            use_bias,
            [
                (depthwise_initializer, depthwise_regularizer, depthwise_constraint),
                (pointwise_initializer, pointwise_regularizer, pointwise_constraint),
                (bias_initializer, bias_regularizer, bias_constraint),
            ],
        )

    def build(self, input_shape):
        channels = self._take_input_shape(input_shape)
        self.compute_output_shape(input_shape)
        deep = channels * self.depth_multiplier
        depthwise_shape = (*self.kernel_size, channels, self.depth_multiplier)
        pointwise_shape = (1,) * self.rank + (deep, self.filters)
        self.depthwise_kernel = self._add_parameter("depthwise", "depthwise_kernel", depthwise_shape)
        self.pointwise_kernel = self._add_parameter("pointwise", "pointwise_kernel", pointwise_shape)
        self.bias = self._add_bias(self.filters)

    def call(self, inputs):
        kernels = (self.depthwise_kernel, self.pointwise_kernel)
        return self._finish(ops.separable_conv(inputs, *kernels, **self._window_arguments()))

    def get_config(self):
        return {**super().get_config(), "depth_multiplier": self.depth_multiplier, "filters": self.filters}
