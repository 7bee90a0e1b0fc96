"""SimpleRNNCell, one step of a fully connected recurrent network."""

from keraunos import ops
from keraunos.layers.rnn.recurrent_cell import RecurrentCell, check_units


class SimpleRNNCell(RecurrentCell):
    """One step of `SimpleRNN`: `h = activation(x @ kernel + bias + h @ recurrent_kernel)`.

    Args:
        units: Size of the state and of the outputs.
        activation: Activation function, its name, or `None` for none.
        use_bias: Whether a bias is added.
        kernel_initializer: Initializer of the `kernel`, which multiplies the inputs.
        recurrent_initializer: Initializer of the `recurrent_kernel`, which multiplies the state.
        bias_initializer: Initializer of the bias.
        kernel_regularizer: Penalty on the kernel.
        recurrent_regularizer: Penalty on the recurrent kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Projection of the kernel after each update.
        recurrent_constraint: Projection of the recurrent kernel after each update.
        bias_constraint: Projection of the bias after each update.
        dropout: Part of the inputs that is dropped while training, the same at every step.
        recurrent_dropout: Part of the state that is dropped while training, the same at every step.
        seed: Seed of the dropouts.

    Call arguments:
        sequence: Tensor `(batch, features)`, one timestep.
        states: The state `(batch, units)`, or a list of it.
        training: Whether to use dropout.

    Raises:
        ValueError: if `units` is not a positive integer.

    Example:

    >>> cell = keraunos.layers.SimpleRNNCell(4)
    >>> output, states = cell(keraunos.ops.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape
    (2, 4)
    """

    def __init__(
        self,
        units,
        activation="tanh",
        use_bias=True,
        kernel_initializer="glorot_uniform",
        recurrent_initializer="orthogonal",
        bias_initializer="zeros",
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
        check_units(units)
        super().__init__(**kwargs)
        self._take_arguments(
            units,
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

    def build(self, input_shape):
        self._build_weights(input_shape[-1], (self.units,), self.bias_initializer)

    def call(self, sequence, states, training=False):
        is_list = isinstance(states, (list, tuple))
        state = states[0] if is_list else states
        if training and self.dropout > 0:
            sequence = sequence * self.get_dropout_mask(sequence)
        if training and self.recurrent_dropout > 0:
            state = state * self.get_recurrent_dropout_mask(state)
        output = ops.matmul(sequence, self.kernel)
        if self.bias is not None:
            output = output + self.bias
        output = self.activation(output + ops.matmul(state, self.recurrent_kernel))
        return output, [output] if is_list else output
