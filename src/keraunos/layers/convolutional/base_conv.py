"""What Conv1D, Conv2D and Conv3D share."""

from keraunos import ops
from keraunos.layers.convolutional.convolutional_layer import ConvolutionalLayer
from keraunos.layers.core.lora import LowRankAdaptation


class BaseConv(LowRankAdaptation, ConvolutionalLayer):
    """`activation(convolution(inputs, kernel) + bias)` over `rank` spatial axes."""

    def __init__(
        self,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        groups=1,
        activation=None,
        use_bias=True,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        lora_rank=None,
        lora_alpha=None,
        **kwargs,
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = filters
        self.groups = groups
        self._take_window(kernel_size, strides, padding, data_format, dilation_rate)
        self._take_options(
            activation,
            use_bias,
            [
                (kernel_initializer, kernel_regularizer, kernel_constraint),
                (bias_initializer, bias_regularizer, bias_constraint),
            ],
        )
        self._take_lora_arguments(lora_rank, lora_alpha)
        self._check_positive("filters", filters)
        if groups <= 0:
            raise ValueError(f"The number of groups must be a positive integer. Received: groups={groups}.")
        if filters is not None and filters % groups:
            raise ValueError(
                "The number of filters must be evenly divisible by the number of groups. "
                f"Received: groups={groups}, filters={filters}."
            )

    def build(self, input_shape):
        channels = self._take_input_shape(input_shape)
        if channels % self.groups:
            raise ValueError(
                "The number of input channels must be evenly divisible by the number of groups. Received "
                f"groups={self.groups}, but the input has {channels} channels (full input shape is {input_shape})."
            )
        self.compute_output_shape(input_shape)
        self._kernel = self._add_parameter("kernel", "kernel", (*self.kernel_size, channels // self.groups, self.filters))
        self.bias = self._add_bias(self.filters)
        self.built = True
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    @property
    def kernel(self):
        """The kernel, `(*kernel_size, channels / groups, filters)`, with its adaptation if there is one."""
        if not self.built:
            raise AttributeError("You must build the layer before accessing `kernel`.")
        return self._adapted(self._kernel)

    def convolution_op(self, inputs, kernel):
        """The convolution without bias and activation; may be overridden."""
        return ops.conv(inputs, kernel, **self._window_arguments())

    def call(self, inputs):
        return self._finish(self.convolution_op(inputs, self.kernel))

    def save_own_variables(self, store):
        if not self.built:
            return
        for index, variable in enumerate([self.kernel, *([self.bias] if self.use_bias else [])]):
            store[str(index)] = variable

    def load_own_variables(self, store):
        if not self.lora_enabled:
            self._check_load_own_variables(store)
        if not self.built:
            return
        for index, variable in enumerate([self._kernel, *([self.bias] if self.use_bias else [])]):
            variable.assign(store[str(index)])
        if self.lora_enabled:
            for variable in self._adapting_variables():
                variable.assign(ops.zeros(variable.shape))

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "groups": self.groups, **self._lora_config()}
