"""The loop over timesteps behind every recurrent layer that runs its cell step by step."""

from keraunos import ops, tracing, tree


def run_steps(
    step,
    sequences,
    initial_state,
    mask=None,
    go_backwards=False,
    unroll=False,
    zero_output_for_mask=False,
    return_sequences=False,
):
    """Walks over the second axis of `sequences`.

    A masked step leaves the states as they are and repeats the output before it (zeros if there is none, or if
    `zero_output_for_mask`).

    Args:
        step: `step(x, states) -> (output, states)` for one timestep `x` of shape `(batch, ...)`.
        sequences: Tensor `(batch, time, ...)`.
        initial_state: A list of (structures of) tensors.
        mask: Tensor `(batch, time)`: which steps count; `None` for all.
        go_backwards: Whether to begin with the last step. Outputs come in the order of the walk.
        unroll: Whether a trace writes every step out.
        zero_output_for_mask: See above.
        return_sequences: Whether the outputs of all steps are wanted.

    Returns:
        `(last output, outputs, states)`; `outputs` is `None` unless wanted.
    """
    rows = time_first(sequences)
    masks = None if mask is None else time_first(ops.cast(mask, "bool"))
    walk = _Walk(step, masks is not None, zero_output_for_mask, return_sequences)
    if unroll or not tracing.is_tracing():
        return walk.written_out(rows, masks, initial_state, go_backwards)
    return walk.scanned(rows, masks, initial_state, go_backwards)


def time_first(x):
    """Exchanges the first two axes."""
    return ops.transpose(x, (1, 0, *range(2, len(x.shape))))


def _choose(is_kept, new, old):
    """`new` in the rows of the batch where `is_kept` holds, else `old`."""
    missing = len(new.shape) - len(is_kept.shape)
    is_kept = ops.reshape(is_kept, (*ops.shape(is_kept), *[1] * missing)) if missing > 0 else is_kept
    return ops.where(is_kept, new, ops.cast(old, new.dtype))


class _Walk:
    def __init__(self, step, is_masked, zero_output_for_mask, return_sequences):
        self.step = step
        self.is_masked = is_masked
        self.zero_output_for_mask = zero_output_for_mask
        self.return_sequences = return_sequences

    def _masked_step(self, x, is_kept, states, previous):
        """One step: `(output, states)`. `previous` is the output before it, or `None` for zeros."""
        output, new_states = self.step(x, states)
        new_states = tree.pack_sequence_as(states, tree.flatten(new_states))
        if self.is_masked:
            if previous is None or self.zero_output_for_mask:
                previous = ops.zeros_like(output)
            output = _choose(is_kept, output, previous)
            new_states = tree.map_structure(lambda new, old: _choose(is_kept, new, old), new_states, states)
        return output, new_states

    def written_out(self, rows, masks, states, go_backwards):
        """Step by step in Python."""
        count = rows.shape[0]
        output, outputs = None, []
        for t in reversed(range(count)) if go_backwards else range(count):
            output, states = self._masked_step(rows[t], None if masks is None else masks[t], states, output)
            outputs.append(output)
        return output, ops.stack(outputs, axis=1) if self.return_sequences else None, states

    def scanned(self, rows, masks, states, go_backwards):
        """As one scan of the graph, whose length may be unknown."""
        # Read for its shape alone.
        first = ops.zeros_like(self.step(rows[0], states)[0])

        def one_step(carry, x):
            output, new_states = self._masked_step(x[0], x[1] if self.is_masked else None, *carry)
            return (new_states, output), output if self.return_sequences else None

        xs = (rows, masks) if self.is_masked else (rows,)
        (states, output), outputs = ops.scan(one_step, (states, first), xs, reverse=go_backwards)
        if self.return_sequences:
            outputs = time_first(ops.flip(outputs, axis=0) if go_backwards else outputs)
        return output, outputs, states
