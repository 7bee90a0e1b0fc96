"""What ConvLSTM1D, ConvLSTM2D and ConvLSTM3D share."""

from keraunos import tree
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.rnn.cell_layer import SHARED_SETTINGS, CellLayer, shows_settings
from keraunos.layers.rnn.conv_lstm_cell import ConvLSTMCell

_SETTINGS = (
    "filters",
    "kernel_size",
    "strides",
    "padding",
    "data_format",
    "dilation_rate",
    "recurrent_activation",
    "unit_forget_bias",
)


@shows_settings(*SHARED_SETTINGS[1:], *_SETTINGS)
class ConvLSTM(CellLayer):
    """An LSTM over pictures of `rank` axes. The other arguments are those of `ConvLSTM2D`."""

    def __init__(
        self,
        rank,
        filters,
        kernel_size,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        stateful=False,
        activity_regularizer=None,
        cell_options=None,
        **kwargs,
    ):
        cell = ConvLSTMCell(
            rank,
            filters,
            kernel_size,
            name="conv_lstm_cell",
            dtype=kwargs.get("dtype"),
            **(cell_options or {}),
        )
        super().__init__(
            cell,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.input_spec = InputSpec(ndim=rank + 3)

    def compute_output_shape(self, sequences_shape, initial_state_shape=None):
        batch, steps = sequences_shape[0], sequences_shape[1]
        state = self.cell.compute_output_shape((batch, *sequences_shape[2:]))[0]
        output = (batch, steps, *state[1:]) if self.return_sequences else state
        return (output, state, state) if self.return_state else output

    def compute_mask(self, _, mask):
        mask = tree.flatten(mask)[0] if self.return_sequences else None
        return [mask, None, None] if self.return_state else mask
