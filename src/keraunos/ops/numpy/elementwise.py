"""Functions of one operand, element by element."""

from __future__ import annotations

import math

import numpy as np

from keraunos import dtypes
from keraunos.ops._arguments import (
    cast_tensor,
    floats,
    tensor,
    without_bool,
)
from keraunos.ops._dispatch import named, operations
from keraunos.ops.numpy import choices, comparisons, number_kinds
from keraunos.tensor import execute, scalar

operation = operations("numpy")


def _float_function(name, meaning, **options):
    def function(x):
        return execute(name, [floats(x)], {})

    function = named(function, name, meaning + "\n\nInts and bools are computed in `floatx`.")
    return operation(**options)(function) if options else operation(function)


arccos = _float_function("arccos", "Inverse cosine, in [0, pi].")
arccosh = _float_function("arccosh", "Inverse hyperbolic cosine.")
arcsin = _float_function("arcsin", "Inverse sine, in [-pi/2, pi/2].")
arcsinh = _float_function("arcsinh", "Inverse hyperbolic sine.")
arctan = _float_function("arctan", "Inverse tangent, in [-pi/2, pi/2].")
arctanh = _float_function("arctanh", "Inverse hyperbolic tangent.")
cbrt = _float_function("cbrt", "Cube root.")
ceil = _float_function("ceil", "The smallest integer that is not below x, as a float.")
cos = _float_function("cos", "Cosine of an angle in radians.")
cosh = _float_function("cosh", "Hyperbolic cosine.")
exp = _float_function("exp", "`e ** x`.")
exp2 = _float_function("exp2", "`2 ** x`.")
expm1 = _float_function("expm1", "`exp(x) - 1`, exact near 0.")
floor = _float_function("floor", "The largest integer that is not above x, as a float.")
i0 = _float_function("i0", "Modified Bessel function of the first kind, order 0.")
log = _float_function("log", "Natural logarithm.")
log10 = _float_function("log10", "Logarithm to base 10.")
log1p = _float_function("log1p", "`log(1 + x)`, exact near 0.")
log2 = _float_function("log2", "Logarithm to base 2.")
reciprocal = _float_function("reciprocal", "`1 / x`.")
sin = _float_function("sin", "Sine of an angle in radians.")
sinc = _float_function("sinc", "`sin(pi x) / (pi x)`, 1 at 0.")
sinh = _float_function("sinh", "Hyperbolic sine.")
sqrt = _float_function("sqrt", "Square root.")
tan = _float_function("tan", "Tangent of an angle in radians.")
tanh = _float_function("tanh", "Hyperbolic tangent.")


@operation
def deg2rad(x):
    """Degrees to radians."""
    return _scaled("multiply", floats(x), math.pi / 180.0)


@operation
def rad2deg(x):
    """Radians to degrees."""
    return _scaled("multiply", floats(x), 180.0 / math.pi)


def _scaled(primitive, x, factor):
    return execute(primitive, [x, scalar(factor, x.dtype)], {})


@operation
def fabs(x):
    """The absolute value as a float."""
    return execute("absolute", [floats(x)], {})


@operation
def absolute(x):
    """The absolute value."""
    x = tensor(x)
    if x.dtype == "bool" or x.dtype.startswith("uint"):
        return x
    return execute("absolute", [x], {})


@operation(name="Absolute")
def abs(x):
    """The absolute value (shorthand of `absolute`)."""
    return absolute(x)


@operation
def negative(x):
    """`-x`."""
    return execute("negative", [without_bool(x)], {})


@operation
def sign(x):
    """-1, 0 or 1 by the sign of x; NaN for NaN."""
    x = tensor(x)
    if x.dtype == "bool" or x.dtype.startswith("uint"):
        return cast_tensor(cast_tensor(x, "bool"), "int32" if x.dtype == "bool" else x.dtype)
    return execute("sign", [x], {})


@operation
def square(x):
    """`x * x`."""
    return execute("square", [without_bool(x)], {})


@operation
def trunc(x):
    """The integer part, towards zero."""
    x = tensor(x)
    return execute("trunc", [x], {}) if x.dtype in dtypes.FLOATS else x


@operation
def round(x, decimals=0):
    """Rounds to a number of decimals; halves go to the even neighbour."""
    x = without_bool(x)
    if x.dtype in dtypes.INTS:
        if decimals >= 0:
            return x
        return cast_tensor(round(cast_tensor(x, "float32"), decimals), x.dtype)
    if decimals == 0:
        return execute("round", [x], {})
    factor = 10.0 ** math.fabs(decimals)
    larger, smaller = ("multiply", "divide") if decimals > 0 else ("divide", "multiply")
    return _scaled(smaller, execute("round", [_scaled(larger, x, factor)], {}), factor)


@operation
def conjugate(x):
    """The complex conjugate; tensors are real, so `x` itself."""
    return tensor(x)


@operation(name="Conjugate")
def conj(x):
    """The complex conjugate (shorthand of `conjugate`)."""
    return tensor(x)


@operation
def real(x):
    """The real part; tensors are real, so `x` itself."""
    return tensor(x)


@operation
def imag(x):
    """The imaginary part; tensors are real, so zeros."""
    return execute("zeros_like", [tensor(x)], {})


@operation
def angle(x):
    """The angle in the complex plane: 0 for positive numbers, pi for negative ones."""
    x = floats(x)
    at_angle = execute("select", [comparisons.less(x, 0.0), scalar(math.pi, x.dtype), scalar(0.0, x.dtype)], {})
    return choices.where(number_kinds.isnan(x), x, at_angle)


@operation
def copy(x):
    """A copy of `x`."""
    return execute("identity", [tensor(x)], {})


@operation
def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    """Replaces NaN, and the infinities by the largest finite numbers of the dtype or the given values."""
    x = tensor(x)
    if x.dtype not in dtypes.FLOATS:
        return x
    largest = largest_number(x.dtype)
    x = choices.where(number_kinds.isnan(x), nan, x)
    x = choices.where(number_kinds.isposinf(x), largest if posinf is None else posinf, x)
    return choices.where(number_kinds.isneginf(x), -largest if neginf is None else neginf, x)


def largest_number(dtype):
    """The largest finite number of a dtype, as a Python number."""
    if dtype == "bfloat16":
        return 3.3895313892515355e38
    if dtype in dtypes.FLOATS:
        return float(np.finfo(dtype).max)
    return 1 if dtype == "bool" else int(np.iinfo(dtype).max)


def smallest_number(dtype):
    """The smallest finite number of a dtype, as a Python number."""
    if dtype in dtypes.FLOATS:
        return -largest_number(dtype)
    return 0 if dtype == "bool" else int(np.iinfo(dtype).min)


__all__ = [
    "abs",
    "absolute",
    "angle",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctanh",
    "cbrt",
    "ceil",
    "conj",
    "conjugate",
    "copy",
    "cos",
    "cosh",
    "deg2rad",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "floor",
    "i0",
    "imag",
    "log",
    "log10",
    "log1p",
    "log2",
    "nan_to_num",
    "negative",
    "rad2deg",
    "real",
    "reciprocal",
    "round",
    "sign",
    "sin",
    "sinc",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
]
