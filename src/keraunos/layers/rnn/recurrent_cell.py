"""What the cells of SimpleRNN, LSTM and GRU share."""

from keraunos import activations, constraints, initializers, ops, regularizers
from keraunos.layers.arguments import as_positive_integer
from keraunos.layers.layer import Layer
from keraunos.layers.rnn.dropout_rnn_cell import DropoutRNNCell
from keraunos.random import SeedGenerator


class RecurrentCell(Layer, DropoutRNNCell):
    """A cell with a `kernel` for the inputs, a `recurrent_kernel` for the state and a `bias`, each `gates` times `units`
    wide. The constructor's arguments are those of the layers."""

    gates = 1

    def _take_arguments(
        self,
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
    ):
        self.units = as_positive_integer(units)
        self.activation = activations.get(activation)
        self.use_bias = use_bias
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.recurrent_initializer = initializers.get(recurrent_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.recurrent_regularizer = regularizers.get(recurrent_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.recurrent_constraint = constraints.get(recurrent_constraint)
        self.bias_constraint = constraints.get(bias_constraint)
        self.dropout = min(1.0, max(0.0, dropout))
        self.recurrent_dropout = min(1.0, max(0.0, recurrent_dropout))
        self.seed = seed
        self.seed_generator = SeedGenerator(seed)
        self.state_size = self.output_size = self.units

    def _take_implementation(self, implementation):
        """With implementation 1 every gate has dropout masks of its own."""
        self.implementation = 1 if self.recurrent_dropout > 0 else implementation
        if self.implementation == 1:
            self.dropout_mask_count = self.gates

    def _build_weights(self, input_dim, bias_shape, bias_initializer, window=()):
        """`window`: the spatial sizes of kernels that are convolved."""
        width = self.gates * self.units
        self.kernel = self.add_weight(
            shape=(*window, input_dim, width),
            name="kernel",
            initializer=self.kernel_initializer,
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
        )
        self.recurrent_kernel = self.add_weight(
            shape=(*window, self.units, width),
            name="recurrent_kernel",
            initializer=self.recurrent_initializer,
            regularizer=self.recurrent_regularizer,
            constraint=self.recurrent_constraint,
        )
        self.bias = None
        if self.use_bias:
            self.bias = self.add_weight(
                shape=bias_shape,
                name="bias",
                initializer=bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
            )

    def _input_masks(self, x, training):
        return self.get_dropout_mask(x) if training and 0 < self.dropout < 1 else None

    def _recurrent_masks(self, state, training):
        return self.get_recurrent_dropout_mask(state) if training and 0 < self.recurrent_dropout < 1 else None

    def get_initial_state(self, batch_size=None):
        """Zeros."""
        sizes = [self.state_size] if isinstance(self.state_size, int) else self.state_size
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in sizes]

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            "activation": activations.serialize(self.activation),
            "use_bias": self.use_bias,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "recurrent_initializer": initializers.serialize(self.recurrent_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "recurrent_regularizer": regularizers.serialize(self.recurrent_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "recurrent_constraint": constraints.serialize(self.recurrent_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "dropout": self.dropout,
            "recurrent_dropout": self.recurrent_dropout,
            "seed": self.seed,
        }


def check_units(units):
    """Raises unless `units` is a positive integer."""
    if as_positive_integer(units) is None:
        raise ValueError(
            f"Received an invalid value for argument `units`, expected a positive integer, got {units!r:.100}."
        )


def project_gates(x, weights, masks, gates):
    """`x @ weights`, a tensor for each gate. With a list of masks each gate sees its own masked `x`."""
    if isinstance(masks, list):
        return [ops.matmul(x * mask, part) for mask, part in zip(masks, ops.split(weights, gates, axis=1))]
    return ops.split(ops.matmul(x if masks is None else x * masks, weights), gates, axis=-1)
