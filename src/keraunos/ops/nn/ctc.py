"""Connectionist temporal classification: the loss of unaligned sequences, and decoding."""

from __future__ import annotations

from keraunos.dtypes import promoted
from keraunos.ops import _dims, control
from keraunos.ops._arguments import floats, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, creation, elementwise, joining, reduction, shaping
from keraunos.tensor import cast_tensor, execute, shape_equal

operation = operations("nn")

# Stands for log(0): far below any sum of logarithms, and still finite, so that gradients are.
_NEVER = -1e30


@operation("target", "output", "target_length", "output_length", name="CTCLoss")
def ctc_loss(target, output, target_length, output_length, mask_index=0):
    """The negative logarithm of the probability of a sequence of labels, over all alignments (Graves et al., 2006).

    Args:
        target: labels `(batch, label length)`.
        output: logits `(batch, length, classes)`.
        target_length: number of labels that count, `(batch,)`.
        output_length: number of steps that count, `(batch,)`.
        mask_index: the class that stands for no label.

    Returns a loss for each sample; it is infinite where the steps are too few for the labels.

    >>> from keraunos import ops
    >>> logits = ops.zeros((1, 2, 3))
    >>> round(float(ops.ctc_loss([[1]], logits, [1], [2])[0]), 4)  # 3 of 9 paths give the label 1
    1.0986
    """
    target, output = tensor(target), floats(output)
    target_length, output_length = (cast_tensor(tensor(x), "int32") for x in (target_length, output_length))
    if len(target.shape) != 2 or len(output.shape) != 3:
        raise ValueError(
            "ctc_loss: `target` must have the shape (batch, label length) and `output` (batch, length, classes). "
            f"Received: target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
        )
    lengths = (("target", target), ("target_length", target_length), ("output_length", output_length))
    for name, x in lengths:
        if not shape_equal(tuple(x.shape[:1]), tuple(output.shape[:1])):
            raise ValueError(
                f"Arguments `{name}` and `output` must have the same first dimension. "
                f"Received shapes: `{tuple(x.shape)}` and `{tuple(output.shape)}`."
            )
    output = cast_tensor(output, promoted(output.dtype, "float32"))
    blank = mask_index if mask_index >= 0 else output.shape[2] + mask_index
    states = _with_blanks(cast_tensor(target, "int32"), target_length, blank)
    scores = execute("log_softmax", [output], {"axis": 2})
    batch, steps, _ = _dims.shape_of(output)
    places = _dims.broadcast_to(shaping.expand_dims(states, 1), (batch, steps, _dims.size_of(states, 1)))
    scores = shaping.permute(execute("take_along_axis", [scores, places], {"axis": 2}), (1, 0, 2))
    alpha = _forward(scores, states, output_length, blank)
    return _at_the_end(alpha, target_length)


def _with_blanks(target, target_length, blank):
    """The labels with a blank before, between and after them; what does not count is blank too."""
    position = _dims.iota(_dims.size_of(target, 1), "int32")
    counts = comparisons.less(position, shaping.expand_dims(target_length, 1))
    target = choices.where(counts, target, blank)
    pairs = joining.stack([creation.full_like(target, blank), target], axis=2)
    batch, length = _dims.shape_of(target)
    pairs = _dims.reshape(pairs, (batch, _dims.product((length, 2))))
    return joining.concatenate([pairs, creation.full_like(pairs[:, :1], blank)], axis=1)


def _forward(scores, states, output_length, blank):
    """`alpha[b, s]`: log probability of all paths that are in state s after the last step."""
    # A label, in every second state, may follow another one without a blank between them, unless they are equal.
    position = _dims.iota(_dims.size_of(states, 1), "int32")
    is_label = comparisons.equal(arithmetic.mod(position, 2), 1)
    may_skip = comparisons.logical_and(is_label, comparisons.not_equal(states, _moved(states, 2, blank)))
    never = creation.full_like(scores[0], _NEVER)
    # Before the first step all paths are in the first blank, from where they stay or take the first label.
    first = choices.where(comparisons.less(position, 1), 0.0, never)

    def step(carry, x):
        alpha, index = carry
        skipped = choices.where(may_skip, _moved(alpha, 2, _NEVER), never)
        paths = arithmetic.logaddexp(arithmetic.logaddexp(alpha, _moved(alpha, 1, _NEVER)), skipped)
        counts = shaping.expand_dims(comparisons.less(index, output_length), 1)
        after = choices.where(counts, arithmetic.add(paths, x), alpha)
        return (after, arithmetic.add(index, 1)), index

    index = cast_tensor(tensor(0), "int32")
    (alpha, _), _ = control.scan(step, (first, index), scores)
    return alpha


def _moved(x, places, fill):
    """The columns of `x` moved to the right."""
    padded = execute("pad", [x, with_dtype(fill, x.dtype)], {"low": [0, places], "high": [0, 0]})
    return execute("slice", [padded], {"begin": [0, 0], "end": [2**62, -places], "strides": [1, 1]})


def _at_the_end(alpha, target_length):
    """The loss: paths end in the last label or in the blank after it."""
    last = arithmetic.multiply(shaping.expand_dims(target_length, 1), 2)
    in_blank = execute("take_along_axis", [alpha, last], {"axis": 1})
    in_label = execute("take_along_axis", [alpha, arithmetic.maximum(arithmetic.subtract(last, 1), 0)], {"axis": 1})
    in_label = choices.where(comparisons.equal(last, 0), _NEVER, in_label)
    total = shaping.squeeze(arithmetic.logaddexp(in_blank, in_label), 1)
    return choices.where(comparisons.less(total, 0.1 * _NEVER), float("inf"), elementwise.negative(total))


@operation("inputs", "sequence_lengths", name="CTCDecode")
def ctc_decode(
    inputs, sequence_lengths, strategy="greedy", beam_width=100, top_paths=1, merge_repeated=True, mask_index=0
):
    """The most likely sequences of labels.

    Args:
        inputs: logits `(batch, length, classes)`.
        sequence_lengths: number of steps that count, `(batch,)`.
        strategy: `"greedy"` takes the best class of each step; `"beam_search"` follows the best labellings.
        beam_width: number of labellings that are followed.
        top_paths: number of labellings that are returned, for beam search.
        merge_repeated: whether equal neighbours become one, for the greedy strategy.
        mask_index: the class that stands for no label.

    Returns `(labels, scores)`: `(top_paths, batch, length)`, filled up with -1, and `(batch, top_paths)`: log
    probabilities, or for the greedy strategy the negated sum of the logits taken.
    """
    if strategy not in ("greedy", "beam_search"):
        raise ValueError(f"Invalid strategy {strategy}. Supported values are 'greedy' and 'beam_search'.")
    inputs = floats(inputs)
    inputs = cast_tensor(inputs, promoted(inputs.dtype, "float32"))
    sequence_lengths = cast_tensor(tensor(sequence_lengths), "int32")
    if mask_index is None:
        mask_index = inputs.shape[2] - 1
    if strategy == "beam_search":
        scores = execute("log_softmax", [inputs], {"axis": 2})
        attributes = {"beam_width": int(beam_width), "top_paths": int(top_paths), "blank": int(mask_index)}
        return execute("ctc_beam_search", [scores, sequence_lengths], attributes)
    return _greedy(inputs, sequence_lengths, merge_repeated, mask_index)


def _greedy(inputs, sequence_lengths, merge_repeated, blank):
    length = _dims.size_of(inputs, 1)
    position = _dims.iota(length, "int32")
    is_beyond = comparisons.greater_equal(position, shaping.expand_dims(sequence_lengths, 1))
    labels = choices.where(is_beyond, blank, reduction.argmax(inputs, axis=2))
    scores = choices.where(is_beyond, 0.0, reduction.max(inputs, axis=2))
    if merge_repeated:
        labels = choices.where(comparisons.equal(labels, _moved(labels, 1, -1)), blank, labels)
    is_blank = comparisons.equal(labels, blank)
    labels = choices.where(is_blank, -1, labels)
    # Labels first, in order; the sort is stable.
    order = execute("argsort", [cast_tensor(is_blank, "int32")], {"axis": 1, "descending": False})
    labels = execute("take_along_axis", [labels, order], {"axis": 1})
    total = elementwise.negative(reduction.sum(scores, axis=1, keepdims=True))
    return shaping.expand_dims(cast_tensor(labels, "int32"), 0), total


__all__ = ["ctc_decode", "ctc_loss"]
