"""Products of vectors, matrices and tensors."""

from __future__ import annotations

import numpy as np

from keraunos.ops import _dims
from keraunos.ops._arguments import (
    axis_index,
    common,
    floats,
    pair,
    pair_without_bool,
    tensor,
)
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, contraction, diagonals, elementwise, joining, padding, reduction, shaping
from keraunos.ops.numpy.joining import slice_axis
from keraunos.tensor import cast_tensor, execute

operation = operations("numpy")


def _product_pair(x1, x2):
    """Both operands in the dtype of their product; int8 matrices are multiplied in int32."""
    x1, x2 = tensor(x1), tensor(x2)
    if x1.dtype == x2.dtype == "int8":
        return cast_tensor(x1, "int32"), cast_tensor(x2, "int32")
    return pair(x1, x2)


@operation("x1", "x2")
def matmul(x1, x2):
    """The matrix product over the last two axes; leading axes broadcast. A vector is a row on the left, a column on
    the right."""
    x1, x2 = _product_pair(x1, x2)
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if rank1 >= 2 and rank2 >= 2 and x1.dtype != "bool":
        return execute("matmul", [x1, x2], {"transpose_a": False, "transpose_b": False})
    if rank1 == 0 or rank2 == 0:
        raise ValueError(f"matmul: operands must have at least 1 axis. Received: {tuple(x1.shape)}, {tuple(x2.shape)}")
    is_bool = x1.dtype == "bool"
    if is_bool:
        x1, x2 = cast_tensor(x1, "int32"), cast_tensor(x2, "int32")
    a = shaping.expand_dims(x1, 0) if rank1 == 1 else x1
    b = shaping.expand_dims(x2, 1) if rank2 == 1 else x2
    product = execute("matmul", [a, b], {"transpose_a": False, "transpose_b": False})
    if rank1 == 1:
        product = shaping.squeeze(product, -2)
    if rank2 == 1:
        product = shaping.squeeze(product, -1)
    return cast_tensor(product, "bool") if is_bool else product


@operation("x1", "x2")
def dot(x1, x2):
    """The sum of products over the last axis of `x1` and the second last (or only) axis of `x2`."""
    x1, x2 = pair(x1, x2)
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if rank1 == 0 or rank2 == 0:
        return arithmetic.multiply(x1, x2)
    is_bool = x1.dtype == "bool"
    if is_bool:
        x1, x2 = cast_tensor(x1, "int32"), cast_tensor(x2, "int32")
    product = contraction.contract(x1, x2, [rank1 - 1], [max(rank2 - 2, 0)])
    return cast_tensor(product, "bool") if is_bool else product


@operation("x1", "x2")
def vdot(x1, x2):
    """The sum of products of two tensors taken as vectors."""
    return dot(shaping.ravel(x1), shaping.ravel(x2))


@operation("x1", "x2")
def inner(x1, x2):
    """The sum of products over the last axes."""
    x1, x2 = pair(x1, x2)
    if not x1.shape or not x2.shape:
        return arithmetic.multiply(x1, x2)
    is_bool = x1.dtype == "bool"
    if is_bool:
        x1, x2 = cast_tensor(x1, "int32"), cast_tensor(x2, "int32")
    product = contraction.contract(x1, x2, [len(x1.shape) - 1], [len(x2.shape) - 1])
    return cast_tensor(product, "bool") if is_bool else product


@operation("x1", "x2")
def outer(x1, x2):
    """All products of an element of `x1` with one of `x2`, as a matrix."""
    x1, x2 = pair(x1, x2)
    return arithmetic.multiply(shaping.expand_dims(shaping.ravel(x1), 1), shaping.ravel(x2))


@operation("x1", "x2")
def tensordot(x1, x2, axes=2):
    """The sum of products over the last `axes` axes of `x1` and the first of `x2`, or over two given lists of axes."""
    x1, x2 = pair(x1, x2)
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if isinstance(axes, (int, np.integer)):
        if axes < 0:
            raise ValueError(f"tensordot: `axes` must not be negative. Received: axes={axes}")
        axes1, axes2 = list(range(rank1 - axes, rank1)), list(range(axes))
    else:
        axes1, axes2 = ([a] if isinstance(a, int) else list(a) for a in axes)
        axes1 = [axis_index(a, rank1, "axes") for a in axes1]
        axes2 = [axis_index(a, rank2, "axes") for a in axes2]
        if len(axes1) != len(axes2):
            raise ValueError(f"tensordot: as many axes of `x1` as of `x2` are needed. Received: axes={axes}")
    if x1.dtype == "bool":
        x1, x2 = cast_tensor(x1, "int32"), cast_tensor(x2, "int32")
        return cast_tensor(contraction.contract(x1, x2, axes1, axes2), "bool")
    return contraction.contract(x1, x2, axes1, axes2)


@operation("operands")
def einsum(subscripts, *operands, **kwargs):
    """Sums of products, written with one letter per axis.

    Args:
        subscripts: `"ij,jk->ik"`: the axes of each operand and of the result; a letter that is not in the result is
            summed over. `...` stands for any further axes, which broadcast.
        operands: as many tensors.

    >>> from keraunos import ops
    >>> ops.einsum("ij->ji", ops.ones((2, 3))).shape
    (3, 2)
    """
    kwargs.pop("optimize", None)
    if kwargs:
        raise TypeError(f"einsum: unexpected keyword arguments: {', '.join(kwargs)}")
    if not operands:
        raise ValueError("einsum: at least one operand is needed.")
    operands = [tensor(x) for x in operands]
    if all(x.dtype == "int8" for x in operands):
        operands = [cast_tensor(x, "int32") for x in operands]
    operands = common(operands)
    if operands[0].dtype == "bool":
        operands = [cast_tensor(x, "int32") for x in operands]
        return cast_tensor(contraction.einsum(subscripts, operands), "bool")
    return contraction.einsum(subscripts, operands)


@operation("x1", "x2")
def kron(x1, x2):
    """The Kronecker product: each element of `x1` replaced by itself times `x2`."""
    x1, x2 = pair(x1, x2)
    rank = max(len(x1.shape), len(x2.shape))
    sizes1 = (1,) * (rank - len(x1.shape)) + tuple(_dims.shape_of(x1))
    sizes2 = (1,) * (rank - len(x2.shape)) + tuple(_dims.shape_of(x2))
    a = _dims.reshape(x1, tuple(part for size in sizes1 for part in (size, 1)))
    b = _dims.reshape(x2, tuple(part for size in sizes2 for part in (1, size)))
    return _dims.reshape(arithmetic.multiply(a, b), tuple(_dims.product(both) for both in zip(sizes1, sizes2)))


@operation("x1", "x2")
def cross(x1, x2, axisa=-1, axisb=-1, axisc=-1, axis=None):
    """The cross product of vectors of 2 or 3 elements along an axis."""
    if axis is not None:
        axisa = axisb = axisc = axis
    x1, x2 = pair_without_bool(x1, x2)
    x1, x2 = shaping.moveaxis(x1, axisa, -1), shaping.moveaxis(x2, axisb, -1)
    size1, size2 = x1.shape[-1], x2.shape[-1]
    for size in (size1, size2):
        if size not in (2, 3, None):
            raise ValueError(
                "`x1`'s dim on `axis={axisa}` and `x2`'s dim on `axis={axisb}` must be either 2 or 3. "
                f"Received: x1.shape={tuple(x1.shape)}, x2.shape={tuple(x2.shape)}"
            )
    def parts(x):
        found = [slice_axis(x, len(x.shape) - 1, i, i + 1, squeeze_axis=True) for i in range(x.shape[-1] or 3)]
        return found + [None] * (3 - len(found))

    (a0, a1, a2), (b0, b1, b2) = parts(x1), parts(x2)
    product, minus = arithmetic.multiply, arithmetic.subtract
    third = minus(product(a0, b1), product(a1, b0))
    if a2 is None and b2 is None:
        return third
    if a2 is None:
        first, second = product(a1, b2), elementwise.negative(product(a0, b2))
    elif b2 is None:
        first, second = elementwise.negative(product(a2, b1)), product(a2, b0)
    else:
        first = minus(product(a1, b2), product(a2, b1))
        second = minus(product(a2, b0), product(a0, b2))
    return shaping.moveaxis(joining.stack([first, second, third], axis=-1), -1, axisc)


@operation
def trace(x, offset=0, axis1=0, axis2=1):
    """The sum of a diagonal of two axes."""
    return reduction.sum(diagonals.diagonal(x, offset, axis1, axis2), axis=-1)


@operation
def diff(a, n=1, axis=-1):
    """The differences of neighbours along an axis, `n` times over."""
    x = tensor(a)
    if n < 0:
        raise ValueError(f"Order `n` must be non-negative. Received n={n}")
    if not x.shape:
        raise ValueError("diff: a tensor of rank 1 or more is needed. Received: rank 0")
    axis = axis_index(axis, len(x.shape))
    for _ in range(n):
        after, before = slice_axis(x, axis, 1, None), slice_axis(x, axis, 0, -1)
        x = comparisons.not_equal(after, before) if x.dtype == "bool" else arithmetic.subtract(after, before)
    return x


@operation("y")
def trapezoid(y, x=None, dx=1.0, axis=-1):
    """The integral along an axis by the trapezoidal rule, at places `x` or at distances `dx`."""
    y = floats(y)
    axis = axis_index(axis, len(y.shape))
    if x is None:
        distance = dx
    else:
        x = floats(x)
        if len(x.shape) == 1:
            distance = diff(x)
            shape = [1] * len(y.shape)
            shape[axis] = _dims.size_of(distance, 0)
            distance = _dims.reshape(distance, tuple(shape))
        else:
            distance = diff(x, axis=axis)
    heights = arithmetic.add(slice_axis(y, axis, 1, None), slice_axis(y, axis, 0, -1))
    return reduction.sum(arithmetic.multiply(arithmetic.multiply(heights, distance), 0.5), axis=axis)


@operation
def corrcoef(x):
    """The correlation coefficients of the rows of a matrix."""
    x = floats(x)
    if len(x.shape) not in (0, 1, 2):
        raise ValueError(f"corrcoef: `x` must have at most 2 axes. Received: shape {tuple(x.shape)}")
    rows = joining.at_least(x, 2)
    deviation = arithmetic.subtract(rows, reduction.mean(rows, axis=1, keepdims=True))
    covariance = execute("matmul", [deviation, deviation], {"transpose_a": False, "transpose_b": True})
    scale = elementwise.sqrt(diagonals.diagonal(covariance))
    result = arithmetic.divide(arithmetic.divide(covariance, shaping.expand_dims(scale, 1)), scale)
    result = choices.clip(result, -1.0, 1.0)
    return result if len(x.shape) == 2 else _dims.reshape(result, ())


@operation("x1", "x2")
def correlate(x1, x2, mode="valid"):
    """The cross-correlation of two vectors: sums of products at every shift (`"full"`), at those of the size of the
    longer one (`"same"`), or where they overlap wholly (`"valid"`)."""
    if mode not in ("valid", "same", "full"):
        raise ValueError(f"mode must be either `valid`, `full`, or `same`, but got: {mode}")
    x1, x2 = pair_without_bool(x1, x2)
    if x1.dtype not in ("float16", "bfloat16", "float32", "float64"):
        x1, x2 = floats(x1), floats(x2)
    length1, length2 = x1.shape[0], x2.shape[0]
    if len(x1.shape) != 1 or len(x2.shape) != 1 or length1 is None or length2 is None:
        raise ValueError(f"correlate: two vectors of known length are needed. Received: {x1.shape}, {x2.shape}")
    if not length1 or not length2:
        raise ValueError("correlate: the vectors must not be empty.")
    padded = padding.pad(x1, [(length2 - 1, length2 - 1)])
    window = np.arange(length1 + length2 - 1)[:, None] + np.arange(length2)
    windows = execute("gather", [padded, tensor(window.astype("int32"))], {"axis": 0})
    result = reduction.sum(arithmetic.multiply(windows, x2), axis=1)
    longer, shorter = max(length1, length2), min(length1, length2)
    if mode == "full":
        return result
    if mode == "valid":
        return slice_axis(result, 0, shorter - 1, longer)
    start = (shorter - 1) // 2 if length1 >= length2 else shorter // 2
    return slice_axis(result, 0, start, start + longer)


def vectorize(pyfunc, *, excluded=None, signature=None):
    """`pyfunc`, made to map over the axes of its arguments that broadcast.

    Args:
        pyfunc: a function of tensors.
        excluded: indices of arguments that are handed over as they are.
        signature: the axes that `pyfunc` itself takes and gives, such as `"(m,n),(n)->(m)"`; none by default.
    """
    from keraunos.ops.numpy.vectorizing import Vectorized

    if not callable(pyfunc):
        raise ValueError(f"Expected argument `pyfunc` to be a callable. Received: pyfunc={pyfunc}")
    return Vectorized(pyfunc, excluded, signature)


__all__ = [
    "corrcoef",
    "correlate",
    "cross",
    "diff",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "outer",
    "tensordot",
    "trace",
    "trapezoid",
    "vdot",
    "vectorize",
]
