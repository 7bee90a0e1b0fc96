"""Elementwise arithmetic, comparisons and logic."""

import math

from keraunos.export.onnx_ops.table import direct
from keraunos.export.onnx_ops.table import translation

for _op, _onnx_op in {
    "negative": "Neg",
    "absolute": "Abs",
    "sign": "Sign",
    "exp": "Exp",
    "log": "Log",
    "sqrt": "Sqrt",
    "reciprocal": "Reciprocal",
    "sin": "Sin",
    "cos": "Cos",
    "tanh": "Tanh",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
    "relu": "Relu",
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "power": "Pow",
    "maximum": "Max",
    "minimum": "Min",
}.items():
    direct(_op, _onnx_op)

for _op, _onnx_op in {
    "equal": "Equal",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
}.items():
    direct(_op, _onnx_op, gives_bool=True)

for _op, _onnx_op in {"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "logical_not": "Not"}.items():
    direct(_op, _onnx_op, widens=False)


@translation("identity", "stop_gradient", "copy")
def same(c, x):
    return x


@translation("cast")
def cast(c, x):
    dtype = c.attributes["dtype"]
    # Runtimes convert bfloat16 from and to float32 only.
    if "bfloat16" in (dtype, x.dtype) and "float32" not in (dtype, x.dtype):
        return c.cast(c.cast(x, "float32"), dtype)
    return c.cast(x, dtype)


@translation("select", widens=True)
def select(c, condition, a, b):
    return c.op("Where", as_bool(c, condition), a, b)


def as_bool(c, value):
    """Undoes the widening of a condition."""
    return value if value.dtype == "bool" else c.cast(value, "bool")


@translation("not_equal", widens=True, gives_bool=True)
def not_equal(c, a, b):
    return c.op("Not", c.op("Equal", a, b))


# ------------------------------------------------------------------ rounding and division


# ONNX rounds floats only; integers are whole already.
@translation("floor", widens=True)
def floor(c, x):
    return c.op("Floor", x) if x.is_floating else x


@translation("ceil", widens=True)
def ceil(c, x):
    return c.op("Ceil", x) if x.is_floating else x


@translation("round", widens=True)
def round_half_to_even(c, x):
    return c.op("Round", x) if x.is_floating else x


@translation("trunc", widens=True)
def trunc(c, x):
    return c.op("Mul", c.op("Sign", x), c.op("Floor", c.op("Abs", x))) if x.is_floating else x


def remainder(c, a, b):
    """The remainder with the sign of the divisor."""
    if not a.is_floating:
        return c.op("Mod", a, b, fmod=0)
    rest = c.op("Mod", a, b, fmod=1)
    zero = c.number(0, a.dtype)
    other_sign = c.op("Xor", c.op("Less", rest, zero), c.op("Less", b, zero))
    is_off = c.op("And", other_sign, c.op("Not", c.op("Equal", rest, zero)))
    return c.op("Where", is_off, c.op("Add", rest, b), rest)


@translation("mod", widens=True)
def mod(c, a, b):
    return remainder(c, a, b)


@translation("floor_divide", widens=True)
def floor_divide(c, a, b):
    if a.is_floating:
        return c.op("Floor", c.op("Div", a, b))
    return c.op("Div", c.op("Sub", a, remainder(c, a, b)), b)


# ------------------------------------------------------------------ bits


def bits(op, onnx_op, logical_op):
    @translation(op)
    def translate(c, *operands):
        return c.op(logical_op if operands[0].dtype == "bool" else onnx_op, *operands)


bits("bitwise_and", "BitwiseAnd", "And")
bits("bitwise_or", "BitwiseOr", "Or")
bits("bitwise_xor", "BitwiseXor", "Xor")
bits("bitwise_not", "BitwiseNot", "Not")


def two_to(c, b):
    # ONNX shifts unsigned integers only. Powers of two are exact in float64.
    return c.cast(c.op("Pow", c.number(2.0, "float64"), c.cast(b, "float64")), b.dtype)


@translation("left_shift", widens=True)
def left_shift(c, a, b):
    return c.op("Mul", a, two_to(c, b))


@translation("right_shift", widens=True)
def right_shift(c, a, b):
    divisor = two_to(c, b)
    return c.op("Div", c.op("Sub", a, c.op("Mod", a, divisor, fmod=0)), divisor)


# ------------------------------------------------------------------ signs and the like


@translation("square", widens=True)
def square(c, x):
    return c.op("Mul", x, x)


@translation("rsqrt", widens=True)
def rsqrt(c, x):
    return c.op("Reciprocal", c.op("Sqrt", x))


def is_negative(c, x):
    """Whether the sign bit is set: -0 counts."""
    zero = c.number(0, x.dtype)
    less = c.op("Less", x, zero)
    if not x.is_floating:
        return less
    negative_zero = c.op("And", c.op("Equal", x, zero), c.op("Less", c.op("Reciprocal", x), zero))
    return c.op("Or", less, negative_zero)


@translation("signbit", widens=True, gives_bool=True)
def signbit(c, x):
    return is_negative(c, x)


@translation("copysign", widens=True)
def copysign(c, a, b):
    size = c.op("Abs", a)
    return c.op("Where", is_negative(c, b), c.op("Neg", size), size)


@translation("heaviside", widens=True)
def heaviside(c, x, at_zero):
    zero = c.number(0, x.dtype)
    return c.op("Where", c.op("Equal", x, zero), at_zero, c.cast(c.op("Greater", x, zero), x.dtype))


# ------------------------------------------------------------------ what is no number


def never(c, x):
    return c.op("Not", c.op("Equal", x, x))


@translation("isnan", widens=True, gives_bool=True)
def isnan(c, x):
    return c.op("IsNaN", x) if x.is_floating else never(c, x)


@translation("isinf", widens=True, gives_bool=True)
def isinf(c, x):
    return c.op("IsInf", x) if x.is_floating else never(c, x)


@translation("isfinite", widens=True, gives_bool=True)
def isfinite(c, x):
    return c.op("Not", c.op("Or", isnan(c, x), isinf(c, x))) if x.is_floating else c.op("Equal", x, x)


@translation("hypot", widens=True)
def hypot(c, a, b):
    return c.op("Sqrt", c.op("Add", c.op("Mul", a, a), c.op("Mul", b, b)))


@translation("logaddexp", widens=True)
def logaddexp(c, a, b):
    # Equal operands first: the difference of equal infinities is no number.
    high, low = c.op("Max", a, b), c.op("Min", a, b)
    apart = c.op("Add", high, c.op("Softplus", c.op("Sub", low, high)))
    return c.op("Where", c.op("Equal", a, b), c.op("Add", a, c.number(math.log(2), a.dtype)), apart)
