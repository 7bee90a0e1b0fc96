"""ConvLSTMCell, one step of an LSTM whose products are convolutions."""

from keraunos import activations, config, initializers, ops
from keraunos.layers.arguments import standardize_tuple
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.rnn.recurrent_cell import RecurrentCell


class ConvLSTMCell(RecurrentCell):
    """One step of `ConvLSTM1D`, `ConvLSTM2D` and `ConvLSTM3D` (Shi et al., 2015): `LSTMCell` with convolutions.

    The arguments are those of the layers, after `rank`, the number of spatial axes.
    """

    gates = 4

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        strides=1,
        padding="valid",
        data_format=None,
        dilation_rate=1,
        activation="tanh",
        recurrent_activation="sigmoid",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
        unit_forget_bias=True,
        kernel_regularizer=None,
        recurrent_regularizer=None,
        bias_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self._take_arguments(
            filters,
            activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
        )
        self._take_implementation(1)
        if rank > 3:
            raise ValueError(f"Rank {rank} convolutions are not currently implemented. Received: rank={rank}")
        self.rank = rank
        self.filters = self.units
        self.kernel_size = standardize_tuple(kernel_size, rank, "kernel_size")
        self.strides = standardize_tuple(strides, rank, "strides", allow_zero=True)
        self.padding = _checked_padding(padding)
        self.data_format = config.standardize_data_format(data_format)
        self.dilation_rate = standardize_tuple(dilation_rate, rank, "dilation_rate")
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            raise ValueError(
                "Specifying `strides > 1` is not compatible with `dilation_rate > 1`. Please provide `strides=1` or "
                f"`dilation_rate=1`. Received: strides={self.strides} and dilation_rate={self.dilation_rate}"
            )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.input_spec = InputSpec(ndim=rank + 2)
        # States have the shape of a picture: see `get_initial_state`.
        self.state_size = -1

    @property
    def _channel_axis(self):
        return 1 if self.data_format == "channels_first" else -1

    def build(self, inputs_shape, states_shape=None):
        spatial = inputs_shape[2:] if self._channel_axis == 1 else inputs_shape[1:-1]
        if None in spatial:
            raise ValueError(
                "ConvLSTM layers only support static input shapes for the spatial dimension. Received invalid input "
                f"shape: input_shape={inputs_shape}"
            )
        channels = inputs_shape[self._channel_axis]
        if channels is None:
            raise ValueError(
                "The channel dimension of the inputs (last axis) should be defined. Found None. Full input shape "
                f"received: input_shape={inputs_shape}"
            )
        self.spatial_dims, self.input_dim = tuple(spatial), channels
        self.input_spec = InputSpec(ndim=self.rank + 2, shape=(None, *inputs_shape[1:]))
        initializer = self._first_bias if self.unit_forget_bias else self.bias_initializer
        self._build_weights(channels, (4 * self.filters,), initializer, window=self.kernel_size)

    def _first_bias(self, _, *args, **kwargs):
        parts = [
            self.bias_initializer((self.filters,), *args, **kwargs),
            initializers.get("ones")((self.filters,), *args, **kwargs),
            self.bias_initializer((2 * self.filters,), *args, **kwargs),
        ]
        return ops.concatenate(parts)

    def call(self, inputs, states, training=False):
        h, c = states[0], states[1]
        x = self._convolved(inputs, self.kernel, self._input_masks(inputs, training), self.input_conv)
        y = self._convolved(h, self.recurrent_kernel, self._recurrent_masks(h, training), self.recurrent_conv)
        z = [a + b for a, b in zip(x, y)]
        if self.bias is not None:
            shape = (1, self.filters, *[1] * self.rank) if self._channel_axis == 1 else (self.filters,)
            z = [part + ops.reshape(bias, shape) for part, bias in zip(z, ops.split(self.bias, 4))]
        c = self.recurrent_activation(z[1]) * c + self.recurrent_activation(z[0]) * self.activation(z[2])
        h = self.recurrent_activation(z[3]) * self.activation(c)
        return h, [h, c]

    def _convolved(self, x, kernel, masks, convolve):
        """A tensor for each gate."""
        if masks is None:
            return ops.split(convolve(x, kernel), 4, axis=self._channel_axis)
        return [convolve(x * mask, part) for mask, part in zip(masks, ops.split(kernel, 4, axis=-1))]

    def input_conv(self, x, kernel):
        """The convolution of the inputs."""
        return ops.conv(
            x,
            kernel,
            strides=self.strides,
            padding=self.padding,
            data_format=self.data_format,
            dilation_rate=self.dilation_rate,
        )

    def recurrent_conv(self, x, kernel):
        """The convolution of the state, which keeps its shape."""
        return ops.conv(x, kernel, strides=1, padding="same", data_format=self.data_format)

    def compute_output_shape(self, inputs_shape, states_shape=None):
        spatial = inputs_shape[2:] if self._channel_axis == 1 else inputs_shape[1:-1]
        sizes = [self._output_size(axis, size) for axis, size in enumerate(spatial)]
        batch = inputs_shape[0]
        output = (batch, self.filters, *sizes) if self._channel_axis == 1 else (batch, *sizes, self.filters)
        return output, [output, output]

    def _output_size(self, axis, size):
        if size is None:
            return None
        reach = 1 if self.padding == "same" else (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1
        return (size - reach) // self.strides[axis] + 1

    def get_initial_state(self, batch_size=None):
        channels = self.input_dim
        if self._channel_axis == 1:
            shape = (batch_size, channels, *self.spatial_dims)
        else:
            shape = (batch_size, *self.spatial_dims, channels)
        shape = self.compute_output_shape(shape)[0]
        return [ops.zeros(shape, dtype=self.compute_dtype) for _ in range(2)]

    def get_config(self):
        config = super().get_config()
        del config["units"]
        return {
            **config,
            "filters": self.filters,
            "kernel_size": self.kernel_size,
            "strides": self.strides,
            "padding": self.padding,
            "data_format": self.data_format,
            "dilation_rate": self.dilation_rate,
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }


def _checked_padding(padding):
    name = str(padding).lower()
    if name not in ("valid", "same"):
        raise ValueError(
            f"The `padding` argument must be one of {{'valid', 'same'}}. Received: padding={padding!r:.100}"
        )
    return name
