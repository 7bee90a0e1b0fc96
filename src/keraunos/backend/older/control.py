"""Conditions and loops over tensors."""

from keraunos import ops
from keraunos.layers.rnn.recurrence import run_steps, time_first


def eval(x):
    """The value as a NumPy array."""
    return ops.convert_to_numpy(x)


def gradients(loss, variables):
    """Not there: nothing remembers how a value was computed. `GradientTape` records it."""
    raise NotImplementedError("backend.gradients is not there: use GradientTape, which records what is computed.")


def switch(condition, then_expression, else_expression):
    """One of two values (or functions that give them), chosen by a condition or for each element."""
    condition = ops.cast(condition, "bool")
    if callable(then_expression) or callable(else_expression):
        then = then_expression if callable(then_expression) else lambda: then_expression
        other = else_expression if callable(else_expression) else lambda: else_expression
        if len(condition.shape) == 0:
            return ops.cond(condition, then, other)
        then_expression, else_expression = then(), other()
    missing = len(then_expression.shape) - len(condition.shape)
    if missing > 0:
        condition = ops.reshape(condition, (*ops.shape(condition), *[1] * missing))
    return ops.where(condition, then_expression, else_expression)


def map_fn(fn, elems, name=None, dtype=None):
    """`fn` of each row."""
    return ops.map(fn, elems)


def foldl(fn, elems, initializer=None, name=None):
    """Combines the rows from the first to the last: `fn(result so far, row)`."""
    return _fold(fn, ops.convert_to_tensor(elems), initializer)


def foldr(fn, elems, initializer=None, name=None):
    """Combines the rows from the last to the first: `fn(result so far, row)`."""
    return _fold(fn, ops.flip(ops.convert_to_tensor(elems), axis=0), initializer)


def _fold(fn, rows, start):
    if start is None:
        start, rows = rows[0], rows[1:]
    return ops.scan(lambda carry, row: (fn(carry, row), None), ops.convert_to_tensor(start), rows)[0]


def rnn(
    step_function,
    inputs,
    initial_states,
    go_backwards=False,
    mask=None,
    constants=None,
    unroll=False,
    input_length=None,
    time_major=False,
    zero_output_for_mask=False,
    return_all_outputs=True,
):
    """Walks over time with a function of one step.

    Args:
        step_function: `f(x, states) -> (output, new states)`; constants follow the states.
        inputs: Tensor `(batch, time, ...)`, or `(time, batch, ...)` if `time_major`.
        initial_states: List of tensors.
        go_backwards: Whether to begin with the last step.
        mask: Tensor `(batch, time)`: which steps count.
        constants: Tensors that every step gets behind the states.
        unroll: Whether a trace writes every step out.
        input_length: The number of steps; it is read from the inputs.
        time_major: Whether time comes before the batch, in outputs too.
        zero_output_for_mask: Whether a masked step gives zeros instead of the output before it.
        return_all_outputs: Whether to give the outputs of all steps, or a sequence of the last one.

    Returns:
        `(last output, outputs, states)`.
    """
    constants = list(constants or [])
    last, outputs, states = run_steps(
        lambda x, states: step_function(x, [*states, *constants]),
        time_first(inputs) if time_major else inputs,
        list(initial_states),
        mask=mask if mask is None or not time_major else ops.transpose(mask),
        go_backwards=go_backwards,
        unroll=unroll,
        zero_output_for_mask=zero_output_for_mask,
        return_sequences=return_all_outputs,
    )
    if outputs is None:
        outputs = ops.expand_dims(last, 1)
    return last, time_first(outputs) if time_major else outputs, states
