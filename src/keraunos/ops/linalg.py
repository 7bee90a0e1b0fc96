"""`keras.ops.linalg`: norms; decompositions are not available yet and say so by name."""

from __future__ import annotations

import math

from keraunos.ops._arguments import axis_index, floats, tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import elementwise, reduction, shaping
from keraunos.tensor import cast_tensor

operation = operations("linalg")
numpy_operation = operations("numpy")


def _unavailable(name):
    raise NotImplementedError(f"{name}: not available yet.")


@operation
def norm(x, ord=None, axis=None, keepdims=False):
    """The norm of vectors or matrices.

    Args:
        x: the tensor.
        ord: of a vector a number p (`(sum |x|^p)^(1/p)`), inf, -inf or 0; of a matrix `"fro"`, 1, -1, inf or -inf.
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
        return reduction.sum(cast_tensor(elementwise.not_equal(x, 0), x.dtype), axis=axis, keepdims=keepdims)
    if order == 1:
        return reduction.sum(size, axis=axis, keepdims=keepdims)
    total = reduction.sum(elementwise.power(size, float(order)), axis=axis, keepdims=keepdims)
    return elementwise.power(total, 1.0 / order)


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
        _unavailable(f"norm with ord={order!r}")
    raise ValueError(
        "Invalid `ord` argument for matrix norm. Expected one of {None, 'fro', 'nuc', inf, -inf, 1, -1, 2, -2}. "
        f"Received: ord={order}"
    )


def _check_square(name, x):
    x = tensor(x)
    if len(x.shape) < 2 or (None not in x.shape[-2:] and x.shape[-1] != x.shape[-2]):
        raise ValueError(f"Expected a square matrix. {name} received: x.shape={tuple(x.shape)}")
    return x


@operation
def cholesky(x, upper=False):
    """The Cholesky factor of positive definite matrices. Not available yet."""
    _unavailable("cholesky")


@operation
def cholesky_inverse(x, upper=False):
    """The inverse of a matrix from its Cholesky factor. Not available yet."""
    _unavailable("cholesky_inverse")


@operation
def det(x):
    """The determinant of square matrices. Not available yet."""
    _unavailable("det")


@operation
def eig(x):
    """Eigenvalues and eigenvectors. Not available yet."""
    _unavailable("eig")


@operation
def eigh(x):
    """Eigenvalues and eigenvectors of symmetric matrices. Not available yet."""
    _unavailable("eigh")


@operation
def inv(x):
    """The inverse of square matrices. Not available yet."""
    _unavailable("inv")


@operation
def pinv(x, rcond=None):
    """The pseudo-inverse. Not available yet."""
    _unavailable("pinv")


@operation
def lu_factor(x):
    """The LU decomposition. Not available yet."""
    _unavailable("lu_factor")


@operation
def matrix_rank(x, tol=None):
    """The rank of matrices. Not available yet."""
    _unavailable("matrix_rank")


@operation
def qr(x, mode="reduced"):
    """The QR decomposition. Not available yet."""
    if mode not in ("reduced", "complete"):
        raise ValueError(
            f"`mode` argument value not supported. Expected one of {{'reduced', 'complete'}}. Received: mode={mode}"
        )
    _unavailable("qr")


@operation("a", "b")
def solve(a, b):
    """The solution x of `a x = b`. Not available yet."""
    _unavailable("solve")


@operation("a", "b")
def solve_triangular(a, b, lower=False):
    """The solution x of `a x = b` for triangular a. Not available yet."""
    _unavailable("solve_triangular")


@operation(name="SVD")
def svd(x, full_matrices=True, compute_uv=True):
    """The singular value decomposition. Not available yet."""
    _unavailable("svd")


@operation("a", "b")
def lstsq(a, b, rcond=None):
    """The least-squares solution. Not available yet."""
    _unavailable("lstsq")


@operation("fun", "primals", "tangents", name="JVP")
def jvp(fun, primals, tangents, has_aux=False):
    """A function's values and its derivatives along a direction. Not available yet."""
    _unavailable("jvp")


@numpy_operation
def slogdet(x):
    """`(sign, logarithm)` of the determinant. Not available yet."""
    _unavailable("slogdet")


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
