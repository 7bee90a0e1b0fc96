"""Arithmetic and reductions whose arguments or defaults are not those of today."""

from keraunos import ops


def sqrt(x):
    """Square root; numbers below 0 count as 0."""
    return ops.sqrt(ops.maximum(x, 0))


def pow(x, a):
    """`x` to the power of `a`."""
    return ops.power(x, a)


def argmax(x, axis=-1):
    """The index of the largest element along an axis."""
    return ops.argmax(x, axis=axis)


def argmin(x, axis=-1):
    """The index of the smallest element along an axis."""
    return ops.argmin(x, axis=axis)


def cumsum(x, axis=0):
    """Running sums along an axis."""
    return ops.cumsum(x, axis=axis)


def cumprod(x, axis=0):
    """Running products along an axis."""
    return ops.cumprod(x, axis=axis)


def l2_normalize(x, axis=None):
    """`x` divided by the root of the sum of its squares along an axis."""
    norm = ops.sqrt(ops.maximum(ops.sum(ops.square(x), axis=axis, keepdims=True), 1e-12))
    return ops.divide(x, norm)


def relu(x, alpha=0.0, max_value=None, threshold=0.0):
    """`x` above a threshold, at most `max_value`; below it `alpha * (x - threshold)`."""
    x = ops.convert_to_tensor(x)
    low = ops.where(ops.greater(x, threshold), ops.zeros_like(x), alpha * (x - threshold))
    high = ops.where(ops.greater(x, threshold), x, ops.zeros_like(x))
    return low + (high if max_value is None else ops.minimum(high, max_value))


def stop_gradient(variables):
    """The same values, constants for gradients. Lists give lists."""
    if isinstance(variables, (list, tuple)):
        return [ops.stop_gradient(each) for each in variables]
    return ops.stop_gradient(variables)


def dot(x, y):
    """Sums over the last axis of `x` and the second last of `y`; the axes of `x` come first."""
    x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    if len(x.shape) <= 2 and len(y.shape) <= 2:
        return ops.matmul(x, y)
    return ops.tensordot(x, y, axes=([len(x.shape) - 1], [max(len(y.shape) - 2, 0)]))


def batch_dot(x, y, axes=None):
    """The product of the rows of two batches along an axis of each.

    Args:
        x: Tensor with at least 2 axes.
        y: Tensor with at least 2 axes.
        axes: An axis or a pair of them, by default the last of `x` and the second last of `y` (of a matrix: the last).
    """
    x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    x_rank, y_rank = len(x.shape), len(y.shape)
    if x_rank < 2 or y_rank < 2:
        raise ValueError(f"batch_dot: both inputs need a batch axis and one more. Received: shapes {tuple(x.shape)} and {tuple(y.shape)}")
    if axes is None:
        axes = (x_rank - 1, y_rank - 1 if y_rank == 2 else y_rank - 2)
    if isinstance(axes, int):
        axes = (axes, axes)
    x_axis, y_axis = (axis % rank for axis, rank in zip(axes, (x_rank, y_rank)))
    if 0 in (x_axis, y_axis):
        raise ValueError(f"batch_dot: the batch axis cannot be summed over. Received: axes={axes}")
    letters = "abcdefghijklmnopqrstuvwxyz"
    x_axes = ["z", *letters[: x_rank - 1]]
    y_axes = ["z", *letters[x_rank - 1 : x_rank + y_rank - 2]]
    y_axes[y_axis] = x_axes[x_axis]
    kept = [a for a in x_axes if a != x_axes[x_axis]] + [a for a in y_axes[1:] if a != x_axes[x_axis]]
    product = ops.einsum(f"{''.join(x_axes)},{''.join(y_axes)}->{''.join(kept)}", x, y)
    return product if len(kept) > 1 else ops.expand_dims(product, 1)
