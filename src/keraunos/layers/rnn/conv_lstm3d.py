"""ConvLSTM3D layer."""

from keraunos.layers.rnn.conv_lstm import ConvLSTM


class ConvLSTM3D(ConvLSTM):
    """An LSTM over sequences of pictures of 3 axes, with convolutions in place of products (Shi et al., 2015).

    Args:
        filters: Number of filters, the channels of states and outputs.
        kernel_size: Size of the window, an integer or 3 of them.
        strides: Steps of the window over the inputs.
        padding: `"valid"` or `"same"`, of the inputs. States keep their shape.
        data_format: `"channels_last"` or `"channels_first"`.
        dilation_rate: Distance between the window's elements on the inputs.
        activation: Activation of the candidate and of the output, its name, or `None` for none.
        recurrent_activation: Activation of the gates, its name, or `None` for none.
        use_bias: Whether a bias is added.
        kernel_initializer: Initializer of the `kernel`, for the inputs.
        recurrent_initializer: Initializer of the `recurrent_kernel`, for the state.
        bias_initializer: Initializer of the bias.
        unit_forget_bias: Whether the forget gate's bias begins with ones.
        kernel_regularizer: Penalty on the kernel.
        recurrent_regularizer: Penalty on the recurrent kernel.
        bias_regularizer: Penalty on the bias.
        activity_regularizer: Penalty on the outputs.
        kernel_constraint: Projection of the kernel after each update.
        recurrent_constraint: Projection of the recurrent kernel after each update.
        bias_constraint: Projection of the bias after each update.
        dropout: Part of the inputs that is dropped while training, the same at every step.
        recurrent_dropout: Part of the state that is dropped while training, the same at every step.
        seed: Seed of the dropouts.
        return_sequences: Whether the outputs of all steps are returned, not just the last.
        return_state: Whether the last states are returned, too.
        go_backwards: Whether to begin with the last step; outputs then come in that order.
        stateful: Whether each batch begins with the states that the last one ended with.
        **kwargs: Arguments of every layer, `unroll` and `zero_output_for_mask` of `RNN`.

    Call arguments:
        sequences: Tensor `(batch, time, depth, height, width, channels)`, or `(batch, time, channels, depth, height, width)`.
        initial_state: List of the two states to begin with; zeros by default.
        mask: Boolean tensor `(batch, time)`: steps that are `False` are passed over.
        training: Whether to use dropout.

    Raises:
        ValueError: for strides together with dilation, and for spatial sizes that are not known.

    Example:

    >>> keraunos.layers.ConvLSTM3D(4, 3)(keraunos.ops.ones((2, 3, 5, 5, 5, 1))).shape
    (2, 3, 3, 3, 4)
    """

    def __init__(
        self,
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
        activity_regularizer=None,
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        **kwargs,
    ):
        super().__init__(
            3,
            filters,
            kernel_size,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            activity_regularizer=activity_regularizer,
            cell_options={
                "strides": strides,
                "padding": padding,
                "data_format": data_format,
                "dilation_rate": dilation_rate,
                "activation": activation,
                "recurrent_activation": recurrent_activation,
                "use_bias": use_bias,
                "kernel_initializer": kernel_initializer,
                "recurrent_initializer": recurrent_initializer,
                "bias_initializer": bias_initializer,
                "unit_forget_bias": unit_forget_bias,
                "kernel_regularizer": kernel_regularizer,
                "recurrent_regularizer": recurrent_regularizer,
                "bias_regularizer": bias_regularizer,
                "kernel_constraint": kernel_constraint,
                "recurrent_constraint": recurrent_constraint,
                "bias_constraint": bias_constraint,
                "dropout": dropout,
                "recurrent_dropout": recurrent_dropout,
                "seed": seed,
            },
            **kwargs,
        )
