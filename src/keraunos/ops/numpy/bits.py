"""Integers of two operands, and their bits."""

from __future__ import annotations

from keraunos import dtypes
from keraunos.dtypes import promoted
from keraunos.ops._arguments import (
    operand_type,
    pair,
    pair_without_bool,
    tensor,
)
from keraunos.ops._dispatch import named, operations
from keraunos.tensor import KerasTensor, execute

operation = operations("numpy")


def _spec_of_two(x1, x2):
    """Shapes and dtypes do not depend on being integers, which is checked on values."""
    dtype = promoted(operand_type(x1), operand_type(x2))
    return KerasTensor(broadcast_shape(getattr(x1, "shape", ()), getattr(x2, "shape", ())), dtype=dtype)


def broadcast_shape(shape1, shape2):
    """The shape of two operands' result; `None` is an unknown size."""
    rank = max(len(shape1), len(shape2))
    result = []
    for a, b in zip((1,) * (rank - len(shape1)) + tuple(shape1), (1,) * (rank - len(shape2)) + tuple(shape2)):
        if a is not None and b is not None and 1 not in (a, b) and a != b:
            raise ValueError(f"Cannot broadcast shape, the failure dim has value {a}, which cannot be broadcasted to {b}.")
        if a is None or b is None:
            known = b if a is None else a
            result.append(None if known in (None, 1) else known)
        else:
            result.append(b if a == 1 else a)
    return tuple(result)


def _int_function_of_two(name, meaning):
    def function(x1, x2):
        x1, x2 = pair_without_bool(x1, x2)
        if x1.dtype not in dtypes.INTS:
            raise TypeError(f"{name}: operands must be integers. Received: dtype={x1.dtype}")
        return execute(name, [x1, x2], {})

    return operation("x1", "x2", spec=_spec_of_two)(named(function, name, meaning))


gcd = _int_function_of_two("gcd", "The greatest common divisor.")
lcm = _int_function_of_two("lcm", "The least common multiple.")


def _bit_function(name, primitive, meaning, class_name=None):
    def function(x, y):
        x, y = pair(x, y)
        if x.dtype == "bool" and primitive.startswith("bitwise"):
            return execute(primitive.replace("bitwise", "logical"), [x, y], {})
        if x.dtype not in dtypes.INTS:
            raise TypeError(f"{name}: operands must be integers. Received: dtype={x.dtype}")
        return execute(primitive, [x, y], {})

    return operation("x", "y", name=class_name, spec=lambda x, y: _spec_of_two(x, y))(named(function, name, meaning))


bitwise_and = _bit_function("bitwise_and", "bitwise_and", "Bitwise and of integers, logical and of bools.")
bitwise_or = _bit_function("bitwise_or", "bitwise_or", "Bitwise or of integers, logical or of bools.")
bitwise_xor = _bit_function("bitwise_xor", "bitwise_xor", "Bitwise exclusive or.")
left_shift = _bit_function("left_shift", "left_shift", "Shifts the bits of x to the left by y.")
right_shift = _bit_function("right_shift", "right_shift", "Shifts the bits of x to the right by y, keeping the sign.")
bitwise_left_shift = _bit_function("bitwise_left_shift", "left_shift", "Shifts the bits of x to the left by y.")
bitwise_right_shift = _bit_function(
    "bitwise_right_shift", "right_shift", "Shifts the bits of x to the right by y, keeping the sign."
)


def _spec_of_one(x):
    return KerasTensor(x.shape, dtype=x.dtype)


@operation(spec=_spec_of_one)
def bitwise_not(x):
    """Inverts the bits of integers, and bools."""
    x = tensor(x)
    if x.dtype == "bool":
        return execute("logical_not", [x], {})
    if x.dtype not in dtypes.INTS:
        raise TypeError(f"bitwise_not: the operand must be an integer. Received: dtype={x.dtype}")
    return execute("bitwise_not", [x], {})


@operation(spec=_spec_of_one)
def bitwise_invert(x):
    """Inverts the bits (another name of `bitwise_not`)."""
    return bitwise_not(x)


__all__ = [
    "bitwise_and",
    "bitwise_invert",
    "bitwise_left_shift",
    "bitwise_not",
    "bitwise_or",
    "bitwise_right_shift",
    "bitwise_xor",
    "gcd",
    "lcm",
    "left_shift",
    "right_shift",
]
