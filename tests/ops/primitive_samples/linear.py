"""Products."""

import numpy as np
from primitive_sample import integers, numbers, sample


def matmul(transpose_a, transpose_b):
    turn = lambda x, is_turned: np.swapaxes(x, -1, -2) if is_turned else x  # noqa: E731
    return lambda a, b: turn(a, transpose_a) @ turn(b, transpose_b)


for a, b in [((3, 5), (5, 2)), ((1, 1), (1, 1)), ((4, 3, 5), (5, 2)), ((2, 1, 3, 5), (4, 5, 2)), ((5,) * 2, (3, 5, 5)), ((0, 5), (5, 2)), ((3, 0), (0, 2)), ((2, 3, 0), (0, 2))]:
    for transpose_a in [False, True]:
        for transpose_b in [False, True]:
            operands = [numbers(*(a[:-2] + a[:-3:-1] if transpose_a else a)), numbers(*(b[:-2] + b[:-3:-1] if transpose_b else b))]
            sample("matmul", operands, matmul(transpose_a, transpose_b), transpose_a=transpose_a, transpose_b=transpose_b)
sample("matmul", [integers(3, 5), integers(2, 5, 4)], np.matmul, transpose_a=False, transpose_b=False)
sample("dense", [numbers(3, 5), numbers(5, 2), numbers(2)], lambda x, k, b: np.tanh(x @ k + b), transpose_b=False, activation="tanh", half=False)
