"""Means, variances, and scaling by them."""

from __future__ import annotations

import warnings

import numpy as np

from keraunos import config, dtypes
from keraunos.dtypes import promoted
from keraunos.ops import _dims
from keraunos.ops._arguments import axes_tuple, axis_index, floats, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, elementwise, reduction, shaping
from keraunos.tensor import cast_tensor, execute, shape_equal

operation = operations("nn")


@operation
def moments(x, axes, keepdims=False, synchronized=False):
    """`(mean, variance)` along axes. Half-precision floats are computed in float32; two passes."""
    if synchronized:
        raise NotImplementedError("Argument synchronized=True is not supported with keraunos.")
    x = floats(x)
    wide = cast_tensor(x, promoted(x.dtype, "float32"))
    axes = axes_tuple(axes, len(x.shape))
    mean = reduction.reduce("mean", wide, axes, True)
    variance = reduction.reduce("mean", elementwise.square(arithmetic.subtract(wide, mean)), axes, keepdims)
    if not keepdims:
        mean = shaping.squeeze(mean, axes) if axes else mean
    if x.dtype == "float16":
        limit = elementwise.largest_number("float16")
        mean, variance = choices.clip(mean, -limit, limit), choices.clip(variance, -limit, limit)
    return cast_tensor(mean, x.dtype), cast_tensor(variance, x.dtype)


@operation("x", "mean", "variance", "offset", "scale", name="BatchNorm")
def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`, with vectors along one axis."""
    x = floats(x)
    axis = axis_index(axis, len(x.shape))
    size = x.shape[axis]

    def along(vector, name):
        vector = with_dtype(vector, x.dtype)
        if not shape_equal(tuple(vector.shape), (size,)):
            raise ValueError(
                f"Arguments `{name}` must be a vector of length `x.shape[axis]`. Expected: `{(size,)}`. "
                f"Received: `{tuple(vector.shape)}`."
            )
        if axis == len(x.shape) - 1:
            return vector
        shape = [1] * len(x.shape)
        shape[axis] = _dims.size_of(vector, 0)
        return _dims.reshape(vector, tuple(shape))

    inverse = execute("rsqrt", [arithmetic.add(along(variance, "variance"), epsilon)], {})
    if scale is not None:
        inverse = arithmetic.multiply(inverse, along(scale, "scale"))
    # (x - mean) first: for a mean that is large beside the deviation, x * inverse would have lost it.
    result = arithmetic.multiply(arithmetic.subtract(x, along(mean, "mean")), inverse)
    return result if offset is None else arithmetic.add(result, along(offset, "offset"))


def batch_normalization_in_training(x, axis, offset=None, scale=None, epsilon=1e-3):
    """Normalizes with the batch's own statistics along one axis.

    Args:
        x: floats of rank 2 or more.
        axis: the axis of the features.
        offset, scale: vectors of its size, or `None`.
        epsilon: number that keeps the division finite.

    Returns:
        `(result, mean, variance)`.
    """
    rank = len(x.shape)
    axis = axis_index(axis, rank)
    size = x.shape[axis]
    if rank > 1 and type(size) is int:
        scale = _constants((size,), 1.0, x.dtype) if scale is None else scale
        offset = _constants((size,), 0.0, x.dtype) if offset is None else offset
        return _over_last_axis(
            lambda x: execute("batch_norm", [x, scale, offset], {"epsilon": float(epsilon)}), x, axis
        )
    axes = tuple(a for a in range(rank) if a != axis)
    mean = reduction.reduce("mean", x, axes, True)
    variance = reduction.reduce("mean", elementwise.square(arithmetic.subtract(x, mean)), axes, False)
    mean = shaping.squeeze(mean, axes) if axes else mean
    return batch_normalization(x, mean, variance, axis, offset, scale, epsilon), mean, variance


def _over_last_axis(normalize, x, axis):
    """What `normalize` gives for `x` with `axis` as its last one; its first result has the axes of `x` again."""
    rank = len(x.shape)
    if axis == rank - 1:
        return normalize(x)
    others = [a for a in range(rank) if a != axis]
    result, *statistics = normalize(execute("transpose", [x], {"axes": [*others, axis]}))
    back = [rank - 1 if a == axis else others.index(a) for a in range(rank)]
    return execute("transpose", [result], {"axes": back}), *statistics


def _constants(sizes, value, dtype):
    return with_dtype(np.full(sizes, value, "float32"), dtype)


@operation("x", "gamma", "beta", name="LayerNorm")
def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=None, **kwargs):
    """`(x - mean) / sqrt(variance + epsilon) * gamma + beta`, mean and variance along axes (Ba et al., 2016)."""
    is_scaling_only = kwargs.pop("rms_scaling", False)
    if is_scaling_only:
        warnings.warn(
            "You passed `rms_scaling=True`, which is deprecated. This argument incorrectly scales the input by the "
            "variance, not the root mean square. To correctly use RMS Normalization, please use "
            "`keras.ops.rms_normalization` / `keras.ops.nn.rms_normalization` instead.",
            stacklevel=3,
        )
    if kwargs:
        raise TypeError(f"layer_normalization: unexpected keyword arguments: {', '.join(kwargs)}")
    epsilon = config.epsilon() if epsilon is None else epsilon
    x = floats(x)
    wide = cast_tensor(x, promoted(x.dtype, "float32"))
    axes = axes_tuple(axis, len(x.shape))
    if not is_scaling_only and _are_last_sizes(wide, axes, gamma, beta):
        return cast_tensor(_in_rows(wide, axes, gamma, beta, epsilon, True), x.dtype)
    mean = reduction.reduce("mean", wide, axes, True)
    centred = arithmetic.subtract(wide, mean)
    variance = reduction.reduce("mean", elementwise.square(centred), axes, True)
    inverse = execute("rsqrt", [arithmetic.add(variance, epsilon)], {})
    result = arithmetic.multiply(wide if is_scaling_only else centred, inverse)
    if gamma is not None:
        result = arithmetic.multiply(result, _along_axes(gamma, wide, axes))
    if beta is not None and not is_scaling_only:
        result = arithmetic.add(result, _along_axes(beta, wide, axes))
    return cast_tensor(result, x.dtype)


def _are_last_sizes(x, axes, *parameters):
    """Whether `axes` are the last ones, of known sizes, and the parameters have those sizes."""
    rank = len(x.shape)
    sizes = tuple(x.shape[a] for a in axes)
    if not axes or axes != tuple(range(rank - len(axes), rank)) or not all(type(size) is int for size in sizes):
        return False
    return all(parameter is None or tuple(parameter.shape) == sizes for parameter in parameters)


def _in_rows(x, axes, gamma, beta, epsilon, is_centred):
    sizes = tuple(x.shape[a] for a in axes)
    gamma = _constants(sizes, 1.0, x.dtype) if gamma is None else with_dtype(gamma, x.dtype)
    beta = _constants(sizes, 0.0, x.dtype) if beta is None else with_dtype(beta, x.dtype)
    return execute("layer_norm", [x, gamma, beta], {"epsilon": float(epsilon), "centred": is_centred})[0]


def _along_axes(parameter, x, axes):
    """`parameter`, of the sizes of `x` along `axes`, made to broadcast with `x`."""
    parameter = with_dtype(parameter, x.dtype)
    rank = len(x.shape)
    if len(parameter.shape) in (0, rank) or axes == tuple(range(rank - len(parameter.shape), rank)):
        return parameter
    sizes = _dims.shape_of(x)
    return _dims.reshape(parameter, tuple(sizes[a] if a in axes else 1 for a in range(rank)))


@operation("x", "scale", name="RMSNorm")
def rms_normalization(x, scale=None, axis=-1, epsilon=None):
    """`x / sqrt(mean(x^2) + epsilon) * scale`, the mean along axes (Zhang and Sennrich, 2019)."""
    epsilon = config.epsilon() if epsilon is None else epsilon
    x = floats(x)
    wide = cast_tensor(x, promoted(x.dtype, "float32"))
    if not wide.shape:
        wide = shaping.expand_dims(wide, 0)
    axes = axes_tuple(axis, len(wide.shape))
    if _are_last_sizes(wide, axes, scale):
        return cast_tensor(_in_rows(wide, axes, scale, None, epsilon, False), x.dtype)
    mean_square = reduction.reduce("mean", elementwise.square(wide), axes, True)
    result = arithmetic.multiply(wide, execute("rsqrt", [arithmetic.add(mean_square, epsilon)], {}))
    if scale is not None:
        result = arithmetic.multiply(result, _along_axes(scale, wide, axes))
    return cast_tensor(result, x.dtype)


@operation
def normalize(x, axis=-1, order=2, epsilon=None):
    """`x` divided by its norm of an order along axes; norms below `epsilon` count as `epsilon`."""
    if not isinstance(order, int) or not order >= 1:
        raise ValueError(f"Argument `order` must be an int >= 1. Received: order={order}")
    epsilon = config.epsilon() if epsilon is None else epsilon
    x = tensor(x)
    if x.dtype not in dtypes.FLOATS:
        x = floats(x)
    if not x.shape:
        x = shaping.expand_dims(x, 0)
    if order == 2:
        total = reduction.sum(elementwise.square(x), axis=axis, keepdims=True)
        # Limited before the root, whose gradient is infinite at 0.
        return arithmetic.multiply(x, execute("rsqrt", [arithmetic.maximum(total, epsilon**2)], {}))
    powers = arithmetic.power(elementwise.absolute(x), float(order)) if order > 1 else elementwise.absolute(x)
    total = reduction.sum(powers, axis=axis, keepdims=True)
    size = arithmetic.power(total, 1.0 / order) if order > 1 else total
    return arithmetic.divide(x, arithmetic.maximum(size, epsilon))


__all__ = ["batch_normalization", "layer_normalization", "moments", "normalize", "rms_normalization"]
