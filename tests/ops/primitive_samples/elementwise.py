"""Elementwise ops."""

import numpy as np
from scipy import special
from primitive_sample import booleans, integers, numbers, sample


def gelu(x):
    return x * special.ndtr(x)


UNARY = {
    # op: (truth, low, high)
    "negative": (np.negative, -2, 2),
    "absolute": (np.abs, -2, 2),
    "sign": (np.sign, -2, 2),
    "exp": (np.exp, -2, 2),
    "expm1": (np.expm1, -2, 2),
    "log": (np.log, 0.1, 4),
    "log1p": (np.log1p, -0.9, 4),
    "log2": (np.log2, 0.1, 4),
    "log10": (np.log10, 0.1, 4),
    "sqrt": (np.sqrt, 0.1, 4),
    "rsqrt": (lambda x: 1 / np.sqrt(x), 0.1, 4),
    "square": (np.square, -2, 2),
    "reciprocal": (np.reciprocal, 0.2, 2),
    "sin": (np.sin, -4, 4),
    "cos": (np.cos, -4, 4),
    "tan": (np.tan, -1.2, 1.2),
    "arcsin": (np.arcsin, -0.9, 0.9),
    "arccos": (np.arccos, -0.9, 0.9),
    "arctan": (np.arctan, -3, 3),
    "sinh": (np.sinh, -2, 2),
    "cosh": (np.cosh, -2, 2),
    "tanh": (np.tanh, -2, 2),
    "arcsinh": (np.arcsinh, -2, 2),
    "arccosh": (np.arccosh, 1.1, 4),
    "arctanh": (np.arctanh, -0.9, 0.9),
    "erf": (special.erf, -2, 2),
    "erfinv": (special.erfinv, -0.9, 0.9),
    "sigmoid": (special.expit, -4, 4),
    "softplus": (lambda x: np.logaddexp(x, 0), -4, 4),
    "relu": (lambda x: np.maximum(x, 0), -2, 2),
    "gelu": (gelu, -3, 3),
    "floor": (np.floor, -3, 3),
    "ceil": (np.ceil, -3, 3),
    "round": (np.round, -3, 3),
    "trunc": (np.trunc, -3, 3),
    "lgamma": (special.gammaln, 0.3, 5),
    "digamma": (special.digamma, 0.3, 5),
    "cbrt": (np.cbrt, 0.2, 4),
    "exp2": (np.exp2, -2, 2),
    "i0": (special.i0, -4, 4),
    "i0e": (special.i0e, -4, 4),
    "i1": (special.i1, -4, 4),
    "i1e": (special.i1e, -4, 4),
    "sinc": (np.sinc, -2, 2),
    "identity": (lambda x: x, -2, 2),
    "expect_probabilities": (lambda x: x, -2, 2),
    "stop_gradient": (lambda x: x, -2, 2),
}
for op, (truth, low, high) in UNARY.items():
    for shape in [(3, 5), (1,), (0, 2), ()]:
        # Zero is a kink of some; an odd grid contains it only where it is wanted.
        sample(op, [numbers(*shape, low=low, high=high + 0.01)], truth)

SPECIAL = np.array([0.0, -0.0, 1.5, -2.5, np.inf, -np.inf, np.nan])
sample("copy", [numbers(3, 5)], lambda x: x)
sample("isnan", [SPECIAL], np.isnan)
sample("isinf", [SPECIAL], np.isinf)
sample("isfinite", [SPECIAL], np.isfinite)
sample("signbit", [np.array([0.0, -0.0, 1.5, -2.5, np.inf, -np.inf])], np.signbit)
sample("logical_not", [booleans(3, 5)], np.logical_not)
sample("bitwise_not", [integers(3, 5)], np.bitwise_not)
sample("negative", [integers(3, 5, dtype="int8")], np.negative)
sample("absolute", [integers(3, 5, dtype="int64")], np.abs)
sample("digamma", [np.array([-0.7, -2.4, 0.4])], special.digamma, half=False)

BINARY = {
    "add": np.add,
    "subtract": np.subtract,
    "multiply": np.multiply,
    "divide": np.divide,
    "mod": np.mod,
    "floor_divide": np.floor_divide,
    "power": np.power,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "arctan2": np.arctan2,
    "hypot": np.hypot,
    "copysign": np.copysign,
    "nextafter": np.nextafter,
    "logaddexp": np.logaddexp,
    "heaviside": np.heaviside,
    "equal": np.equal,
    "not_equal": np.not_equal,
    "greater": np.greater,
    "greater_equal": np.greater_equal,
    "less": np.less,
    "less_equal": np.less_equal,
}
for op, truth in BINARY.items():
    # NumPy has its own nextafter for 16-bit floats; ours steps in float32.
    half = op not in ("nextafter", "floor_divide", "mod")
    for a, b in [((3, 5), (3, 5)), ((3, 1), (5,)), ((2, 1, 4), (3, 1)), ((0, 5), (1, 5)), ((), (2, 2))]:
        operands = [numbers(*a, low=0.3, high=2.3), numbers(*b, low=0.51, high=1.72)]
        sample(op, operands, truth, half=half)
sample("power", [np.array([2.0, -2.0, 0.0, 3.0]), np.array([3.0, 2.0, 2.0, 0.0])], np.power, differentiable=(0,), second=False)
for op in ["add", "subtract", "multiply", "floor_divide", "mod", "maximum", "minimum"]:
    for dtype in ["int8", "int32", "int64", "uint8"]:
        a = integers(3, 5, low=1, high=9, dtype=dtype)
        sample(op, [a, integers(5, low=1, high=4, dtype=dtype)], getattr(np, op))
sample("floor_divide", [integers(3, 5), integers(5, low=-3, high=-1)], np.floor_divide)
sample("mod", [integers(3, 5), integers(5, low=-3, high=-1)], np.mod)
sample("gcd", [integers(3, 5, low=0, high=30), integers(5, low=0, high=30)], np.gcd)
sample("lcm", [integers(3, 5, low=0, high=30), integers(5, low=0, high=30)], np.lcm)
for op in ["logical_and", "logical_or", "logical_xor"]:
    sample(op, [booleans(3, 5), booleans(3, 1)], getattr(np, op))
for op in ["bitwise_and", "bitwise_or", "bitwise_xor"]:
    sample(op, [integers(3, 5), integers(5)], getattr(np, op))
sample("left_shift", [integers(3, 5, low=0), integers(5, low=0, high=5)], np.left_shift)
sample("right_shift", [integers(3, 5), integers(5, low=0, high=5)], np.right_shift)

# Numbers away from 0, where relu' jumps.
STEPS = numbers(3, 5) + 0.013
sample("relu_grad", [numbers(3, 5), STEPS], lambda g, y: g * (y > 0), differentiable=(0,))
sample("sigmoid_grad", [numbers(3, 5), STEPS], lambda g, y: g * y * (1 - y))
sample("tanh_grad", [numbers(3, 5), STEPS], lambda g, y: g * (1 - y * y))
sample("gelu_grad", [numbers(3, 5), STEPS], lambda g, x: g * (special.ndtr(x) + x * np.exp(-x * x / 2) / np.sqrt(2 * np.pi)))
sample("softplus_grad", [numbers(3, 5), STEPS], lambda g, x: g * special.expit(x))

sample("select", [booleans(3, 5), numbers(3, 5), numbers(5)], np.where)
sample("select", [booleans(3, 1), numbers(5), numbers()], np.where)
sample("select", [booleans(4), integers(4), integers(4)], np.where)
for source in ["float64", "float32", "int32", "uint8"]:
    for target in ["float64", "int64", "int8"]:
        sample("cast", [np.arange(4).astype(source)], lambda x, target=target: x.astype(target), differentiable=None if target == "float64" else (), dtype=target)
sample("cast", [np.array([0.0, 0.5, np.nan])], lambda x: x.astype(bool), differentiable=(), dtype="bool", half=False)
sample("cast", [np.array([np.inf, -np.inf, np.nan, 1e20])], lambda x: np.array([2**31 - 1, -(2**31), 0, 2**31 - 1], "int32"), differentiable=(), dtype="int32", half=False)
