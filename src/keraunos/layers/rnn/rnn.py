"""RNN layer."""

from keraunos import ops, serialization, tree
from keraunos.layers.layer import Layer
from keraunos.layers.rnn import whole_sequence
from keraunos.layers.rnn.dropout_rnn_cell import DropoutRNNCell
from keraunos.layers.rnn.recurrence import run_steps
from keraunos.layers.rnn.stacked_rnn_cells import StackedRNNCells, state_size_of
from keraunos.layers.tracker import DoNotTrackScope
from keraunos.naming import name_scope
from keraunos.tensor import convert_to_tensor
from keraunos.variable import Variable

_UNROLL_RULE = (
    "Cannot unroll a RNN if the time dimension is undefined. \n"
    "- If using a Sequential model, specify the time dimension by passing an `Input()` as your first layer.\n"
    "- If using the functional API, specify the time dimension by passing a `shape` or `batch_shape` argument to your "
    "`Input()`."
)


class RNN(Layer):
    """Runs a cell over the timesteps of a sequence.

    A cell is an object with `call(inputs, states) -> (output, new states)` for one step and with `state_size`, an
    integer or a list of them (a size per state). It may have `output_size` (else the first state's size) and
    `get_initial_state(batch_size)` (else zeros). A layer written in Python will do: the loop is traced.

    Args:
        cell: The cell, or a list of cells that are stacked.
        return_sequences: Whether the outputs of all steps are returned, not just the last.
        return_state: Whether the last states are returned, too.
        go_backwards: Whether to begin with the last step; outputs then come in that order.
        stateful: Whether each batch begins with the states that the last one ended with. The batch size must be fixed.
        unroll: Whether a trace writes every step out. The number of steps must be known.
        zero_output_for_mask: Whether masked steps give zeros, not the output before them.

    Call arguments:
        sequences: Tensor `(batch, time, ...)`.
        initial_state: List of the states to begin with; zeros by default.
        mask: Boolean tensor `(batch, time)`: steps that are `False` are passed over.
        training: Handed to the cell.

    Shapes: `(batch, time, ...)` to `(batch, output_size)`, with `return_sequences` to `(batch, time, output_size)`; with
    `return_state` a tuple of that and the states.

    Raises:
        ValueError: for a cell without `call` or `state_size`, no timesteps, an unknown length with `unroll`, or a batch
            size that is unknown or another one with `stateful`.

    Example:

    >>> cells = [keraunos.layers.LSTMCell(4), keraunos.layers.GRUCell(3)]
    >>> keraunos.layers.RNN(cells)(keraunos.ops.ones((2, 5, 6))).shape
    (2, 3)
    """

    def __init__(
        self,
        cell,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        unroll=False,
        zero_output_for_mask=False,
        **kwargs,
    ):
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        if "call" not in dir(cell):
            raise ValueError(f"Argument `cell` should have a `call` method. Received: cell={cell}")
        if "state_size" not in dir(cell):
            raise ValueError(
                "The RNN cell should have a `state_size` attribute (single integer or list of integers, one integer "
                f"per RNN state). Received: cell={cell}"
            )
        super().__init__(**kwargs)
        self.zero_output_for_mask = zero_output_for_mask
        self.cell = cell
        self.return_sequences = return_sequences
        self.return_state = return_state
        self.go_backwards = go_backwards
        self.stateful = stateful
        self.unroll = unroll
        self.supports_masking = True
        self.states = None
        self._expected_batch_size = None
        self.single_state = isinstance(cell.state_size, int)
        self.state_size = state_size_of(cell)

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        batch, length = sequences_shape[0], sequences_shape[1]
        size = getattr(self.cell, "output_size", None)
        if size is None:
            size = tree.flatten(self.state_size)[0]
        if not isinstance(size, int):
            raise ValueError(f"`output_size` of an RNN cell must be an integer. Received: {size}")
        output = (batch, length, size) if self.return_sequences else (batch, size)
        if not self.return_state:
            return output
        return output, *(
            (batch, s) if isinstance(s, int) else [(batch, inner) for inner in s] for s in self.state_size
        )

    def compute_mask(self, _, mask):
        mask = tree.flatten(mask)[0] if self.return_sequences else None
        return [mask, *(None for _ in self.state_size)] if self.return_state else mask

    def build(self, sequences_shape, initial_state_shape=None):
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
            self.cell.built = True
        if not self.stateful:
            return
        if self.states is not None:
            self.reset_state()
            return
        if sequences_shape[0] is None:
            raise ValueError(
                "When using `stateful=True` in a RNN, the batch size must be static. Found dynamic batch size: "
                f"sequence.shape={sequences_shape}"
            )
        self._create_state_variables(sequences_shape[0])
        self._expected_batch_size = sequences_shape[0]

    def _create_state_variables(self, batch_size):
        def create(value):
            return Variable(value, trainable=False, dtype=self.variable_dtype, name="rnn_state")

        with DoNotTrackScope(), name_scope(self.name, caller=self):
            self.states = tree.map_structure(create, self.get_initial_state(batch_size))

    def get_initial_state(self, batch_size):
        """The states to begin with, a list."""
        if not hasattr(self.cell, "get_initial_state"):
            dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
            return [ops.zeros((batch_size, size), dtype=dtype) for size in self.state_size]
        states = self.cell.get_initial_state(batch_size=batch_size)
        return list(states) if tree.is_nested(states) else [states]

    def reset_states(self):
        """The same as `reset_state`."""
        self.reset_state()

    def reset_state(self):
        """Sets the states of a stateful layer to zero."""
        for variable in tree.flatten(self.states) if self.states is not None else []:
            variable.assign(ops.zeros_like(variable.value))

    def call(self, sequences, initial_state=None, mask=None, training=False):
        self._check_sequences(tuple(sequences.shape))
        states = self._first_states(sequences, initial_state)
        # Drawn before the loop, whose body is traced once.
        self._draw_dropout_masks(self.cell, sequences, states, training)
        try:
            last_output, outputs, states = self.inner_loop(sequences, states, mask, training=training)
        finally:
            _forget_dropout_masks(self.cell)
        states = tree.map_structure(lambda x: ops.cast(x, self.compute_dtype), states)
        if self.stateful:
            for variable, state in zip(tree.flatten(self.states), tree.flatten(states)):
                variable.assign(state)
        output = ops.cast(outputs if self.return_sequences else last_output, self.compute_dtype)
        return (output, *states) if self.return_state else output

    def inner_loop(self, sequences, initial_state, mask, training=False):
        """The loop: `(last output, outputs or None, states)`."""
        mask = None if mask is None else tree.flatten(mask)[0]
        use_whole_sequence = getattr(self, "use_cudnn", "auto")
        if use_whole_sequence and whole_sequence.can_run(self, mask, training):
            return whole_sequence.run(self, sequences, initial_state, mask, training)
        if use_whole_sequence is True and not whole_sequence.needs_steps_for_gradients():
            raise ValueError(
                "use_cudnn=True was specified, but there is no op for whole sequences in this layer configuration. "
                f"Pass use_cudnn='auto' to go step by step. Received: cell={self.cell.get_config()}"
            )
        takes_training = isinstance(self.cell, Layer) and self.cell._call_has_training_arg
        kwargs = {"training": training} if takes_training else {}
        call = self.cell if callable(self.cell) else self.cell.call
        return run_steps(
            lambda x, states: call(x, states, **kwargs),
            sequences,
            initial_state,
            mask=mask,
            go_backwards=self.go_backwards,
            unroll=self.unroll,
            zero_output_for_mask=self.zero_output_for_mask,
            return_sequences=self.return_sequences,
        )

    def _check_sequences(self, shape):
        if self.unroll and shape[1] is None:
            raise ValueError(_UNROLL_RULE)
        if shape[1] == 0:
            raise ValueError(
                f"Layer '{self.name}' needs at least one step along the timesteps axis (axis 1). Received: "
                f"sequences.shape={shape}"
            )
        if self.stateful and None not in (shape[0], self._expected_batch_size) and shape[0] != self._expected_batch_size:
            raise ValueError(
                "If an RNN is stateful, the batch size of the input sequences must be the same as the batch size of "
                f"the initial state. \n- Expected batch size: {self._expected_batch_size}\n"
                f"- Received batch size: {shape[0]}"
            )

    def _first_states(self, sequences, initial_state):
        if initial_state is None:
            initial_state = self.states if self.stateful else self.get_initial_state(ops.shape(sequences)[0])
        if not tree.is_nested(initial_state):
            initial_state = [initial_state]
        dtype = getattr(self.cell, "compute_dtype", self.compute_dtype)
        return tree.map_structure(lambda x: convert_to_tensor(x, dtype=dtype), list(initial_state))

    def _draw_dropout_masks(self, cell, sequences, states, training):
        if training and _drops(cell):
            _draw_masks(cell, sequences[:, 0], states)

    def get_config(self):
        return {
            **super().get_config(),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "stateful": self.stateful,
            "unroll": self.unroll,
            "zero_output_for_mask": self.zero_output_for_mask,
            "cell": serialization.serialize_keras_object(self.cell),
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        cell = serialization.deserialize_keras_object(config.pop("cell"), custom_objects=custom_objects)
        return cls(cell, **config)



def _drops(cell):
    """Whether any cell in `cell` may draw dropout masks."""
    if isinstance(cell, StackedRNNCells):
        return any(_drops(inner) for inner in cell.cells)
    return isinstance(cell, DropoutRNNCell) and cell.draws_masks


def _draw_masks(cell, x, states):
    """Draws the masks of a cell for the step `x`."""
    if isinstance(cell, DropoutRNNCell):
        cell.get_dropout_mask(x)
        cell.get_recurrent_dropout_mask(tree.flatten(states)[0])
    if isinstance(cell, StackedRNNCells):
        for inner, state in zip(cell.cells, states):
            state = list(state) if tree.is_nested(state) else [state]
            _draw_masks(inner, x, state)
            # What the next cell's step looks like: its shape alone counts.
            x, _ = (inner if callable(inner) else inner.call)(x, state)


def _forget_dropout_masks(cell):
    if isinstance(cell, DropoutRNNCell):
        cell.reset_dropout_mask()
        cell.reset_recurrent_dropout_mask()
    for inner in cell.cells if isinstance(cell, StackedRNNCells) else []:
        _forget_dropout_masks(inner)
