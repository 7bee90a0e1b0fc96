"""One line (or more) per primitive op: operands, attributes and the NumPy truth.

A new op in `cpp/src/ops` needs a line here; `test_primitives.py` does the rest.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
from scipy import special

OPEN = 2**63 - 1  # an open end of a slice
BACKWARD_OPEN = -(2**62)


@dataclasses.dataclass
class Sample:
    """`truth` takes the operands as arrays and gives the result(s); None: only shapes, dtypes and repeatability are checked."""

    op: str
    operands: tuple
    attributes: dict
    truth: Callable | None
    # Operands that a trace must know: sizes, or indices whose last axis counts.
    constants: tuple = ()
    # Compared to numeric gradients; None: every float operand when the op has a gradient.
    differentiable: tuple | None = None
    has_second_gradient: bool = True
    runs_in_16_bits: bool = True

    def __str__(self):
        shapes = ",".join("x".join(map(str, np.shape(operand))) or "scalar" for operand in self.operands)
        return f"{self.op}-{shapes}-{'-'.join(str(value) for value in self.attributes.values())}"


SAMPLES: list[Sample] = []


def sample(op, operands, truth, /, constants=(), differentiable=None, second=True, half=True, **attributes):
    operands = tuple(np.asarray(operand) for operand in operands)
    SAMPLES.append(Sample(op, operands, attributes, truth, constants, differentiable, second, half))


def numbers(*shape, low=-2.0, high=2.0):
    """Distinct numbers in random order, no two closer than a numeric gradient's step."""
    size = math.prod(shape)
    spread = np.linspace(low, high, size + 2)[1:-1] if size else np.zeros(0)
    return np.random.default_rng(size + 17).permutation(spread).reshape(shape)


def integers(*shape, low=-5, high=6, dtype="int32"):
    return np.random.default_rng(math.prod(shape)).integers(low, high, shape).astype(dtype)


def booleans(*shape):
    return integers(*shape, low=0, high=2).astype(bool)


SEED = np.array([7, 11], "uint32")

# ---------------------------------------------------------------- elementwise, one operand


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

# ---------------------------------------------------------------- elementwise, two operands and more

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

# ---------------------------------------------------------------- reductions

REDUCTIONS = {"sum": np.sum, "mean": np.mean, "max": np.max, "min": np.min, "prod": np.prod, "logsumexp": special.logsumexp}
for op, truth in REDUCTIONS.items():
    for shape, axes in [((3, 5), [1]), ((3, 5), [0]), ((2, 3, 4), [0, 2]), ((2, 3, 4), [0, 1, 2]), ((3, 1), [1]), ((4,), [])]:
        for keepdims in [False, True]:
            reduce = lambda x, t=truth, a=tuple(axes), k=keepdims: t(x, axis=a, keepdims=k) if a else x  # noqa: E731
            sample(op, [numbers(*shape, low=0.4, high=1.9)], reduce, axes=axes, keepdims=keepdims)
sample("prod", [np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 1.0]])], lambda x: x.prod(1), axes=[1], keepdims=False)
sample("prod", [np.array([[2.0, 0.0], [0.5, 4.0]])], lambda x: x.prod(), axes=[0, 1], keepdims=False)
sample("sum", [np.zeros((3, 0))], lambda x: x.sum(1), axes=[1], keepdims=False)
for op in ["sum", "max", "min", "prod"]:
    sample(op, [integers(3, 5, low=-2, high=3)], lambda x, op=op: getattr(np, op)(x, axis=0, dtype=x.dtype) if op in ("sum", "prod") else getattr(np, op)(x, axis=0), axes=[0], keepdims=False)
sample("any", [booleans(3, 5)], lambda x: x.any(1), axes=[1], keepdims=False)
sample("all", [booleans(3, 5)], lambda x: x.all((0, 1), keepdims=True), axes=[0, 1], keepdims=True)
for op in ["argmax", "argmin"]:
    for axis in [0, 1]:
        sample(op, [numbers(3, 5)], lambda x, op=op, axis=axis: getattr(np, op)(x, axis=axis).astype("int32"), axis=axis, keepdims=False)
    sample(op, [integers(3, 5)], lambda x, op=op: getattr(np, op)(x, axis=1, keepdims=True).astype("int32"), axis=1, keepdims=True)
    sample(op, [np.array([1.0, np.nan, 3.0])], lambda x: np.array(1, "int32"), axis=0, keepdims=False)


def running(function, axis, reverse):
    return lambda x: np.flip(function(np.flip(x, axis), axis), axis) if reverse else function(x, axis)


for axis in [0, 1]:
    for reverse in [False, True]:
        sample("cumsum", [numbers(3, 5)], running(np.cumsum, axis, reverse), axis=axis, reverse=reverse)
        sample("cumprod", [numbers(3, 5)], running(np.cumprod, axis, reverse), axis=axis, reverse=reverse)
        zeros = np.array([[2.0, 0.0, 3.0], [0.0, 0.0, 1.0], [1.5, 2.5, 0.0]])
        sample("cumprod", [zeros], running(np.cumprod, axis, reverse), axis=axis, reverse=reverse, second=False)
sample("cumsum", [np.zeros((0, 3))], running(np.cumsum, 0, False), axis=0, reverse=False)
sample("reduce_to", [numbers(2, 3, 4), numbers(3, 1)], lambda x, r: x.sum((0, 2))[:, None], differentiable=(0,))
sample("reduce_to", [numbers(2, 3), numbers(2, 3)], lambda x, r: x, differentiable=(0,))
sample("reduce_to", [numbers(2, 3), numbers()], lambda x, r: x.sum(), differentiable=(0,))

# ---------------------------------------------------------------- linear algebra


def matmul(transpose_a, transpose_b):
    turn = lambda x, is_turned: np.swapaxes(x, -1, -2) if is_turned else x  # noqa: E731
    return lambda a, b: turn(a, transpose_a) @ turn(b, transpose_b)


for a, b in [((3, 5), (5, 2)), ((1, 1), (1, 1)), ((4, 3, 5), (5, 2)), ((2, 1, 3, 5), (4, 5, 2)), ((5,) * 2, (3, 5, 5)), ((0, 5), (5, 2)), ((3, 0), (0, 2)), ((2, 3, 0), (0, 2))]:
    for transpose_a in [False, True]:
        for transpose_b in [False, True]:
            operands = [numbers(*(a[:-2] + a[:-3:-1] if transpose_a else a)), numbers(*(b[:-2] + b[:-3:-1] if transpose_b else b))]
            sample("matmul", operands, matmul(transpose_a, transpose_b), transpose_a=transpose_a, transpose_b=transpose_b)
sample("matmul", [integers(3, 5), integers(2, 5, 4)], np.matmul, transpose_a=False, transpose_b=False)
sample("dense", [numbers(3, 5), numbers(5, 2), numbers(2)], lambda x, k, b: np.tanh(x @ k + b), transpose_b=False, activation="tanh", half=False)

# ---------------------------------------------------------------- shapes

sample("reshape", [numbers(3, 4)], lambda x: x.reshape(2, 6), shape=[2, -1])
sample("reshape", [numbers(3, 4), np.int32(4)], lambda x, n: x.reshape(4, 3), constants=(1,), shape=[-2, 3])
sample("reshape", [numbers(0, 4)], lambda x: x.reshape(0, 2), shape=[-1, 2])
sample("transpose", [numbers(2, 3, 4)], lambda x: x.transpose(2, 0, 1), axes=[2, 0, 1])
sample("transpose", [numbers()], lambda x: x, axes=[])
sample("transpose", [booleans(3, 5)], np.transpose, axes=[1, 0])
sample("broadcast_to", [numbers(3, 1)], lambda x: np.broadcast_to(x, (2, 3, 4)), shape=[2, 3, 4])
sample("broadcast_to", [numbers(3, 1), np.int64(4)], lambda x, n: np.broadcast_to(x, (3, 4)), constants=(1,), shape=[3, -2])
sample("broadcast_like", [numbers(3, 1), numbers(2, 3, 4)], lambda x, r: np.broadcast_to(x, r.shape), differentiable=(0,))
sample("reshape_like", [numbers(3, 4), numbers(2, 6)], lambda x, r: x.reshape(r.shape), differentiable=(0,))
sample("expand_dims", [numbers(3, 4)], lambda x: x[None, :, None], axes=[0, 2])
sample("squeeze", [numbers(1, 4, 1)], lambda x: x[0, :, 0], axes=[0, 2])
sample("zeros_like", [numbers(3, 4)], np.zeros_like)
sample("ones_like", [integers(3, 4)], np.ones_like)
sample("dim", [numbers(3, 4)], lambda x: np.int32(4), axis=1)
sample("size_ratio", [numbers(3, 4), numbers(3)], lambda x, y: np.float32(4))
sample("fill", [numbers()], lambda x: np.full((2, 3), x), shape=[2, 3])
sample("fill", [np.int8(3), np.int32(2)], lambda x, n: np.full((2, 0), x), constants=(1,), shape=[-2, 0])
sample("iota", [], lambda: np.arange(5, dtype="int64"), size=5, dtype="int64")
sample("iota", [np.int32(4)], lambda n: np.arange(4, dtype="float32"), constants=(0,), size=-2, dtype="float32")
sample("one_hot", [np.array([[0, 2], [-1, 3]])], lambda i: np.eye(5)[i][..., :3] * (i >= 0)[..., None], depth=3, dtype="float64")

# ---------------------------------------------------------------- parts

sample("concatenate", [numbers(2, 3), numbers(2, 0), numbers(2, 4)], lambda *x: np.concatenate(x, 1), axis=1)
sample("concatenate", [numbers(2, 3), numbers(1, 3)], lambda *x: np.concatenate(x, 0), axis=0)
sample("concatenate", [integers(3, dtype="int8")], lambda x: x, axis=0)
sample("concatenate_grad", [numbers(2, 5), numbers(2, 2), numbers(2, 3)], lambda g, a, b: g[:, 2:], differentiable=(0,), axis=1, index=1)
for begin, end, strides, where in [
    ([0, 1], [OPEN, 3], [1, 1], np.s_[:, 1:3]),
    ([1, -1], [2, BACKWARD_OPEN], [1, -2], np.s_[1:2, ::-2]),
    ([0, 3], [3, 1], [2, 1], np.s_[0:3:2, 3:1]),
]:
    sample("slice", [numbers(3, 5)], lambda x, where=where: x[where], begin=begin, end=end, strides=strides)
    placed = np.zeros((3, 5))
    placed[where] = numbers(*placed[where].shape)
    sample("slice_grad", [numbers(*placed[where].shape), numbers(3, 5)], lambda g, r, placed=placed: placed.astype(g.dtype), differentiable=(0,), begin=begin, end=end, strides=strides)
sample("dynamic_slice", [numbers(3, 5), np.array([1, 2], "int32")], lambda x, s: x[1:3, 2:4], sizes=[2, 2])
sample("dynamic_slice", [numbers(3, 5), np.array([1, 2]), np.int32(2)], lambda x, s, n: x[1:3, 2:4], constants=(2,), sizes=[-2, 2])


def updated(x, update, starts):
    x = x.copy()
    x[1:3, 2:4] = update
    return x


sample("dynamic_update_slice", [numbers(3, 5), numbers(2, 2), np.array([1, 2], "int32")], updated)
sample("pad", [numbers(2, 3), numbers()], lambda x, v: np.pad(x, [(1, 0), (0, 2)], constant_values=v), low=[1, 0], high=[0, 2])
sample("pad", [numbers(0, 3), numbers()], lambda x, v: np.pad(x, [(1, 0), (0, 2)], constant_values=v), low=[1, 0], high=[0, 2])
sample("flip", [numbers(2, 3)], lambda x: x[::-1, ::-1], axes=[0, 1])

# ---------------------------------------------------------------- indices

INDICES = np.array([[2, 0], [2, 1]], "int32")
for axis in [0, 1, 2]:
    sample("gather", [numbers(3, 4, 3), INDICES], lambda x, i, axis=axis: np.take(x, i, axis), axis=axis)
sample("gather", [numbers(3, 4), np.int64(2)], lambda x, i: x[2], axis=0)
sample("gather", [numbers(3, 4), np.zeros((0,), "uint8")], lambda x, i: x[:0], axis=0)


def gathered_back(axis):
    def truth(g, indices, x):
        result = np.zeros(x.shape, g.dtype)
        np.add.at(result, (slice(None),) * axis + (indices,), g)
        return result

    return truth


sample("gather_grad", [numbers(2, 2, 4), INDICES, numbers(3, 4)], gathered_back(0), differentiable=(0,), axis=0)
sample("gather_grad", [numbers(4, 2, 2), INDICES, numbers(4, 3)], gathered_back(1), differentiable=(0,), axis=1)
ALONG = np.array([[1, 0, 0], [2, 2, 1]])
sample("take_along_axis", [numbers(2, 4), ALONG], lambda x, i: np.take_along_axis(x, i, 1), axis=1)
sample("take_along_axis", [numbers(3, 3), ALONG[:, :1]], lambda x, i: np.take_along_axis(x, i, 0), axis=0)


def taken_back(g, indices, x):
    result = np.zeros(x.shape, g.dtype)
    np.add.at(result, (np.arange(2)[:, None], indices), g)
    return result


sample("take_along_axis_grad", [numbers(2, 3), ALONG, numbers(2, 4)], taken_back, differentiable=(0,), axis=1)
PLACES = np.array([[0, 1], [2, 0]], "int32")
TWICE = np.array([[1], [1], [0]])


def scattered(combine):
    def truth(x, indices, updates):
        x = x.copy()
        where = tuple(np.moveaxis(indices, -1, 0))
        combine(x, where, updates)
        return x

    return truth


sample("gather_nd", [numbers(3, 4), PLACES], lambda x, i: x[tuple(i.T)], constants=(1,))
sample("gather_nd", [numbers(3, 4), TWICE], lambda x, i: x[i[:, 0]], constants=(1,))
sample("scatter_add", [numbers(3, 4), PLACES, numbers(2)], scattered(np.add.at), constants=(1,))
sample("scatter_add", [numbers(3, 4), TWICE, numbers(3, 4)], scattered(np.add.at), constants=(1,))
sample("scatter_add", [integers(3, 4), TWICE, integers(3, 4)], scattered(np.add.at), constants=(1,))
sample("scatter_update", [numbers(3, 4), PLACES, numbers(2)], scattered(lambda x, i, u: x.__setitem__(i, u)), constants=(1,))

# ---------------------------------------------------------------- order

for shape, axis in [((3, 5), 1), ((3, 5), 0), ((1,), 0), ((2, 0), 1)]:
    for descending in [False, True]:
        order = lambda x, axis=axis, d=descending: np.argsort(-x if d else x, axis, kind="stable")  # noqa: E731
        sample("sort", [numbers(*shape)], lambda x, o=order, axis=axis: np.take_along_axis(x, o(x), axis), axis=axis, descending=descending)
        sample("argsort", [numbers(*shape)], lambda x, o=order: o(x).astype("int32"), axis=axis, descending=descending)
sample("argsort", [integers(20, high=0)], lambda x: np.argsort(x, kind="stable").astype("int32"), axis=0, descending=False)
sample("sort", [np.array([3.0, np.nan, 1.0])], np.sort, differentiable=(), axis=0, descending=False)


def top_k(k):
    def truth(x):
        order = np.argsort(-x, -1, kind="stable")[..., :k]
        return np.take_along_axis(x, order, -1), order.astype("int32")

    return truth


sample("top_k", [numbers(3, 5)], top_k(2), k=2, sorted=True)
sample("top_k", [numbers(3, 5)], top_k(5), k=5, sorted=True)
for side in ["left", "right"]:
    values = np.array([[1.0, 2.0], [9.0, 0.0]])
    sample("searchsorted", [np.array([1.0, 2.0, 2.0, 3.0]), values], lambda a, v, side=side: np.searchsorted(a, v, side).astype("int32"), side=side)

# ---------------------------------------------------------------- softmax


def softmax_grad(g, y, axis):
    return y * (g - (g * y).sum(axis, keepdims=True))


def log_softmax_grad(g, y, axis):
    return g - np.exp(y) * g.sum(axis, keepdims=True)


for shape, axis in [((3, 5), 1), ((3, 5), 0), ((2, 3, 4), 1), ((3, 1), 1), ((0, 3), 1)]:
    sample("softmax", [numbers(*shape)], lambda x, axis=axis: special.softmax(x, axis), axis=axis)
    sample("log_softmax", [numbers(*shape)], lambda x, axis=axis: special.log_softmax(x, axis), axis=axis)
    y = special.softmax(numbers(*shape) * 1.5, axis) if math.prod(shape) else numbers(*shape)
    sample("softmax_grad", [numbers(*shape), y], lambda g, y, axis=axis: softmax_grad(g, y, axis), axis=axis)
    sample("log_softmax_grad", [numbers(*shape), y], lambda g, y, axis=axis: log_softmax_grad(g, y, axis), axis=axis)

# ---------------------------------------------------------------- random: the moments are tested in tests/cpp/test_ops.cpp

for op in ["random_uniform", "random_normal", "random_truncated_normal"]:
    for dtype in ["float64", "float32", "float16", "bfloat16"]:
        sample(op, [SEED], None, shape=[3, 5], dtype=dtype)
    sample(op, [SEED, np.int32(2)], None, constants=(1,), shape=[-2, 0], dtype="float32")
sample("random_integer", [SEED, np.int32(-3), np.int32(4)], None, shape=[3, 5], dtype="int8")
sample("random_permutation", [SEED], None, size=7)
sample("random_gamma", [SEED, numbers(3, 5, low=0.2, high=5)], None, dtype="float64", half=False)
sample("dropout", [numbers(3, 5), SEED], None, rate=0.5)
sample("dropout", [numbers(3, 5), SEED], lambda x, seed: x, rate=0.0)
sample("dropout", [numbers(3, 5), SEED], lambda x, seed: 0 * x, rate=1.0)
