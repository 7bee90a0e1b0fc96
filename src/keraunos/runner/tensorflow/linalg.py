"""`tf.linalg`: matrix products and the few decompositions that `keraunos.ops` has."""

from __future__ import annotations

from typing import Any

from keraunos import ops
from keraunos.runner.tensorflow import _subset
from keraunos.runner.tensorflow.arrays import eye as eye


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    name: str | None = None,
) -> Any:
    """Matrix product over the last two axes."""
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    b = ops.swapaxes(b, -1, -2) if transpose_b else b
    return ops.matmul(a, b)


def matvec(a: Any, b: Any, name: str | None = None) -> Any:
    """Matrix times vector over the last axes."""
    return ops.squeeze(ops.matmul(a, ops.expand_dims(b, -1)), -1)


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Any:
    """Sum of products over the axes named."""
    return ops.tensordot(a, b, axes=axes)


def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Any:
    """Sum of products in Einstein's notation."""
    return ops.einsum(equation, *inputs)


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False, name: Any = None) -> Any:
    """The norm of a tensor or along axes."""
    if ord in ("euclidean", 2) and not isinstance(axis, (list, tuple)):
        return ops.sqrt(ops.sum(ops.square(tensor), axis=axis, keepdims=keepdims))
    return ops.norm(tensor, ord=None if ord == "euclidean" else ord, axis=axis, keepdims=keepdims)


def diag(diagonal: Any, name: str | None = None) -> Any:
    """A square matrix with the given diagonal."""
    return ops.diag(diagonal)


def trace(x: Any, name: str | None = None) -> Any:
    """The sum of the diagonal."""
    return ops.trace(x)


def inv(input: Any, name: str | None = None) -> Any:
    """The inverse of square matrices."""
    return ops.inv(input)


def det(input: Any, name: str | None = None) -> Any:
    """The determinant of square matrices."""
    return ops.det(input)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None) -> Any:
    """`x` divided by its Euclidean norm along `axis`."""
    total = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, epsilon)))


__getattr__ = _subset.missing("tensorflow.linalg")
