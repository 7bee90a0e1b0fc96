"""GRUCell, one step of a gated recurrent unit."""

from keraunos import activations, ops, tree
from keraunos.layers.rnn.recurrent_cell import RecurrentCell, check_units, project_gates


class GRUCell(RecurrentCell):
    """One step of `GRU` (Cho et al., 2014).

    With update gate `z` and reset gate `r`, both `recurrent_activation(x @ kernel + h @ recurrent_kernel + bias)` of their
    parts of the weights: `h = z * h + (1 - z) * activation(x @ kernel_h + q + bias_h)`, where `q` is
    `r * (h @ recurrent_kernel_h + recurrent_bias_h)` with `reset_after` and `(r * h) @ recurrent_kernel_h` without.

    Args:
        units: Size of the state and of the outputs.
        activation: Activation of the candidate, its name, or `None` for none.
        recurrent_activation: Activation of the gates, its name, or `None` for none.
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
        reset_after: Whether the reset gate comes after the product with the recurrent kernel. The state then has a bias
            of its own: the bias is `(2, 3 * units)`.
        seed: Seed of the dropouts.
        **kwargs: Arguments of every layer, and `implementation`: with 1 each gate has dropout masks of its own.

    Call arguments:
        inputs: Tensor `(batch, features)`, one timestep.
        states: The state `(batch, units)`, or a list of it.
        training: Whether to use dropout.

    Raises:
        ValueError: if `units` is not a positive integer.

    Example:

    >>> cell = keraunos.layers.GRUCell(4)
    >>> output, states = cell(keraunos.ops.ones((2, 3)), cell.get_initial_state(2))
    >>> output.shape
    (2, 4)
    """

    gates = 3

    def __init__(
        self,
        units,
        activation="tanh",
        recurrent_activation="sigmoid",
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
        reset_after=True,
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
        self.reset_after = reset_after

    def build(self, input_shape):
        width = 3 * self.units
        self._build_weights(input_shape[-1], (2, width) if self.reset_after else (width,), self.bias_initializer)

    def call(self, inputs, states, training=False):
        is_list = tree.is_nested(states)
        h = states[0] if is_list else states
        masks = self._recurrent_masks(h, training)
        x_z, x_r, x_h = project_gates(inputs, self.kernel, self._input_masks(inputs, training), 3)
        if self.bias is not None:
            bias = self.bias[0] if self.reset_after else self.bias
            x_z, x_r, x_h = (x + part for x, part in zip((x_z, x_r, x_h), ops.split(bias, 3)))
        if self.reset_after:
            h_z, h_r, h_h = project_gates(h, self.recurrent_kernel, masks, 3)
            if self.bias is not None:
                h_z, h_r, h_h = (x + part for x, part in zip((h_z, h_r, h_h), ops.split(self.bias[1], 3)))
        else:
            split = 2 * self.units
            gate_masks = masks[:2] if isinstance(masks, list) else masks
            h_z, h_r = project_gates(h, self.recurrent_kernel[:, :split], gate_masks, 2)
        z = self.recurrent_activation(x_z + h_z)
        r = self.recurrent_activation(x_r + h_r)
        if self.reset_after:
            candidate = self.activation(x_h + r * h_h)
        else:
            own = h * masks[2] if isinstance(masks, list) else h
            candidate = self.activation(x_h + ops.matmul(r * own, self.recurrent_kernel[:, split:]))
        h = z * h + (1 - z) * candidate
        return h, [h] if is_list else h

    def get_config(self):
        return {
            **super().get_config(),
            "recurrent_activation": activations.serialize(self.recurrent_activation),
            "reset_after": self.reset_after,
        }
