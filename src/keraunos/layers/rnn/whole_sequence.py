"""Built-in cells over a whole sequence as one op, where their configuration allows it."""

from keraunos import activations, ops, tracing
from keraunos.dtypes import is_float_dtype
from keraunos.layers.rnn.gru_cell import GRUCell
from keraunos.layers.rnn.lstm_cell import LSTMCell
from keraunos.layers.rnn.simple_rnn_cell import SimpleRNNCell
from keraunos.tensor import execute

_OPS = {SimpleRNNCell: "simple_rnn", LSTMCell: "lstm", GRUCell: "gru"}


def _op_of(cell):
    is_reset_before = type(cell) is GRUCell and not cell.reset_after
    return "gru_reset_before" if is_reset_before else _OPS[type(cell)]


def needs_steps_for_gradients():
    """Whether gradients of gradients may be asked for: the op has first ones only, the steps have them all."""
    return tracing.recording_tapes() > 1


def can_run(layer, mask, training):
    """Whether one op computes what the layer's cell does step by step. The only place that decides it."""
    cell = layer.cell
    if needs_steps_for_gradients():
        return False
    if type(cell) not in _OPS or layer.unroll or cell.activation is not activations.tanh:
        return False
    if getattr(cell, "recurrent_activation", activations.sigmoid) is not activations.sigmoid:
        return False
    if mask is not None and len(mask.shape) != 2:
        return False
    if cell.compute_dtype != layer.compute_dtype or not is_float_dtype(cell.compute_dtype):
        return False
    has_mask_for_each_gate = getattr(cell, "dropout_mask_count", None) is not None
    return not (training and (cell.recurrent_dropout > 0 or (cell.dropout > 0 and has_mask_for_each_gate)))


def run(layer, sequences, initial_state, mask, training):
    """The loop as one op: `(last output, outputs or None, states)`."""
    cell = layer.cell
    if training and cell.dropout > 0 and (cell.dropout < 1 or type(cell) is SimpleRNNCell):
        sequences = sequences * ops.expand_dims(cell.get_dropout_mask(sequences[:, 0]), 1)
    weights = [ops.cast(weight, cell.compute_dtype) for weight in (cell.kernel, cell.recurrent_kernel)]
    operands = [ops.cast(sequences, cell.compute_dtype), *initial_state, *weights, _bias_of(cell)]
    if mask is not None:
        operands.append(ops.cast(mask, "bool"))
    attributes = {
        "reverse": bool(layer.go_backwards),
        "zeroes_masked": bool(layer.zero_output_for_mask),
        "sequences": bool(layer.return_sequences),
        "keeps": tracing.is_recording(),
    }
    last, outputs, *rest = execute(_op_of(cell), operands, attributes)
    return last, outputs if layer.return_sequences else None, rest[: len(initial_state)]


def _bias_of(cell):
    if cell.bias is not None:
        return ops.cast(cell.bias, cell.compute_dtype)
    width = cell.gates * cell.units
    return ops.zeros((2, width) if _op_of(cell) == "gru" else (width,), dtype=cell.compute_dtype)
