"""Functions that ONNX or its runtimes lack: said by those that they have."""

import math

from keraunos.export.onnx_ops.table import translation


def in_float32(op, onnx_op):
    # onnxruntime computes these in float32 only, so a float64 operand makes the round trip.
    @translation(op, widens=True)
    def translate(c, x):
        if x.dtype != "float64":
            return c.op(onnx_op, x)
        return c.cast(c.op(onnx_op, c.cast(x, "float32")), "float64")


for _op, _onnx_op in {
    "arcsin": "Asin",
    "arccos": "Acos",
    "arctan": "Atan",
    "arcsinh": "Asinh",
    "arccosh": "Acosh",
    "arctanh": "Atanh",
    "sinh": "Sinh",
    "cosh": "Cosh",
    "erf": "Erf",
}.items():
    in_float32(_op, _onnx_op)


@translation("tan", widens=True)
def tan(c, x):
    return c.op("Div", c.op("Sin", x), c.op("Cos", x))


@translation("expm1", widens=True)
def expm1(c, x):
    # Near 0, exp(x) - 1 loses its digits: 2 t / (1 - t) with t = tanh(x / 2) keeps them.
    half, one = c.number(0.5, x.dtype), c.number(1, x.dtype)
    t = c.op("Tanh", c.op("Mul", x, half))
    near = c.op("Div", c.op("Add", t, t), c.op("Sub", one, t))
    return c.op("Where", c.op("Less", c.op("Abs", x), half), near, c.op("Sub", c.op("Exp", x), one))


@translation("log1p", widens=True)
def log1p(c, x):
    # W. Kahan: the rounding of u = 1 + x is undone by the factor x / (u - 1).
    one = c.number(1, x.dtype)
    u = c.op("Add", x, one)
    is_tiny = c.op("Equal", u, one)
    log = c.op("Log", u)
    rounded = c.op("Where", is_tiny, one, c.op("Sub", u, one))
    near = c.op("Where", is_tiny, x, c.op("Div", c.op("Mul", log, x), rounded))
    return c.op("Where", c.op("Less", c.op("Abs", x), c.number(0.5, x.dtype)), near, log)


@translation("log2", widens=True)
def log2(c, x):
    return c.op("Mul", c.op("Log", x), c.number(1 / math.log(2), x.dtype))


@translation("log10", widens=True)
def log10(c, x):
    return c.op("Mul", c.op("Log", x), c.number(1 / math.log(10), x.dtype))


@translation("exp2", widens=True)
def exp2(c, x):
    return c.op("Pow", c.number(2, x.dtype), x)


@translation("cbrt", widens=True)
def cbrt(c, x):
    return c.op("Mul", c.op("Sign", x), c.op("Pow", c.op("Abs", x), c.number(1 / 3, x.dtype)))


@translation("sinc", widens=True)
def sinc(c, x):
    one = c.number(1, x.dtype)
    is_zero = c.op("Equal", x, c.number(0, x.dtype))
    angle = c.op("Where", is_zero, one, c.op("Mul", x, c.number(math.pi, x.dtype)))
    return c.op("Where", is_zero, one, c.op("Div", c.op("Sin", angle), angle))


@translation("arctan2", widens=True)
def arctan2(c, y, x):
    zero = c.number(0, x.dtype)
    quotient = c.op("Div", y, x)
    if x.dtype == "float64":
        angle = c.cast(c.op("Atan", c.cast(quotient, "float32")), "float64")
    else:
        angle = c.op("Atan", quotient)
    half_turn = c.op("Where", c.op("Less", y, zero), c.number(-math.pi, x.dtype), c.number(math.pi, x.dtype))
    angle = c.op("Where", c.op("Less", x, zero), c.op("Add", angle, half_turn), angle)
    is_origin = c.op("And", c.op("Equal", x, zero), c.op("Equal", y, zero))
    return c.op("Where", is_origin, zero, angle)
