"""Activation functions."""

from __future__ import annotations

import math
import warnings

from keraunos.ops import _dims
from keraunos.ops._arguments import axes_tuple, axis_index, floats, tensor, with_dtype, without_bool
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, elementwise, joining, shaping
from keraunos.tensor import execute, scalar

operation = operations("nn")

_add, _multiply, _subtract, _where = (
    arithmetic.add,
    arithmetic.multiply,
    arithmetic.subtract,
    choices.where,
)


@operation
def relu(x):
    """`max(x, 0)`."""
    return execute("relu", [without_bool(x)], {})


@operation
def relu6(x):
    """`min(max(x, 0), 6)`."""
    return choices.clip(tensor(x), 0, 6)


@operation
def sigmoid(x):
    """`1 / (1 + exp(-x))`."""
    return execute("sigmoid", [floats(x)], {})


@operation
def sparse_sigmoid(x):
    """0 below -1, 1 above 1, a straight line between."""
    x = floats(x)
    return choices.clip(_multiply(_add(x, 1.0), 0.5), 0.0, 1.0)


@operation
def softplus(x):
    """`log(1 + exp(x))` without overflow."""
    return execute("softplus", [floats(x)], {})


@operation
def softsign(x):
    """`x / (1 + |x|)`."""
    x = floats(x)
    return arithmetic.divide(x, _add(elementwise.absolute(x), 1.0))


@operation
def soft_shrink(x, threshold=0.5):
    """`x` moved towards 0 by `threshold`, 0 where it is nearer than that."""
    x = floats(x)
    below = _where(comparisons.less(x, -threshold), _add(x, threshold), 0.0)
    return _where(comparisons.greater(x, threshold), _subtract(x, threshold), below)


@operation
def sparse_plus(x):
    """0 below -1, x above 1, `(x + 1)^2 / 4` between."""
    x = floats(x)
    middle = _multiply(elementwise.square(_add(x, 1.0)), 0.25)
    return _where(comparisons.less_equal(x, -1.0), 0.0, _where(comparisons.less(x, 1.0), middle, x))


@operation
def silu(x):
    """`x * sigmoid(x)`, also called swish."""
    x = floats(x)
    return execute("multiply", [x, execute("sigmoid", [x], {})], {})


swish = silu


@operation
def squareplus(x, b=4):
    """`(x + sqrt(x^2 + b)) / 2`."""
    x = floats(x)
    return _multiply(_add(x, elementwise.sqrt(_add(elementwise.square(x), b))), 0.5)


@operation
def log_sigmoid(x):
    """`log(sigmoid(x))` without overflow."""
    x = floats(x)
    return execute("negative", [execute("softplus", [execute("negative", [x], {})], {})], {})


@operation
def leaky_relu(x, negative_slope=0.2):
    """`x` above 0, `negative_slope * x` below."""
    x = floats(x)
    return _where(comparisons.greater(x, 0.0), x, _multiply(x, negative_slope))


@operation
def hard_sigmoid(x):
    """`clip(x / 6 + 0.5, 0, 1)`."""
    return choices.clip(_add(_multiply(floats(x), 1.0 / 6.0), 0.5), 0.0, 1.0)


@operation
def hard_silu(x):
    """`x * hard_sigmoid(x)`, also called hard swish."""
    x = floats(x)
    return _multiply(x, hard_sigmoid(x))


hard_swish = hard_silu


def _exponential_tail(x):
    """`exp(x) - 1` below 0. Above, its argument stays at 0: no infinity gets into the gradient."""
    return elementwise.expm1(arithmetic.minimum(x, 0.0))


@operation
def elu(x, alpha=1.0):
    """`x` above 0, `alpha * (exp(x) - 1)` below."""
    x = floats(x)
    return _where(comparisons.greater(x, 0.0), x, _multiply(_exponential_tail(x), alpha))


@operation
def selu(x):
    """Scaled elu: `1.0507 * elu(x, 1.6733)` (Klambauer et al., 2017)."""
    alpha, scale = 1.6732632423543772, 1.0507009873554805
    return _multiply(elu(x, alpha), scale)


@operation
def celu(x, alpha=1.0):
    """`x` above 0, `alpha * (exp(x / alpha) - 1)` below."""
    x = floats(x)
    tail = _multiply(_exponential_tail(arithmetic.divide(x, alpha)), alpha)
    return _where(comparisons.greater(x, 0.0), x, tail)


@operation
def gelu(x, approximate=True):
    """`x * P(X <= x)` for a standard normal X (Hendrycks and Gimpel, 2016), by a tanh formula if `approximate`."""
    x = floats(x)
    if not approximate:
        return execute("gelu", [x], {})
    inner = _multiply(_add(x, _multiply(_multiply(elementwise.square(x), x), 0.044715)), math.sqrt(2.0 / math.pi))
    return _multiply(_multiply(x, 0.5), _add(elementwise.tanh(inner), 1.0))


@operation
def glu(x, axis=-1):
    """The first half along an axis times the sigmoid of the second half."""
    x = floats(x)
    axis = axis_index(axis, len(x.shape))
    if x.shape[axis] is not None and x.shape[axis] % 2:
        raise ValueError(f"axis size must be divisible by 2. Received: x.shape={tuple(x.shape)} with axis={axis}")
    values, gates = joining.split(x, 2, axis=axis)
    return _multiply(values, sigmoid(gates))


@operation
def tanh_shrink(x):
    """`x - tanh(x)`."""
    x = floats(x)
    return _subtract(x, elementwise.tanh(x))


@operation
def hard_tanh(x):
    """`clip(x, -1, 1)`."""
    return choices.clip(floats(x), -1.0, 1.0)


@operation
def hard_shrink(x, threshold=0.5):
    """`x`, 0 where `|x| <= threshold`."""
    x = floats(x)
    return _where(comparisons.greater(elementwise.absolute(x), threshold), x, 0.0)


@operation("x")
def threshold(x, threshold, default_value):
    """`x` where it is above `threshold`, `default_value` elsewhere."""
    x = tensor(x)
    return _where(comparisons.greater(x, threshold), x, default_value)


def _along(function, x, axis):
    """`function` over one axis, or over several joined into one."""
    x = floats(x)
    if axis is None or isinstance(axis, (list, tuple)):
        axes = list(axes_tuple(axis, len(x.shape)))
        if len(axes) != 1:
            kept = [a for a in range(len(x.shape)) if a not in axes]
            order = kept + axes
            moved = shaping.permute(x, order)
            sizes = _dims.shape_of(moved)
            flat = _dims.reshape(moved, (*sizes[: len(kept)], _dims.product(sizes[len(kept) :])))
            result = _dims.reshape(function(flat, len(kept)), sizes)
            return shaping.permute(result, sorted(range(len(order)), key=order.__getitem__))
        axis = axes[0]
    return function(x, axis_index(axis, len(x.shape)))


@operation
def softmax(x, axis=-1):
    """`exp(x) / sum(exp(x))` along an axis, several, or (`None`) all."""
    shape = getattr(x, "shape", None)
    if isinstance(axis, int) and shape is not None and -len(shape) <= axis < len(shape) and shape[axis] == 1:
        warnings.warn(
            f"You are using a softmax over axis {axis} of a tensor of shape {tuple(shape)}. This axis has size 1. The "
            "softmax operation will always return the value 1, which is likely not what you intended. Did you mean "
            "to use a sigmoid instead?",
            stacklevel=3,
        )
    return _along(lambda x, axis: execute("softmax", [x], {"axis": axis}), x, axis)


@operation
def log_softmax(x, axis=-1):
    """`log(softmax(x))` along an axis, several, or (`None`) all, without overflow."""
    return _along(lambda x, axis: execute("log_softmax", [x], {"axis": axis}), x, axis)


@operation
def sparsemax(x, axis=-1):
    """The nearest point of the probability simplex to the logits along an axis (Martins and Astudillo, 2016)."""

    def project(x, axis):
        ordered = execute("sort", [x], {"axis": axis, "descending": True})
        sums = execute("cumsum", [ordered], {"axis": axis, "reverse": False})
        shape = [1] * len(x.shape)
        shape[axis] = _dims.size_of(x, axis)
        rank = _add(_dims.reshape(_dims.iota(shape[axis], x.dtype), tuple(shape)), 1.0)
        is_support = comparisons.greater(_add(_multiply(rank, ordered), 1.0), sums)
        held = _where(is_support, 1.0, 0.0)
        count = execute("sum", [with_dtype(held, x.dtype)], {"axes": [axis], "keepdims": True})
        total = execute("sum", [_where(is_support, ordered, 0.0)], {"axes": [axis], "keepdims": True})
        tau = arithmetic.divide(_subtract(total, 1.0), count)
        return arithmetic.maximum(_subtract(x, tau), scalar(0.0, x.dtype))

    return _along(project, x, axis)


__all__ = [
    "celu",
    "elu",
    "gelu",
    "glu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "log_softmax",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "sparsemax",
    "squareplus",
    "swish",
    "tanh_shrink",
    "threshold",
]
