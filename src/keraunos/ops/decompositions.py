"""Decompositions of `keras.ops.linalg` that the core computes, and what follows from singular values."""

from __future__ import annotations

import numpy as np

from keraunos.ops._arguments import float_pair, floats
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, joining, linear, reduction, shaping
from keraunos.tensor import cast_tensor, execute

operation = operations("linalg")


def square_matrices(name, x):
    """`x` as a float Tensor of square matrices of a known size."""
    x = floats(x)
    if len(x.shape) < 2 or x.shape[-1] is None or x.shape[-1] != x.shape[-2]:
        raise ValueError(f"{name}: square matrices of a known size are needed. Received: shape {tuple(x.shape)}")
    return x


def matrices(name, x):
    """`x` as a float Tensor of matrices of a known size."""
    x = floats(x)
    if len(x.shape) < 2:
        raise ValueError(f"{name}: Input should have rank >= 2. Received: input.shape = {tuple(x.shape)}")
    if None in x.shape[-2:]:
        raise ValueError(
            f"{name}: Input should have its last 2 dimensions fully-defined, sizes that are known. "
            f"Received: input.shape = {tuple(x.shape)}"
        )
    return x


def _turned(x):
    return shaping.swapaxes(x, -1, -2)


@operation
def eigh(x):
    """Eigenvalues and eigenvectors of symmetric matrices.

    Args:
        x: matrices `(..., n, n)`; of one that is not symmetric the symmetric part counts.

    Returns:
        `(w, v)`: the eigenvalues, rising, and the eigenvectors as columns: `x v = v diag(w)`. The largest component of
        each vector is positive.
    """
    return tuple(execute("eigh", [square_matrices("eigh", x)], {}))


@operation
def qr(x, mode="reduced"):
    """`(q, r)` with `x = q r`, orthonormal columns in q, and zeros below the diagonal of r.

    Args:
        x: matrices `(..., m, n)`.
        mode: `"reduced"`: q has `min(m, n)` columns; `"complete"`: q is square.
    """
    if mode not in ("reduced", "complete"):
        raise ValueError(
            f"`mode` argument value not supported. Expected one of {{'reduced', 'complete'}}. Received: mode={mode}"
        )
    x = matrices("qr", x)
    rows, columns = x.shape[-2:]
    if rows >= columns:
        return tuple(execute("qr", [x], {"full": mode == "complete" and rows > columns}))
    # A wide matrix: the square on its left decides about q.
    rank = len(x.shape)
    q, left = execute("qr", [joining.slice_axis(x, rank - 1, 0, rows)], {"full": False})
    right = linear.matmul(_turned(q), joining.slice_axis(x, rank - 1, rows, columns))
    return q, joining.concatenate([left, right], axis=-1)


@operation(name="SVD")
def svd(x, full_matrices=True, compute_uv=True):
    """The singular value decomposition `x = u diag(s) vh`.

    Args:
        x: matrices `(..., m, n)`.
        full_matrices: whether u and vh are square; otherwise u has `min(m, n)` columns, and vh as many rows.
        compute_uv: whether u and vh are given; otherwise only s.

    Returns:
        `(u, s, vh)`, or s: the singular values, falling.
    """
    x = matrices("svd", x)
    rows, columns = x.shape[-2:]
    full = full_matrices and compute_uv and rows != columns
    if rows >= columns:
        u, s, vh = execute("svd", [x], {"full": full})
    else:
        v, s, uh = execute("svd", [_turned(x)], {"full": full})
        u, vh = _turned(uh), _turned(v)
    return (u, s, vh) if compute_uv else s


def singular_values(x):
    """The singular values of matrices, falling."""
    return svd.__wrapped__(x, compute_uv=False)


def _default_cutoff(x):
    """The share of the largest singular value below which a value is rounding."""
    eps = 2.0**-7 if x.dtype == "bfloat16" else float(np.finfo(x.dtype).eps)
    return eps * max(x.shape[-2:])


@operation
def matrix_rank(x, tol=None):
    """The rank of matrices: how many singular values are larger than `tol`.

    Args:
        x: matrices `(..., m, n)`.
        tol: by default the largest singular value times `max(m, n)` times the precision of the dtype.
    """
    x = matrices("matrix_rank", x)
    values = singular_values(x)
    if tol is None:
        tol = arithmetic.multiply(reduction.max(values, axis=-1, keepdims=True), _default_cutoff(x))
    return reduction.sum(cast_tensor(comparisons.greater(values, tol), "int32"), axis=-1)


@operation
def pinv(x, rcond=None):
    """The pseudo-inverse (Moore-Penrose) of matrices.

    Args:
        x: matrices `(..., m, n)`.
        rcond: singular values of at most this share of the largest one count as zero; by default `max(m, n)` times the
            precision of the dtype.
    """
    x = matrices("pinv", x)
    u, s, vh = svd.__wrapped__(x, full_matrices=False)
    cutoff = arithmetic.multiply(reduction.max(s, axis=-1, keepdims=True), _default_cutoff(x) if rcond is None else rcond)
    counts = comparisons.greater(s, cutoff)
    inverse = choices.where(counts, arithmetic.divide(1.0, choices.where(counts, s, 1.0)), 0.0)
    return linear.matmul(arithmetic.multiply(_turned(vh), shaping.expand_dims(inverse, -2)), _turned(u))


@operation("a", "b")
def lstsq(a, b, rcond=None):
    """The x of the least `|a x - b|`, and the shortest of those.

    Args:
        a: a matrix `(m, n)`, or a stack of them.
        b: vectors `(m,)` or matrices `(m, k)`.
        rcond: as in `pinv`.
    """
    a, b = float_pair(a, b)
    a = matrices("lstsq", a)
    is_vector = len(b.shape) == len(a.shape) - 1
    columns = shaping.expand_dims(b, -1) if is_vector else b
    if len(columns.shape) < 2 or columns.shape[-2] != a.shape[-2]:
        raise ValueError(
            f"lstsq: incompatible shapes between `a` {tuple(a.shape)} and `b` {tuple(b.shape)}: the rows of both must agree."
        )
    x = linear.matmul(pinv.__wrapped__(a, rcond), columns)
    return shaping.squeeze(x, -1) if is_vector else x


def triangular_solution(a, b, lower, unit_diagonal=False):
    """The solution x of `a x = b` for triangular a; stacks of equal shapes."""
    return execute("triangular_solve", [a, b], {"lower": lower, "transpose": False, "unit_diagonal": unit_diagonal})


__all__ = ["eigh", "lstsq", "matrix_rank", "pinv", "qr", "svd"]
