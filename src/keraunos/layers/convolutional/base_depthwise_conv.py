"""What DepthwiseConv1D and DepthwiseConv2D share."""

from keraunos import ops
from keraunos.layers.convolutional.convolutional_layer import ConvolutionalLayer
from keraunos.layers.window_shapes import channels_of


class BaseDepthwiseConv(ConvolutionalLayer):
    """`activation(depthwise convolution(inputs, kernel) + bias)` over `rank` spatial axes."""

    _parameters = ("depthwise", "bias")
    _refuses_strided_dilation = False

    def __init__(
        self,
        kernel_size,
        strides=1,
        padding="valid",
        depth_multiplier=1,
        data_format=None,
        dilation_rate=1,
        activation=None,
        use_bias=True,
        depthwise_initializer="glorot_uniform",
        bias_initializer="zeros",
        depthwise_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        depthwise_constraint=None,
        bias_constraint=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.depth_multiplier = depth_multiplier
        self._check_positive("depth_multiplier", depth_multiplier)
        self._take_window(kernel_size, strides, padding, data_format, dilation_rate)
        self._take_options(
            activation,
            use_bias,
            [
                (depthwise_initializer, depthwise_regularizer, depthwise_constraint),
                (bias_initializer, bias_regularizer, bias_constraint),
            ],
        )

    def build(self, input_shape):
        channels = self._take_input_shape(input_shape)
        self.compute_output_shape(input_shape)
        self.kernel = self._add_parameter("depthwise", "kernel", (*self.kernel_size, channels, self.depth_multiplier))
        self.bias = self._add_bias(channels * self.depth_multiplier)

    def call(self, inputs):
        return self._finish(ops.depthwise_conv(inputs, self.kernel, **self._window_arguments()))

    def _output_channels(self, input_shape):
        channels = channels_of(input_shape, self.data_format)
        return None if channels is None else channels * self.depth_multiplier

    def get_config(self):
        return {**super().get_config(), "depth_multiplier": self.depth_multiplier}
