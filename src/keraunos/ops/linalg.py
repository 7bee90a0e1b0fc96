"""`keras.ops.linalg`: norms, and what follows from elimination; other decompositions are in `decompositions.py`.

Elimination is written out step by step for matrices of a known size: meant for small ones.
"""

from __future__ import annotations

import math

import numpy as np

from keraunos.ops import _dims
from keraunos.ops._arguments import axis_index, float_pair, floats
from keraunos.ops._dispatch import operations
from keraunos.ops.decompositions import (
    eigh,
    lstsq,
    matrices,
    matrix_rank,
    pinv,
    qr,
    singular_values,
    square_matrices,
    svd,
    triangular_solution,
)
from keraunos.ops.derivatives import jvp
from keraunos.ops.numpy import arithmetic, choices, comparisons, diagonals, elementwise, joining, linear, reduction, shaping
from keraunos.tensor import cast_tensor, convert_to_tensor, execute, scalar

operation = operations("linalg")
numpy_operation = operations("numpy")


def _unavailable(name):
    raise NotImplementedError(f"{name}: not available yet.")


@operation
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors or matrices.

    Args:
        x: the tensor.
        ord: of a vector a number p (`(sum |x|^p)^(1/p)`), inf, -inf or 0; of a matrix `"fro"`, 1, -1, inf, -inf, or of its
            singular values the largest (2), the smallest (-2), or the sum (`"nuc"`).
            `None` is 2 or `"fro"`.
        axis: the axis of vectors or the two axes of matrices; `None`: `x` as one vector, or, with `ord`, as it is.
        keepdims: whether reduced axes stay with size 1.
    """
    x = floats(x)
    rank = len(x.shape)
    if axis is None:
        if ord is None or (ord in ("f", "fro") and rank == 2) or (ord == 2 and rank == 1):
            flat = shaping.ravel(x)
            result = elementwise.sqrt(reduction.sum(elementwise.square(flat)))
            return shaping.reshape(result, (1,) * rank) if keepdims else result
        axes = tuple(range(rank))
    else:
        axes = (axis,) if isinstance(axis, int) else tuple(axis)
    axes = tuple(axis_index(a, rank) for a in axes)
    if len(axes) == 1:
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ValueError(f"Improper number of dimensions to norm. Received: x.shape={tuple(x.shape)}, axis={axis}")


def _vector_norm(x, order, axis, keepdims):
    if isinstance(order, str):
        raise ValueError(
            "Invalid `ord` argument for vector norm. Expected one of {None, inf, -inf, 0, numbers}. "
            f"Received: ord={order}"
        )
    size = elementwise.absolute(x)
    if order is None or order == 2:
        return elementwise.sqrt(reduction.sum(elementwise.square(x), axis=axis, keepdims=keepdims))
    if order == math.inf:
        return reduction.max(size, axis=axis, keepdims=keepdims)
    if order == -math.inf:
        return reduction.min(size, axis=axis, keepdims=keepdims)
    if order == 0:
        return reduction.sum(cast_tensor(comparisons.not_equal(x, 0), x.dtype), axis=axis, keepdims=keepdims)
    if order == 1:
        return reduction.sum(size, axis=axis, keepdims=keepdims)
    total = reduction.sum(arithmetic.power(size, float(order)), axis=axis, keepdims=keepdims)
    return arithmetic.power(total, 1.0 / order)


def _matrix_norm(x, order, axes, keepdims):
    rows, columns = axes
    if rows == columns:
        raise ValueError(f"norm: the two axes must differ. Received: axis={axes}")
    if order in (None, "f", "fro"):
        return elementwise.sqrt(reduction.sum(elementwise.square(x), axis=axes, keepdims=keepdims))
    size = elementwise.absolute(x)
    if order in (1, -1, math.inf, -math.inf):
        summed, left = (rows, columns) if order in (1, -1) else (columns, rows)
        sums = reduction.sum(size, axis=summed, keepdims=True)
        pick = reduction.max if order > 0 else reduction.min
        result = pick(sums, axis=left, keepdims=True)
        return result if keepdims else shaping.squeeze(result, axes)
    if order in ("nuc", 2, -2):
        values = singular_values(shaping.moveaxis(x, axes, (-2, -1)))
        pick = {"nuc": reduction.sum, 2: reduction.max, -2: reduction.min}[order]
        result = pick(values, axis=-1)
        return shaping.expand_dims(result, tuple(sorted(axes))) if keepdims else result
    raise ValueError(
        "Invalid `ord` argument for matrix norm. Expected one of {None, 'fro', 'nuc', inf, -inf, 1, -1, 2, -2}. "
        f"Received: ord={order}"
    )


def _is_at(size, index, dtype="bool"):
    """A vector that is true at one place."""
    return convert_to_tensor(np.arange(size) == index, dtype=dtype)


def _element(x, row, column):
    """`x[..., row, column]` with both axes kept at size 1."""
    rank = len(x.shape)
    x = joining.slice_axis(x, rank - 2, row, row + 1) if row is not None else x
    return joining.slice_axis(x, rank - 1, column, column + 1) if column is not None else x


def _eliminated(x):
    """Gaussian elimination with partial pivoting, written out step by step.

    Returns the matrices with U above the diagonal and the multipliers of L below it, the row that each row came from,
    the sign of that permutation, and the pivot of every step.
    """
    height, width = x.shape[-2:]
    rank = len(x.shape)
    batch = _dims.shape_of(x)[:-2]
    order = _dims.broadcast_to(_dims.iota(height, "int32"), (*batch, height))
    sign = _dims.fill(scalar(1.0, x.dtype), (*batch, 1, 1))
    pivots = []
    for step in range(min(height, width)):
        if step == height - 1:  # the last row has nothing to change places with
            pivots.append(_dims.fill(scalar(step, "int32"), (*batch, 1)))
            break
        column = elementwise.absolute(_element(x, None, step))
        below = convert_to_tensor((np.arange(height) >= step)[:, None])
        candidates = choices.where(below, column, -1.0)
        pivot = reduction.argmax(candidates, axis=-2, keepdims=True)
        pivots.append(shaping.squeeze(pivot, -1))
        # Exchange the rows `step` and `pivot`.
        place = convert_to_tensor(np.arange(height, dtype="int32")[:, None])
        source = choices.where(comparisons.equal(place, pivot), step, place)
        source = choices.where(convert_to_tensor(np.arange(height)[:, None] == step), pivot, source)
        source = cast_tensor(source, "int32")
        rows = _dims.broadcast_to(source, _dims.shape_of(x))
        x = execute("take_along_axis", [x, rows], {"axis": rank - 2})
        order = execute("take_along_axis", [order, shaping.squeeze(source, -1)], {"axis": rank - 2})
        sign = choices.where(comparisons.equal(pivot, step), sign, elementwise.negative(sign))
        # Subtract multiples of the pivot row from the rows below; keep the multipliers where zeros would come.
        head = _element(x, step, step)
        after = convert_to_tensor((np.arange(height) > step)[:, None])
        factors = choices.where(after, arithmetic.divide_no_nan(_element(x, None, step), head), 0.0)
        right = convert_to_tensor(np.arange(width) > step)
        row = choices.where(right, _element(x, step, None), 0.0)
        x = arithmetic.subtract(x, arithmetic.multiply(factors, row))
        is_multiplier = comparisons.logical_and(after, _is_at(width, step))
        x = choices.where(is_multiplier, factors, x)
    return x, order, sign, pivots


@operation
def cholesky(x, upper=False):
    """The lower (or upper) triangular L with `L L^T = x`, for symmetric positive definite matrices.

    Raises `ValueError` for a matrix that is not positive definite, where values are known.
    """
    x = square_matrices("cholesky", x)
    size = x.shape[-1]
    columns = []
    for step in range(size):
        column = _element(x, None, step)
        if columns:
            done = joining.concatenate(columns, axis=-1)
            column = arithmetic.subtract(column, linear.matmul(done, shaping.swapaxes(_element(done, step, None), -1, -2)))
        head = elementwise.sqrt(_element(column, step, None))
        below = convert_to_tensor((np.arange(size) > step)[:, None])
        column = choices.where(below, arithmetic.divide(column, head), 0.0)
        columns.append(choices.where(convert_to_tensor((np.arange(size) == step)[:, None]), head, column))
    factor = joining.concatenate(columns, axis=-1)
    if not factor.is_symbolic and np.isnan(factor.numpy()).any() and not np.isnan(x.numpy()).any():
        raise ValueError("Cholesky decomposition failed: the matrix is not positive definite.")
    return shaping.swapaxes(factor, -1, -2) if upper else factor


@operation
def cholesky_inverse(x, upper=False):
    """The inverse of `L L^T` (or `U^T U`) from the factor."""
    x = square_matrices("cholesky_inverse", x)
    identity = convert_to_tensor(np.eye(x.shape[-1]), dtype=x.dtype)
    half = triangular_solution(x, _dims.broadcast_to(identity, _dims.shape_of(x)), lower=not upper)
    other = shaping.swapaxes(half, -1, -2)
    return linear.matmul(half, other) if upper else linear.matmul(other, half)


def _diagonal(x):
    return diagonals.diagonal(x, 0, -2, -1)


@operation
def det(x):
    """The determinant of square matrices."""
    x = square_matrices("det", x)
    factors, _, sign, _ = _eliminated(x)
    sign = shaping.squeeze(sign, (-2, -1))
    return arithmetic.multiply(sign, reduction.prod(_diagonal(factors), axis=-1))


@operation
def inv(x):
    """The inverse of square matrices."""
    x = square_matrices("inv", x)
    identity = convert_to_tensor(np.eye(x.shape[-1]), dtype=x.dtype)
    return _solved(x, _dims.broadcast_to(identity, _dims.shape_of(x)))


def _solved(a, b):
    factors, order, _, _ = _eliminated(a)
    rows = _dims.broadcast_to(shaping.expand_dims(order, -1), _dims.shape_of(b))
    b = execute("take_along_axis", [b, rows], {"axis": len(b.shape) - 2})
    half = triangular_solution(factors, b, lower=True, unit_diagonal=True)
    return triangular_solution(factors, half, lower=False)


@operation("a", "b")
def solve(a, b):
    """The solution x of `a x = b`, for vectors or matrices b."""
    a, b = float_pair(a, b)
    a = square_matrices("solve", a)
    return _for_vectors(a, b, _solved, "solve")


def _for_vectors(a, b, function, name):
    is_vector = len(b.shape) == len(a.shape) - 1
    b = shaping.expand_dims(b, -1) if is_vector else b
    if len(b.shape) < 2 or b.shape[-2] != a.shape[-1]:
        raise ValueError(
            f"{name}: incompatible shapes between `a` {tuple(a.shape)} and `b` {tuple(b.shape)}: "
            "the rows of both must agree."
        )
    batch = _dims.broadcast_sizes(_dims.shape_of(a)[:-2], _dims.shape_of(b)[:-2])
    a = _dims.broadcast_to(a, (*batch, *_dims.shape_of(a)[-2:]))
    b = _dims.broadcast_to(b, (*batch, *_dims.shape_of(b)[-2:]))
    x = function(a, b)
    return shaping.squeeze(x, -1) if is_vector else x


@operation("a", "b")
def solve_triangular(a, b, lower=False):
    """The solution x of `a x = b` for triangular a (upper, or lower)."""
    a, b = float_pair(a, b)
    a = square_matrices("solve_triangular", a)
    return _for_vectors(a, b, lambda a, b: triangular_solution(a, b, lower), "solve_triangular")


@operation
def lu_factor(x):
    """`(lu, pivots)`: U on and above the diagonal, L (with ones on its diagonal) below; row i was exchanged with row
    `pivots[i]`, one after the other.

    Args:
        x: matrices `(..., m, n)`.
    """
    factors, _, _, pivots = _eliminated(matrices("lu_factor", x))
    return factors, joining.concatenate(pivots, axis=-1)


@operation
def eig(x):
    """Eigenvalues and eigenvectors. Not available yet."""
    _unavailable("eig")


@numpy_operation
def slogdet(x):
    """`(sign, logarithm)` of the determinant of square matrices."""
    x = square_matrices("slogdet", x)
    factors, _, sign, _ = _eliminated(x)
    diagonal = _diagonal(factors)
    sign = arithmetic.multiply(shaping.squeeze(sign, (-2, -1)), reduction.prod(elementwise.sign(diagonal), axis=-1))
    return sign, reduction.sum(elementwise.log(elementwise.absolute(diagonal)), axis=-1)


__all__ = [
    "cholesky",
    "cholesky_inverse",
    "det",
    "eig",
    "eigh",
    "inv",
    "jvp",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "solve",
    "solve_triangular",
    "svd",
]
