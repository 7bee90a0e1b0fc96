"""Functions of two operands, element by element."""

from __future__ import annotations

import math

import numpy as np

from keraunos import dtypes
from keraunos.ops._arguments import (
    float_pair,
    operand_type,
    pair,
    pair_without_bool,
    with_dtype,
)
from keraunos.ops._dispatch import named, operations
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.ops.numpy import choices, comparisons, elementwise, number_kinds
from keraunos.tensor import Tensor, execute

operation = operations("numpy")


@operation("x1", "x2", "rtol", "atol")
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether `|x1 - x2| <= atol + rtol * |x2|`; infinities are close to themselves only."""
    x1, x2 = float_pair(x1, x2)
    bound = add(with_dtype(atol, x2.dtype), multiply(with_dtype(rtol, x2.dtype), elementwise.absolute(x2)))
    are_finite = comparisons.logical_and(number_kinds.isfinite(x1), number_kinds.isfinite(x2))
    is_close = comparisons.logical_and(comparisons.less_equal(elementwise.absolute(subtract(x1, x2)), bound), are_finite)
    is_close = comparisons.logical_or(is_close, comparisons.equal(x1, x2))
    if not equal_nan:
        return is_close
    return comparisons.logical_or(is_close, comparisons.logical_and(number_kinds.isnan(x1), number_kinds.isnan(x2)))


@operation("x1", "x2", name="AllClose")
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether all elements are close, see `isclose`. A bool tensor of rank 0."""
    close = isclose(x1, x2, rtol, atol, equal_nan)
    return execute("all", [close], {"axes": list(range(close.ndim)), "keepdims": False})


@operation("x1", "x2")
def add(x1, x2):
    """`x1 + x2`, with broadcasting."""
    x1, x2 = pair(x1, x2)
    if x1.dtype == "bool":
        return execute("logical_or", [x1, x2], {})
    return execute("add", [x1, x2], {})


@operation("x1", "x2")
def subtract(x1, x2):
    """`x1 - x2`, with broadcasting."""
    x1, x2 = pair(x1, x2)
    if x1.dtype == "bool":
        raise TypeError("subtract: bools cannot be subtracted; use `logical_xor`. Received: dtype=bool")
    return execute("subtract", [x1, x2], {})


@operation("x1", "x2")
def multiply(x1, x2):
    """`x1 * x2`, with broadcasting."""
    x1, x2 = pair(x1, x2)
    if x1.dtype == "bool":
        return execute("logical_and", [x1, x2], {})
    return execute("multiply", [x1, x2], {})


@operation("x1", "x2")
def divide(x1, x2):
    """`x1 / x2` as a float, with broadcasting."""
    return execute("divide", list(float_pair(x1, x2)), {})


@operation("x1", "x2", name="TrueDivide")
def true_divide(x1, x2):
    """`x1 / x2` as a float (another name of `divide`)."""
    return execute("divide", list(float_pair(x1, x2)), {})


@operation("x1", "x2")
def divide_no_nan(x1, x2):
    """`x1 / x2`, 0 where `x2` is 0."""
    x1, x2 = float_pair(x1, x2)
    is_zero = comparisons.equal(x2, 0.0)
    # Divide by 1 there, so that no infinity gets into the gradient.
    return choices.where(is_zero, 0.0, divide(x1, choices.where(is_zero, 1.0, x2)))


@operation("x1", "x2")
def floor_divide(x1, x2):
    """The largest integer that is not above `x1 / x2`."""
    return execute("floor_divide", list(pair_without_bool(x1, x2)), {})


@operation("x1", "x2")
def mod(x1, x2):
    """The remainder of `floor_divide`: it has the sign of `x2`."""
    return execute("mod", list(pair_without_bool(x1, x2)), {})


@operation("x1", "x2")
def fmod(x1, x2):
    """The remainder of division towards zero: it has the sign of `x1`."""
    x1, x2 = pair_without_bool(x1, x2)
    rest = execute("mod", [elementwise.absolute(x1), elementwise.absolute(x2)], {})
    return choices.where(number_kinds.signbit(x1), elementwise.negative(rest), rest) if not x1.dtype.startswith("uint") else rest


@operation("x1", "x2")
def power(x1, x2):
    """`x1 ** x2`, with broadcasting."""
    if type(x2) is int and x2 == 2:
        return elementwise.square(x1)
    return execute("power", list(pair_without_bool(x1, x2)), {})


@operation("x1", "x2")
def maximum(x1, x2):
    """The larger of two, NaN if one of them is."""
    x1, x2 = pair(x1, x2)
    return execute("logical_or" if x1.dtype == "bool" else "maximum", [x1, x2], {})


@operation("x1", "x2")
def minimum(x1, x2):
    """The smaller of two, NaN if one of them is."""
    x1, x2 = pair(x1, x2)
    return execute("logical_and" if x1.dtype == "bool" else "minimum", [x1, x2], {})


@operation("x1", "x2")
def fmax(x1, x2):
    """The larger of two, the other one if one of them is NaN."""
    x1, x2 = pair(x1, x2)
    if x1.dtype not in dtypes.FLOATS:
        return maximum(x1, x2)
    return choices.where(number_kinds.isnan(x1), x2, choices.where(number_kinds.isnan(x2), x1, maximum(x1, x2)))


@operation("x1", "x2")
def fmin(x1, x2):
    """The smaller of two, the other one if one of them is NaN."""
    x1, x2 = pair(x1, x2)
    if x1.dtype not in dtypes.FLOATS:
        return minimum(x1, x2)
    return choices.where(number_kinds.isnan(x1), x2, choices.where(number_kinds.isnan(x2), x1, minimum(x1, x2)))


def _float_function_of_two(name, meaning):
    def function(x1, x2):
        return execute(name, list(float_pair(x1, x2)), {})

    return operation("x1", "x2")(named(function, name, meaning))


arctan2 = _float_function_of_two("arctan2", "The angle of the point (x2, x1), in [-pi, pi].")
heaviside = _float_function_of_two("heaviside", "0 where x1 < 0, 1 where x1 > 0, x2 where x1 is 0.")
hypot = _float_function_of_two("hypot", "`sqrt(x1 ** 2 + x2 ** 2)` without overflow.")
logaddexp = _float_function_of_two("logaddexp", "`log(exp(x1) + exp(x2))` without overflow.")
nextafter = _float_function_of_two("nextafter", "The next representable number after x1 towards x2.")


@operation("x1", "x2")
def logaddexp2(x1, x2):
    """`log2(2 ** x1 + 2 ** x2)` without overflow."""
    x1, x2 = float_pair(x1, x2)
    larger = maximum(x1, x2)
    rest = multiply(elementwise.log1p(elementwise.exp2(elementwise.negative(elementwise.absolute(subtract(x1, x2))))), 1.0 / math.log(2.0))
    return choices.where(comparisons.equal(x1, x2), add(x1, 1.0), add(larger, rest))  # equal infinities have no difference


def _spec_of_floats(x1, x2):
    """The dtype of a float function of both; that `x2` holds integers is checked on tensors."""
    return compute_output_spec(lambda a, b: multiply(*float_pair(a, b)), x1, x2)


@operation("x1", "x2", spec=_spec_of_floats)
def ldexp(x1, x2):
    """`x1 * 2 ** x2`."""
    if operand_type(x2) in dtypes.FLOATS:
        raise TypeError(f"ldexp: `x2` must be of an integer dtype. Received: x2.dtype={operand_type(x2)}")
    x1, x2 = float_pair(x1, x2)
    return multiply(x1, elementwise.exp2(x2))


def is_tensor_like(x):
    """Whether `x` has a dtype of its own (it is no Python number)."""
    return isinstance(x, (Tensor, np.ndarray)) or hasattr(x, "dtype")


__all__ = [
    "add",
    "allclose",
    "arctan2",
    "divide",
    "divide_no_nan",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "heaviside",
    "hypot",
    "isclose",
    "ldexp",
    "logaddexp",
    "logaddexp2",
    "maximum",
    "minimum",
    "mod",
    "multiply",
    "nextafter",
    "power",
    "subtract",
    "true_divide",
]
