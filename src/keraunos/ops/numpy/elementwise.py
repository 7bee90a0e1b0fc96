"""Arithmetic and functions that work element by element."""

from __future__ import annotations

import math

import numpy as np

from keraunos import dtypes
from keraunos.dtypes import promoted
from keraunos.ops import _dims
from keraunos.ops._arguments import (
    booleans,
    cast_tensor,
    float_pair,
    floats,
    operand_type,
    pair,
    pair_without_bool,
    tensor,
    with_dtype,
    without_bool,
)
from keraunos.ops._dispatch import operations
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.tensor import KerasTensor, Tensor, execute, scalar

operation = operations("numpy")


def _named(function, name, meaning):
    function.__name__ = function.__qualname__ = name
    function.__doc__ = meaning
    return function


# ------------------------------------------------------------------ float functions of one operand


def _float_function(name, meaning, **options):
    def function(x):
        return execute(name, [floats(x)], {})

    function = _named(function, name, meaning + "\n\nInts and bools are computed in `floatx`.")
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
    return multiply(floats(x), math.pi / 180.0)


@operation
def rad2deg(x):
    """Radians to degrees."""
    return multiply(floats(x), 180.0 / math.pi)


@operation
def fabs(x):
    """The absolute value as a float."""
    return execute("absolute", [floats(x)], {})


# ------------------------------------------------------------------ functions that keep the dtype


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
    factor = 10.0 ** builtin_abs(decimals)
    if decimals > 0:
        return divide(execute("round", [multiply(x, factor)], {}), factor)
    return multiply(execute("round", [divide(x, factor)], {}), factor)


builtin_abs = math.fabs


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
    at_angle = execute("select", [less(x, 0.0), scalar(math.pi, x.dtype), scalar(0.0, x.dtype)], {})
    return where(isnan(x), x, at_angle)


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
    x = where(isnan(x), nan, x)
    x = where(isposinf(x), largest if posinf is None else posinf, x)
    return where(isneginf(x), -largest if neginf is None else neginf, x)


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


# ------------------------------------------------------------------ tests


def _float_test(name, meaning, for_ints):
    def function(x):
        x = tensor(x)
        if x.dtype not in dtypes.FLOATS:
            return like(x, for_ints, "bool")
        return execute(name, [x], {})

    return operation(_named(function, name, meaning))


def like(x, value, dtype):
    """A tensor of the shape of `x`, filled with `value`."""
    return _dims.fill(scalar(value, dtype), _dims.shape_of(x))


isfinite = _float_test("isfinite", "Whether neither NaN nor infinite.", True)
isinf = _float_test("isinf", "Whether infinite, of either sign.", False)
isnan = _float_test("isnan", "Whether NaN.", False)


@operation
def isposinf(x):
    """Whether plus infinity."""
    x = tensor(x)
    return like(x, False, "bool") if x.dtype not in dtypes.FLOATS else equal(x, math.inf)


@operation
def isneginf(x):
    """Whether minus infinity."""
    x = tensor(x)
    return like(x, False, "bool") if x.dtype not in dtypes.FLOATS else equal(x, -math.inf)


@operation
def isreal(x):
    """Whether the imaginary part is zero; tensors are real, so true."""
    return like(tensor(x), True, "bool")


@operation
def signbit(x):
    """Whether the sign bit is set: below zero, or -0.0."""
    x = tensor(x)
    if x.dtype in dtypes.FLOATS:
        return execute("signbit", [x], {})
    if x.dtype == "bool" or x.dtype.startswith("uint"):
        return like(x, False, "bool")
    return less(x, 0)


@operation("x1", "x2", "rtol", "atol")
def isclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether `|x1 - x2| <= atol + rtol * |x2|`; infinities are close to themselves only."""
    x1, x2 = float_pair(x1, x2)
    bound = add(with_dtype(atol, x2.dtype), multiply(with_dtype(rtol, x2.dtype), absolute(x2)))
    is_close = logical_and(less_equal(absolute(subtract(x1, x2)), bound), logical_and(isfinite(x1), isfinite(x2)))
    is_close = logical_or(is_close, equal(x1, x2))
    return logical_or(is_close, logical_and(isnan(x1), isnan(x2))) if equal_nan else is_close


@operation("x1", "x2", name="AllClose")
def allclose(x1, x2, rtol=1e-5, atol=1e-8, equal_nan=False):
    """Whether all elements are close, see `isclose`. A bool tensor of rank 0."""
    close = isclose(x1, x2, rtol, atol, equal_nan)
    return execute("all", [close], {"axes": list(range(close.ndim)), "keepdims": False})


# ------------------------------------------------------------------ two operands


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
    is_zero = equal(x2, 0.0)
    # Divide by 1 there, so that no infinity gets into the gradient.
    return where(is_zero, 0.0, divide(x1, where(is_zero, 1.0, x2)))


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
    rest = execute("mod", [absolute(x1), absolute(x2)], {})
    return where(signbit(x1), negative(rest), rest) if not x1.dtype.startswith("uint") else rest


@operation("x1", "x2")
def power(x1, x2):
    """`x1 ** x2`, with broadcasting."""
    if type(x2) is int and x2 == 2:
        return square(x1)
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
    return where(isnan(x1), x2, where(isnan(x2), x1, maximum(x1, x2)))


@operation("x1", "x2")
def fmin(x1, x2):
    """The smaller of two, the other one if one of them is NaN."""
    x1, x2 = pair(x1, x2)
    if x1.dtype not in dtypes.FLOATS:
        return minimum(x1, x2)
    return where(isnan(x1), x2, where(isnan(x2), x1, minimum(x1, x2)))


def _float_function_of_two(name, meaning):
    def function(x1, x2):
        return execute(name, list(float_pair(x1, x2)), {})

    return operation("x1", "x2")(_named(function, name, meaning))


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
    rest = multiply(log1p(exp2(negative(absolute(subtract(x1, x2))))), 1.0 / math.log(2.0))
    return where(equal(x1, x2), add(x1, 1.0), add(larger, rest))  # equal infinities have no difference


def _spec_of_floats(x1, x2):
    """The dtype of a float function of both; that `x2` holds integers is checked on tensors."""
    return compute_output_spec(lambda a, b: multiply(*float_pair(a, b)), x1, x2)


@operation("x1", "x2", spec=_spec_of_floats)
def ldexp(x1, x2):
    """`x1 * 2 ** x2`."""
    if operand_type(x2) in dtypes.FLOATS:
        raise TypeError(f"ldexp: `x2` must be of an integer dtype. Received: x2.dtype={operand_type(x2)}")
    x1, x2 = float_pair(x1, x2)
    return multiply(x1, exp2(x2))


# ------------------------------------------------------------------ integers


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

    return operation("x1", "x2", spec=_spec_of_two)(_named(function, name, meaning))


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

    return operation("x", "y", name=class_name, spec=lambda x, y: _spec_of_two(x, y))(_named(function, name, meaning))


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


# ------------------------------------------------------------------ comparisons and logic


def _comparison(name, meaning):
    def function(x1, x2):
        return execute(name, list(pair(x1, x2)), {})

    return operation("x1", "x2")(_named(function, name, meaning))


equal = _comparison("equal", "`x1 == x2`.")
not_equal = _comparison("not_equal", "`x1 != x2`.")
greater = _comparison("greater", "`x1 > x2`.")
greater_equal = _comparison("greater_equal", "`x1 >= x2`.")
less = _comparison("less", "`x1 < x2`.")
less_equal = _comparison("less_equal", "`x1 <= x2`.")


def _logic(name, meaning):
    def function(x1, x2):
        return execute(name, [booleans(x1), booleans(x2)], {})

    return operation("x1", "x2")(_named(function, name, meaning))


logical_and = _logic("logical_and", "Whether both are not zero.")
logical_or = _logic("logical_or", "Whether at least one is not zero.")
logical_xor = _logic("logical_xor", "Whether exactly one is not zero.")


@operation
def logical_not(x):
    """Whether zero."""
    return execute("logical_not", [booleans(x)], {})


# ------------------------------------------------------------------ choices


def _where_spec(condition, x1=None, x2=None):
    if x1 is None and x2 is None:
        return KerasTensor(condition.shape, dtype="int32")
    return compute_output_spec(where.__wrapped__, condition, x1, x2)


@operation("condition", "x1", "x2", spec=_where_spec)
def where(condition, x1=None, x2=None):
    """`x1` where the condition holds, `x2` elsewhere; without both, the indices where it holds (see `nonzero`)."""
    if (x1 is None) != (x2 is None):
        raise ValueError("`x1` and `x2` either both should be `None` or both should have non-None value.")
    if x1 is None:
        from keraunos.ops.numpy.sorting import nonzero

        return nonzero(condition)
    x1, x2 = pair(x1, x2)
    return execute("select", [booleans(condition), x1, x2], {})


@operation("condlist", "choicelist", "default")
def select(condlist, choicelist, default=0):
    """For each element, the choice of the first condition that holds, else `default`."""
    if not isinstance(condlist, (list, tuple)) or not isinstance(choicelist, (list, tuple)):
        raise ValueError(
            "condlist and choicelist must be lists. "
            f"Received: type(condlist) = {type(condlist)}, type(choicelist) = {type(choicelist)}"
        )
    if not condlist or len(condlist) != len(choicelist):
        raise ValueError(
            "condlist and choicelist must be non-empty and of equal length. "
            f"Received: len(condlist)={len(condlist)}, len(choicelist)={len(choicelist)}"
        )
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        result = where(condition, choice, result)
    return result


@operation
def clip(x, x_min, x_max):
    """`x` limited to [x_min, x_max]; `None` is no limit."""
    x = without_bool(x)
    kinds = [operand_type(limit) for limit in (x_min, x_max) if limit is not None]
    x = cast_tensor(x, promoted(x.dtype, *kinds)) if kinds else x
    if x_min is not None:
        x = execute("maximum", [x, with_dtype(x_min, x.dtype)], {})
    if x_max is not None:
        x = execute("minimum", [x, with_dtype(x_max, x.dtype)], {})
    return x


def is_tensor_like(x):
    """Whether `x` has a dtype of its own (it is no Python number)."""
    return isinstance(x, (Tensor, np.ndarray)) or hasattr(x, "dtype")


__all__ = [
    name
    for name, value in list(globals().items())
    if not name.startswith("_") and getattr(value, "operation", None) is not None
]

