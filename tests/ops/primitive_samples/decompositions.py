"""Decompositions of matrices, and triangular systems."""

import numpy as np
from primitive_sample import numbers, sample


def spread(*shape):
    """Matrices whose singular values, and eigenvalues of their symmetric parts, lie apart."""
    return numbers(*shape) + np.eye(*shape[-2:]) * np.arange(1.0, shape[-1] + 1) * 3


def eigh(x):
    values, vectors = np.linalg.eigh((x + np.swapaxes(x, -1, -2)) / 2)
    return values, vectors * sign_of_largest(np.swapaxes(vectors, -1, -2))[..., None, :]


def svd(full):
    def truth(x):
        u, s, vt = np.linalg.svd(x, full)
        signs = sign_of_largest(vt)
        u = u.copy()
        u[..., : s.shape[-1]] *= signs[..., None, :]
        return u, s, vt * signs[..., None]

    return truth


def sign_of_largest(rows):
    """The sign of the component of the largest size of each row."""
    places = np.argmax(np.abs(rows), -1, keepdims=True)
    return np.sign(np.take_along_axis(rows, places, -1))[..., 0]


for shape in [(4, 3), (3, 3), (2, 4, 2), (1, 1), (0, 3, 2)]:
    sample("qr", [spread(*shape)], np.linalg.qr, full=False, half=False)
    sample("svd", [spread(*shape)], svd(False), full=False, half=False)
sample("qr", [spread(4, 2)], lambda x: np.linalg.qr(x, "complete"), full=True, differentiable=(), half=False)
# The column that completes u may have either sign; it is compared in test_linalg.py.
sample("svd", [spread(3, 3)], svd(True), full=True, gradient_of=(1, 2), half=False)
for shape in [(4, 4), (2, 3, 3), (1, 1), (0, 2, 2)]:
    sample("eigh", [spread(*shape)], eigh, half=False)

for lower in [False, True]:
    for transpose in [False, True]:
        for unit_diagonal in [False, True]:
            def truth(a, b, lower=lower, transpose=transpose, unit=unit_diagonal):
                a = np.tril(a) if lower else np.triu(a)
                if unit:
                    a = a - a * np.eye(a.shape[-1]) + np.eye(a.shape[-1])
                return np.linalg.solve(np.swapaxes(a, -1, -2) if transpose else a, b)

            attributes = {"lower": lower, "transpose": transpose, "unit_diagonal": unit_diagonal}
            sample("triangular_solve", [spread(2, 3, 3), numbers(2, 3, 2)], truth, half=False, **attributes)
            sample("triangular_solve", [spread(1, 1), numbers(1, 0)], truth, half=False, **attributes)
