"""Shapes with sizes that are only known when a traced function runs.

A size is an int, or a rank-0 integer Tensor. The core takes a shape attribute in which -2 stands for "the next of
the trailing inputs".
"""

from __future__ import annotations

import operator

import numpy as np

from keraunos.tensor import Tensor, cast_tensor, execute, shape_of

FROM_INPUT = -2


def sizes_of(shape):
    """`shape` (int, sequence, array or rank-1 tensor) as a tuple of sizes."""
    if isinstance(shape, Tensor):
        if not shape.is_symbolic:
            shape = shape.numpy().tolist()
        elif len(shape.shape) == 0:
            shape = (shape,)
        elif shape.shape[0] is None:
            raise ValueError(f"A shape tensor must have a known length. Received: shape {shape.shape}")
        else:
            shape = tuple(_element(shape, index) for index in range(shape.shape[0]))
    elif isinstance(shape, np.ndarray):
        shape = shape.tolist()
    if not isinstance(shape, (list, tuple)):
        shape = (shape,)
    return tuple(_size(size, shape) for size in shape)


def _element(vector, index):
    part = execute("slice", [vector], {"begin": [index], "end": [index + 1], "strides": [1]})
    return execute("reshape", [part], {"shape": []})


def _size(size, shape):
    if type(size) is int:
        return size
    if isinstance(size, Tensor):
        return size if size.is_symbolic else int(size.numpy())
    if size is None:
        raise ValueError(f"A shape must not hold None here; use `ops.shape(x)` for unknown sizes. Received: {shape}")
    try:
        return operator.index(size)
    except TypeError:
        value = getattr(size, "value", size)
        if isinstance(value, Tensor):
            return _size(value, shape)
        if isinstance(size, (np.ndarray, float)) and int(size) == size:
            return int(size)
        raise ValueError(f"A shape must hold integers. Received: {shape}") from None


def shape_attribute(sizes):
    """`(attribute, trailing inputs)` for a tuple of sizes."""
    attribute, inputs = [], []
    for size in sizes:
        if isinstance(size, int):
            attribute.append(int(size))
        else:
            attribute.append(FROM_INPUT)
            inputs.append(size if size.dtype in ("int32", "int64") else cast_tensor(size, "int32"))
    return attribute, inputs


def reshape(x, sizes):
    """The Tensor `x` in another shape; one size may be -1."""
    attribute, inputs = shape_attribute(sizes)
    if len(inputs) == 1 and -1 not in attribute and 0 not in attribute:
        # One unknown size follows from the others.
        attribute[attribute.index(FROM_INPUT)] = -1
        inputs = []
    return execute("reshape", [x, *inputs], {"shape": attribute})


def broadcast_to(x, sizes):
    """The Tensor `x` broadcast to a shape."""
    attribute, inputs = shape_attribute(sizes)
    if not inputs and tuple(attribute) == tuple(x.shape):
        return x
    return execute("broadcast_to", [x, *inputs], {"shape": attribute})


def fill(value, sizes):
    """A tensor of that shape, all of whose elements are the rank-0 Tensor `value`."""
    attribute, inputs = shape_attribute(sizes)
    return execute("fill", [value, *inputs], {"shape": attribute})


def iota(size, dtype):
    """0, 1, ..., size - 1."""
    attribute, inputs = shape_attribute((size,))
    return execute("iota", inputs, {"size": attribute[0], "dtype": dtype})


def size_of(x, axis):
    """One size of the Tensor `x`."""
    size = x.shape[axis]
    return execute("dim", [x], {"axis": axis}) if size is None else size


def product(sizes):
    """The product of sizes."""
    known = 1
    unknown = None
    for size in sizes:
        if type(size) is int:
            known *= size
        else:
            size = cast_tensor(size, "int32")
            unknown = size if unknown is None else execute("multiply", [unknown, size], {})
    if unknown is None:
        return known
    if known == 1:
        return unknown
    from keraunos.tensor import scalar

    return execute("multiply", [unknown, scalar(known, "int32")], {})


def broadcast_sizes(*shapes):
    """The sizes of the result of broadcasting tensors with these sizes."""
    rank = max((len(shape) for shape in shapes), default=0)
    result = []
    for axis in range(-rank, 0):
        chosen = 1
        for shape in shapes:
            if len(shape) >= -axis:
                size = shape[axis]
                if type(size) is int and size == 1:
                    continue
                if type(chosen) is int and chosen == 1:
                    chosen = size
                elif type(size) is int:
                    if type(chosen) is int and chosen != size:
                        raise ValueError(f"Shapes do not broadcast. Received: {shapes}")
                    chosen = size
        result.append(chosen)
    return tuple(result)


__all__ = [
    "broadcast_sizes",
    "broadcast_to",
    "fill",
    "iota",
    "product",
    "reshape",
    "shape_attribute",
    "shape_of",
    "size_of",
    "sizes_of",
]
