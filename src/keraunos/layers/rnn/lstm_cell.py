"""LSTMCell, one step of a long short-term memory."""

from keraunos import activations, initializers, ops
from keraunos.layers.rnn.recurrent_cell import RecurrentCell, check_units, project_gates


class LSTMCell(RecurrentCell):
    """One step of `LSTM` (Hochreiter and Schmidhuber, 1997).

    With `z = x @ kernel + h @ recurrent_kernel + bias` cut into `z_i, z_f, z_c, z_o`:
    `c = recurrent_activation(z_f) * c + recurrent_activation(z_i) * activation(z_c)` and
    `h = recurrent_activation(z_o) * activation(c)`.

    Args:
        units: Size of the states and of the outputs.
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
        kernel_constraint: Projection of the kernel after each update.
        recurrent_constraint: Projection of the recurrent kernel after each update.
        bias_constraint: Projection of the bias after each update.
        dropout: Part of the inputs that is dropped while training, the same at every step.
        recurrent_dropout: Part of the state that is dropped while training, the same at every step.
        seed: Seed of the dropouts.
        **kwargs: Arguments of every layer, and `implementation`: with 1 each gate has dropout masks of its own.

    Call arguments:
        inputs: Tensor `(batch, features)`, one timestep.
        states: List `[h, c]` of tensors `(batch, units)`.
        training: Whether to use dropout.

    Raises:
        ValueError: if `units` is not a positive integer.

    Example:

    >>> cell = keraunos.layers.LSTMCell(4)
    >>> output, (h, c) = cell(keraunos.ops.ones((2, 3)), cell.get_initial_state(2))
    >>> c.shape
    (2, 4)
    """

    gates = 4

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
        kernel_constraint=None,
        recurrent_constraint=None,
        bias_constraint=None,
        dropout=0.0,
        recurrent_dropout=0.0,
        seed=None,
        **kwargs,
    ):
        check_units(units)
        implementation = kwargs.pop("implementation", 2)
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
        self._take_implementation(implementation)
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [self.units, self.units]

    def build(self, input_shape):
        initializer = self._first_bias if self.unit_forget_bias else self.bias_initializer
        self._build_weights(input_shape[-1], (4 * self.units,), initializer)

    def _first_bias(self, _, *args, **kwargs):
        parts = [
            self.bias_initializer((self.units,), *args, **kwargs),
            initializers.get("ones")((self.units,), *args, **kwargs),
            self.bias_initializer((2 * self.units,), *args, **kwargs),
        ]
        return ops.concatenate(parts)

    def call(self, inputs, states, training=False):
        h, c = states[0], states[1]
        of_inputs = project_gates(inputs, self.kernel, self._input_masks(inputs, training), 4)
        of_state = project_gates(h, self.recurrent_kernel, self._recurrent_masks(h, training), 4)
        z = [a + b for a, b in zip(of_inputs, of_state)]
        if self.bias is not None:
            z = [part + bias for part, bias in zip(z, ops.split(self.bias, 4))]
        c = self.recurrent_activation(z[1]) * c + self.recurrent_activation(z[0]) * self.activation(z[2])
        h = self.recurrent_activation(z[3]) * self.activation(c)
        return h, [h, c]

    def get_config(self):
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "unit_forget_bias": self.unit_forget_bias,
        }
