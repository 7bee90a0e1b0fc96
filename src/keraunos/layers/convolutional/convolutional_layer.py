"""What all convolution layers share: the window, the options of their weights, bias and activation."""

from keraunos import activations, constraints, initializers, ops, regularizers
from keraunos.config import standardize_data_format
from keraunos.layers.arguments import standardize_tuple
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer
from keraunos.layers.window_shapes import channels_of, spatial_of, window_counts, with_spatial


class ConvolutionalLayer(Layer):
    """Base of the layers that move a kernel over `rank` spatial axes."""

    rank = None
    # What `..._initializer`, `..._regularizer` and `..._constraint` belong to.
    _parameters = ("kernel", "bias")
    _paddings = ("valid", "same")
    _refuses_strided_dilation = True

    def _take_window(self, kernel_size, strides, padding, data_format, dilation_rate):
        self.kernel_size = standardize_tuple(kernel_size, self.rank, "kernel_size")
        self.strides = standardize_tuple(strides, self.rank, "strides")
        self.dilation_rate = standardize_tuple(dilation_rate, self.rank, "dilation_rate")
        self.padding = padding.lower() if isinstance(padding, str) else padding
        if self.padding not in self._paddings:
            raise ValueError(f"The `padding` argument must be one of {self._paddings}. Received: padding={padding}")
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=self.rank + 2)
        if self._refuses_strided_dilation and max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "`strides > 1` not supported in conjunction with `dilation_rate > 1`. "
                f"Received: strides={self.strides} and dilation_rate={self.dilation_rate}"
            )

    def _take_options(self, activation, use_bias, options):
        """`options`: for each of `_parameters`, its initializer, regularizer and constraint."""
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        for name, (initializer, regularizer, constraint) in zip(self._parameters, options):
            setattr(self, f"{name}_initializer", initializers.get(initializer))
            setattr(self, f"{name}_regularizer", regularizers.get(regularizer))
            setattr(self, f"{name}_constraint", constraints.get(constraint))

    def _check_positive(self, name, value):
        if value is not None and value <= 0:
            raise ValueError(
                f"Invalid value for argument `{name}`. Expected a strictly positive value. Received {name}={value}."
            )

    def _take_input_shape(self, input_shape):
        """Fixes the rank and the channels of inputs and returns the channels."""
        if len(input_shape) != self.rank + 2:
            raise ValueError(
                f"Kernel shape must have the same length as input: {self.rank} spatial axes, batch and channels. "
                f"Received: kernel_size={self.kernel_size} and input of shape {tuple(input_shape)}."
            )
        channels = channels_of(input_shape, self.data_format)
        if channels is None:
            raise ValueError(
                f"The channels of the inputs of layer '{self.name}' must be known. Received: input of shape {tuple(input_shape)}."
            )
        axis = -1 if self.data_format == "channels_last" else 1
        self.input_spec = InputSpec(min_ndim=self.rank + 2, axes={axis: channels})
        return channels

    def _add_parameter(self, option, name, shape):
        return self.add_weight(
            name=name,
            shape=shape,
            initializer=getattr(self, f"{option}_initializer"),
            regularizer=getattr(self, f"{option}_regularizer"),
            constraint=getattr(self, f"{option}_constraint"),
        )

    def _add_bias(self, channels):
        return self._add_parameter("bias", "bias", (channels,)) if self.use_bias else None

    def _window_arguments(self):
        return {
            "strides": self.strides,
            "padding": self.padding,
            "dilation_rate": self.dilation_rate,
            "data_format": self.data_format,
        }

    def _finish(self, outputs):
        """Bias and activation."""
        if self.use_bias:
            bias = self.bias
            if self.data_format == "channels_first":
                bias = ops.reshape(bias, (1, -1) + (1,) * self.rank)
            outputs = ops.add(outputs, bias)
        return outputs if self.activation is None else self.activation(outputs)

    def _output_channels(self, input_shape):
        return self.filters

    def compute_output_shape(self, input_shape):
        if len(input_shape) != self.rank + 2:
            raise ValueError(
                f"Kernel shape must have the same length as input: {self.rank} spatial axes, batch and channels. "
                f"Received: kernel_size={self.kernel_size} and input of shape {tuple(input_shape)}."
            )
        evidence = (
            f"`inputs shape={tuple(input_shape)}`, `kernel size={self.kernel_size}`, "
            f"`dilation_rate={self.dilation_rate}`, `strides={self.strides}`, `padding={self.padding}`."
        )
        extents = [(size - 1) * rate + 1 for size, rate in zip(self.kernel_size, self.dilation_rate)]
        sizes = spatial_of(input_shape, self.data_format)
        counts = window_counts(sizes, extents, self.strides, self.padding, evidence)
        return with_spatial(input_shape, counts, self._output_channels(input_shape), self.data_format)

    def get_config(self):
        config = {
            **super().get_config(),
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
        }
        for name in self._parameters:
            config[f"{name}_initializer"] = initializers.serialize(getattr(self, f"{name}_initializer"))
            config[f"{name}_regularizer"] = regularizers.serialize(getattr(self, f"{name}_regularizer"))
            config[f"{name}_constraint"] = constraints.serialize(getattr(self, f"{name}_constraint"))
        return config
