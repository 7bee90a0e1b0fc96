"""LSTM layer."""

from keraunos.layers.input_spec import InputSpec
from keraunos.layers.rnn.cell_layer import SHARED_SETTINGS, CellLayer, shows_settings
from keraunos.layers.rnn.lstm_cell import LSTMCell


@shows_settings(*SHARED_SETTINGS, "recurrent_activation", "unit_forget_bias")
class LSTM(CellLayer):
    """Long short-term memory (Hochreiter and Schmidhuber, 1997): at every step what `LSTMCell` says.

    Args:
        units: Size of the state and of the outputs.
        activation: Activation of the candidate and of the output, its name, or `None` for none.
        recurrent_activation: Activation of the gates, its name, or `None` for none.
        use_bias: Whether a bias is added.
        kernel_initializer: Initializer of the `kernel`, which multiplies the inputs.
        recurrent_initializer: Initializer of the `recurrent_kernel`, which multiplies the state.
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
        stateful: Whether each batch begins with the states that the last one ended with. The batch size must be fixed.
        unroll: Whether a trace writes every step out.
        use_cudnn: `"auto"`: the whole sequence as one op where that is possible; `False`: step by step; `True`: an error where
            one op is not possible.
        **kwargs: Arguments of every layer, `zero_output_for_mask` of `RNN`, and `implementation` of the cell.

    Call arguments:
        sequences: Tensor `(batch, time, features)`.
        initial_state: List of the states to begin with; zeros by default.
        mask: Boolean tensor `(batch, time)`: steps that are `False` are passed over.
        training: Whether to use dropout.

    Shapes: `(batch, time, features)` to `(batch, units)`, with `return_sequences` to `(batch, time, units)`; with
    `return_state` a tuple of that and the states `(batch, units)`.

    Raises:
        ValueError: if `units` is not a positive integer, and what `RNN` raises.

    Example:

    >>> keraunos.layers.LSTM(4, return_sequences=True)(keraunos.ops.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    def __init__(
        self,
        units,
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
        unroll=False,
        use_cudnn="auto",
        **kwargs,
    ):
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            implementation=kwargs.pop("implementation", 2),
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="lstm_cell",
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.input_spec = InputSpec(ndim=3)
        self._take_use_cudnn(use_cudnn)
