"""`tf.math`: elementwise functions and reductions with tensorflow's argument names, written with `keraunos.ops`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keraunos import ops
from keraunos.runner.tensorflow import _subset
from keraunos.runner.tensorflow.arrays import as_shape, dtype_name
from keraunos.runner.tensorflow.linalg import l2_normalize as l2_normalize


def _unary(name: str, op: Callable[[Any], Any], meaning: str) -> Callable[..., Any]:
    def function(x: Any, name: str | None = None) -> Any:
        return op(x)

    return _named(function, name, meaning)


def _binary(name: str, op: Callable[[Any, Any], Any], meaning: str) -> Callable[..., Any]:
    def function(x: Any, y: Any, name: str | None = None) -> Any:
        return op(x, y)

    return _named(function, name, meaning)


def _reduction(name: str, op: Callable[..., Any], meaning: str) -> Callable[..., Any]:
    def function(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
        return op(input_tensor, axis=_axes(axis), keepdims=keepdims)

    return _named(function, name, meaning)


def _named(function: Callable[..., Any], name: str, meaning: str) -> Callable[..., Any]:
    function.__name__ = function.__qualname__ = name
    function.__doc__ = meaning
    return function


def _axes(axis: Any) -> Any:
    if axis is None or isinstance(axis, int):
        return axis
    axes = as_shape(axis)
    return axes[0] if len(axes) == 1 else axes


abs = _unary("abs", ops.abs, "Absolute value.")
acos = _unary("acos", ops.arccos, "Inverse cosine.")
acosh = _unary("acosh", ops.arccosh, "Inverse hyperbolic cosine.")
asin = _unary("asin", ops.arcsin, "Inverse sine.")
asinh = _unary("asinh", ops.arcsinh, "Inverse hyperbolic sine.")
atan = _unary("atan", ops.arctan, "Inverse tangent.")
atanh = _unary("atanh", ops.arctanh, "Inverse hyperbolic tangent.")
ceil = _unary("ceil", ops.ceil, "The next integer upwards.")
cos = _unary("cos", ops.cos, "Cosine.")
cosh = _unary("cosh", ops.cosh, "Hyperbolic cosine.")
erf = _unary("erf", ops.erf, "Error function.")
exp = _unary("exp", ops.exp, "Exponential.")
expm1 = _unary("expm1", ops.expm1, "`exp(x) - 1`, exact near zero.")
floor = _unary("floor", ops.floor, "The next integer downwards.")
is_finite = _unary("is_finite", ops.isfinite, "Whether each element is neither infinite nor NaN.")
is_inf = _unary("is_inf", ops.isinf, "Whether each element is infinite.")
is_nan = _unary("is_nan", ops.isnan, "Whether each element is NaN.")
log = _unary("log", ops.log, "Natural logarithm.")
log1p = _unary("log1p", ops.log1p, "`log(1 + x)`, exact near zero.")
log_sigmoid = _unary("log_sigmoid", ops.log_sigmoid, "Logarithm of the sigmoid.")
logical_not = _unary("logical_not", ops.logical_not, "Whether each element is false.")
negative = _unary("negative", ops.negative, "`-x`.")
reciprocal = _unary("reciprocal", ops.reciprocal, "`1 / x`.")
round = _unary("round", ops.round, "The nearest integer, halves to even.")
rsqrt = _unary("rsqrt", ops.rsqrt, "`1 / sqrt(x)`.")
sigmoid = _unary("sigmoid", ops.sigmoid, "`1 / (1 + exp(-x))`.")
sign = _unary("sign", ops.sign, "-1, 0 or 1.")
sin = _unary("sin", ops.sin, "Sine.")
sinh = _unary("sinh", ops.sinh, "Hyperbolic sine.")
softplus = _unary("softplus", ops.softplus, "`log(1 + exp(x))`.")
sqrt = _unary("sqrt", ops.sqrt, "Square root.")
square = _unary("square", ops.square, "`x * x`.")
tan = _unary("tan", ops.tan, "Tangent.")
tanh = _unary("tanh", ops.tanh, "Hyperbolic tangent.")

add = _binary("add", ops.add, "`x + y`.")
atan2 = _binary("atan2", ops.arctan2, "The angle of the point (y, x).")
divide = _binary("divide", ops.true_divide, "`x / y`.")
equal = _binary("equal", ops.equal, "`x == y`.")
floordiv = _binary("floordiv", ops.floor_divide, "`x // y`.")
floormod = mod = _binary("floormod", ops.mod, "`x % y`, with the sign of y.")
greater = _binary("greater", ops.greater, "`x > y`.")
greater_equal = _binary("greater_equal", ops.greater_equal, "`x >= y`.")
less = _binary("less", ops.less, "`x < y`.")
less_equal = _binary("less_equal", ops.less_equal, "`x <= y`.")
logical_and = _binary("logical_and", ops.logical_and, "Whether both hold.")
logical_or = _binary("logical_or", ops.logical_or, "Whether one or both hold.")
logical_xor = _binary("logical_xor", ops.logical_xor, "Whether exactly one holds.")
maximum = _binary("maximum", ops.maximum, "The larger of the two.")
minimum = _binary("minimum", ops.minimum, "The smaller of the two.")
multiply = _binary("multiply", ops.multiply, "`x * y`.")
not_equal = _binary("not_equal", ops.not_equal, "`x != y`.")
pow = _binary("pow", ops.power, "`x ** y`.")
subtract = _binary("subtract", ops.subtract, "`x - y`.")
truediv = _binary("truediv", ops.true_divide, "`x / y`.")

reduce_all = _reduction("reduce_all", ops.all, "Whether all elements along `axis` hold.")
reduce_any = _reduction("reduce_any", ops.any, "Whether some element along `axis` holds.")
reduce_logsumexp = _reduction("reduce_logsumexp", ops.logsumexp, "`log(sum(exp(x)))` along `axis`, without overflow.")
reduce_max = _reduction("reduce_max", ops.max, "The largest element along `axis`.")
reduce_mean = _reduction("reduce_mean", ops.mean, "The mean along `axis`.")
reduce_min = _reduction("reduce_min", ops.min, "The smallest element along `axis`.")
reduce_prod = _reduction("reduce_prod", ops.prod, "The product along `axis`.")
reduce_std = _reduction("reduce_std", ops.std, "The standard deviation along `axis`.")
reduce_sum = _reduction("reduce_sum", ops.sum, "The sum along `axis`.")
reduce_variance = _reduction("reduce_variance", ops.var, "The variance along `axis`.")


def squared_difference(x: Any, y: Any, name: str | None = None) -> Any:
    """`(x - y) ** 2`."""
    return ops.square(ops.subtract(x, y))


def divide_no_nan(x: Any, y: Any, name: str | None = None) -> Any:
    """`x / y`, and 0 where y is 0."""
    return ops.divide_no_nan(x, y)


def add_n(inputs: Any, name: str | None = None) -> Any:
    """The sum of a list of tensors."""
    total = inputs[0]
    for tensor in inputs[1:]:
        total = ops.add(total, tensor)
    return total


def argmax(input: Any, axis: int | None = None, output_type: Any = "int64", name: str | None = None) -> Any:
    """The place of the largest element along `axis` (the first axis by default)."""
    return ops.cast(ops.argmax(input, axis=0 if axis is None else axis), dtype_name(output_type))


def argmin(input: Any, axis: int | None = None, output_type: Any = "int64", name: str | None = None) -> Any:
    """The place of the smallest element along `axis` (the first axis by default)."""
    return ops.cast(ops.argmin(input, axis=0 if axis is None else axis), dtype_name(output_type))


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Any:
    """`t` with every element moved into the range."""
    return ops.clip(t, clip_value_min, clip_value_max)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Any:
    """`t` scaled down so that its Euclidean norm is at most `clip_norm`."""
    norm = ops.sqrt(ops.sum(ops.square(t), axis=_axes(axes), keepdims=True))
    return ops.multiply(t, ops.divide(clip_norm, ops.maximum(norm, clip_norm)))


def clip_by_global_norm(t_list: Any, clip_norm: Any, use_norm: Any = None, name: str | None = None) -> Any:
    """The tensors scaled down so that all together have a norm of at most `clip_norm`; returns them and the norm."""
    norm = global_norm(t_list) if use_norm is None else use_norm
    factor = ops.divide(clip_norm, ops.maximum(norm, clip_norm))
    return [None if t is None else ops.multiply(t, factor) for t in t_list], norm


def global_norm(t_list: Any, name: str | None = None) -> Any:
    """The Euclidean norm of all elements of a list of tensors; None entries count nothing."""
    return ops.sqrt(add_n([ops.sum(ops.square(t)) for t in t_list if t is not None]))


def cumsum(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False, name: str | None = None) -> Any:
    """Running sums along `axis`; `exclusive` leaves out the element itself, `reverse` starts at the end."""
    if reverse:
        return ops.flip(cumsum(ops.flip(x, axis=axis), axis, exclusive), axis=axis)
    total = ops.cumsum(x, axis=axis)
    return ops.subtract(total, x) if exclusive else total


def cumprod(x: Any, axis: int = 0, name: str | None = None) -> Any:
    """Running products along `axis`."""
    return ops.cumprod(x, axis=axis)


def top_k(input: Any, k: int = 1, sorted: bool = True, name: str | None = None) -> Any:
    """The k largest elements along the last axis and their places."""
    return ops.top_k(input, k, sorted=sorted)


def in_top_k(targets: Any, predictions: Any, k: int, name: str | None = None) -> Any:
    """Whether the target class is among the k most probable of each row."""
    return ops.in_top_k(targets, predictions, k)


def segment_sum(data: Any, segment_ids: Any, name: str | None = None) -> Any:
    """Sums of the rows with the same id."""
    return ops.segment_sum(data, segment_ids)


def bincount(arr: Any, weights: Any = None, minlength: int | None = None, name: str | None = None) -> Any:
    """How often each non-negative integer occurs."""
    return ops.bincount(arr, weights=weights, minlength=minlength or 0)


def confusion_matrix(labels: Any, predictions: Any, num_classes: int | None = None, name: str | None = None) -> Any:
    """Counts of (label, prediction) pairs: row = label, column = prediction. Needs concrete values."""
    labels, predictions = ops.cast(labels, "int32"), ops.cast(predictions, "int32")
    if num_classes is None:
        num_classes = 1 + int(ops.maximum(ops.max(labels), ops.max(predictions)))
    pairs = ops.add(ops.multiply(labels, num_classes), predictions)
    counts = ops.bincount(pairs, minlength=num_classes * num_classes)
    return ops.reshape(ops.cast(counts, "int32"), (num_classes, num_classes))


__getattr__ = _subset.missing("tensorflow.math")
