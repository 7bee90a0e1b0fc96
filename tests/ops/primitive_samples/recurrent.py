"""Whole sequences of recurrent cells, and their gradients."""

import itertools

import numpy as np
from primitive_sample import numbers, sample
from scipy.special import expit


def simple_step(x, states, kernel, recurrent, bias):
    h = np.tanh(x @ kernel + bias + states[0] @ recurrent)
    return [h], [h]


def lstm_step(x, states, kernel, recurrent, bias):
    h, c = states
    i, f, g, o = np.split(x @ kernel + bias + h @ recurrent, 4, axis=1)
    i, f, g, o = expit(i), expit(f), np.tanh(g), expit(o)
    c = f * c + i * g
    return [o * np.tanh(c), c], [i, f, g, o]


def gru_step(x, states, kernel, recurrent, bias):
    (h,) = states
    z, r, g = np.split(x @ kernel + bias[0], 3, axis=1)
    y_z, y_r, y_g = np.split(h @ recurrent + bias[1], 3, axis=1)
    z, r = expit(z + y_z), expit(r + y_r)
    g = np.tanh(g + r * y_g)
    return [z * h + (1 - z) * g], [z, r, g, y_g]


def gru_reset_before_step(x, states, kernel, recurrent, bias):
    (h,) = states
    z, r, g = np.split(x @ kernel + bias, 3, axis=1)
    of_z, of_r, of_g = np.split(recurrent, 3, axis=1)
    z, r = expit(z + h @ of_z), expit(r + h @ of_r)
    g = np.tanh(g + (r * h) @ of_g)
    return [z * h + (1 - z) * g], [z, r, g]


# op: (step, number of states, gates, rows of the bias)
CELLS = {"simple_rnn": (simple_step, 1, 1, 1), "lstm": (lstm_step, 2, 4, 1), "gru": (gru_step, 1, 3, 2)}
CELLS["gru_reset_before"] = (gru_reset_before_step, 1, 3, 1)


def walk(op, reverse, zeroes_masked, sequences, keeps):
    """The truth: the cell step by step."""
    step, number, _, _ = CELLS[op]

    def truth(x, *operands):
        states, (kernel, recurrent, bias, *rest) = list(operands[:number]), operands[number:]
        mask = rest[0] if rest else np.ones(x.shape[:2], bool)
        batch, steps, units = *x.shape[:2], recurrent.shape[0]
        output, outputs = np.zeros((batch, units)), []
        kept, before = [None] * steps, [[None] * steps for _ in states]
        for t in reversed(range(steps)) if reverse else range(steps):
            is_real = mask[:, t, None]
            for values, state in zip(before, states):
                values[t] = state
            new, gates = step(x[:, t], states, kernel, recurrent, bias)
            kept[t] = np.concatenate(gates, 1)
            states = [np.where(is_real, a, b) for a, b in zip(new, states)]
            output = np.where(is_real, new[0], 0 if zeroes_masked else output)
            outputs.append(output)
        results = [output, np.stack(outputs, 1)[:, : steps if sequences else 0], *states]
        kept = [np.stack(values, 1)[:, : steps if keeps else 0] for values in (kept, *before)]
        return (*results, *kept)

    return truth


def operands_of(op, batch, steps, features, units, mask=None):
    _, number, gates, biases = CELLS[op]
    bias = numbers(2, gates * units) if biases == 2 else numbers(gates * units)
    states = [numbers(batch, units + i)[:, :units] for i in range(number)]
    operands = [numbers(batch, steps, features), *states, numbers(features, gates * units), numbers(units, gates * units) * 0.6, bias]
    return [*operands, mask] if mask is not None else operands


MASK = np.array([[True, True, False], [False, True, True], [False, False, False]])
for op in CELLS:
    for sizes in [(3, 3, 2, 3), (1, 1, 1, 1), (2, 4, 1, 2), (0, 2, 2, 2)]:
        for reverse, sequences in itertools.product([False, True], repeat=2):
            options = {"reverse": reverse, "zeroes_masked": False, "sequences": sequences, "keeps": False}
            sample(op, operands_of(op, *sizes), walk(op, **options), second=False, half=False, **options)
    for zeroes_masked, sequences in itertools.product([False, True], repeat=2):
        # What is kept of masked steps is nobody's business: without it the gradient runs the op again.
        options = {"reverse": not sequences, "zeroes_masked": zeroes_masked, "sequences": sequences, "keeps": False}
        sample(op, operands_of(op, 3, 3, 2, 2, MASK), walk(op, **options), second=False, half=False, **options)
    options = {"reverse": False, "zeroes_masked": False, "sequences": True, "keeps": True}
    # The results that are kept for the gradient have none of their own.
    sample(op, operands_of(op, 2, 3, 2, 9), walk(op, **options), differentiable=(), second=False, half=False, **options)
    # The gradient ops are compared to numeric gradients through the ops above.
    _, number, gates, biases = CELLS[op]
    kept_gates = gates + (op == "gru")
    operands = [numbers(2, 3, 2), numbers(2, gates * 2), numbers(2, gates * 2), numbers(2, 3, kept_gates * 2)]
    operands += [numbers(2, 3, 2)] * number + [numbers(2, 2), numbers(2, 3, 2)] + [numbers(2, 2)] * number
    sample(f"{op}_grad", operands, None, differentiable=(), second=False, half=False, reverse=False, zeroes_masked=False, wants_x=True)
