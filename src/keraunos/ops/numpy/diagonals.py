"""The diagonals of matrices."""

from __future__ import annotations

import numpy as np

from keraunos.ops import _dims
from keraunos.ops._arguments import axis_index, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, shaping
from keraunos.tensor import convert_to_tensor, execute

operation = operations("numpy")


@operation
def diagonal(x, offset=0, axis1=0, axis2=1):
    """The diagonal of two axes, as a new last axis."""
    x = tensor(x)
    rank = len(x.shape)
    if rank < 2:
        raise ValueError(f"`diagonal` requires an array of at least two dimensions, but `x` is of shape {x.shape}.")
    first, second = axis_index(axis1, rank, "axis1"), axis_index(axis2, rank, "axis2")
    if first == second:
        raise ValueError(f"diagonal: `axis1` and `axis2` must differ. Received: {axis1}, {axis2}")
    x = shaping.permute(x, [a for a in range(rank) if a not in (first, second)] + [first, second])
    rows, columns = x.shape[-2], x.shape[-1]
    if rows is None or columns is None:
        return _diagonal_of_unknown_size(x, offset)
    length = max(0, min(rows + min(offset, 0), columns - max(offset, 0)))
    start = max(offset, 0) + max(-offset, 0) * columns
    index = start + np.arange(length) * (columns + 1)
    flat = _dims.reshape(x, (*_dims.shape_of(x)[:-2], rows * columns))
    return execute("gather", [flat, convert_to_tensor(index.astype("int32"))], {"axis": rank - 2})


def _diagonal_of_unknown_size(x, offset):
    rank = len(x.shape)
    rows, columns = (with_dtype(_dims.size_of(x, rank - 2 + i), "int32") for i in (0, 1))
    length = arithmetic.minimum(
        arithmetic.add(rows, min(offset, 0)), arithmetic.subtract(columns, max(offset, 0))
    )
    steps = _dims.iota(arithmetic.maximum(length, 0), "int32")
    start = arithmetic.add(arithmetic.multiply(columns, max(-offset, 0)), max(offset, 0))
    index = arithmetic.add(arithmetic.multiply(steps, arithmetic.add(columns, 1)), start)
    flat = _dims.reshape(x, (*_dims.shape_of(x)[:-2], arithmetic.multiply(rows, columns)))
    return execute("gather", [flat, index], {"axis": rank - 2})


__all__ = ["diagonal"]
