"""Crossentropies, element by element or row by row."""

from __future__ import annotations

from keraunos import config
from keraunos.ops._arguments import axis_index, float_pair, floats, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, elementwise, reduction, shaping
from keraunos.tensor import cast_tensor, execute, shape_equal

operation = operations("nn")


def _check_same_shape(target, output):
    if not shape_equal(tuple(target.shape), tuple(output.shape)):
        raise ValueError(
            "Arguments `target` and `output` must have the same shape. Received: "
            f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
        )


def _clipped(probabilities):
    epsilon = config.epsilon()
    return choices.clip(probabilities, epsilon, 1.0 - epsilon)


@operation("target", "output")
def binary_crossentropy(target, output, from_logits=False):
    """`-(t log p + (1 - t) log(1 - p))` for each element.

    Args:
        target: the true values, in [0, 1].
        output: probabilities, clipped by `epsilon` at both ends, or logits.
        from_logits: whether `output` holds logits.
    """
    target, output = float_pair(target, output)
    _check_same_shape(target, output)
    if from_logits:
        # relu(x) - x t + log(1 + exp(-|x|)): no overflow, no cancellation
        tail = execute("softplus", [elementwise.negative(elementwise.absolute(output))], {})
        head = arithmetic.subtract(execute("relu", [output], {}), arithmetic.multiply(output, target))
        return arithmetic.add(head, tail)
    output = _clipped(execute("expect_probabilities", [output], {}))
    hit = arithmetic.multiply(target, elementwise.log(output))
    miss = arithmetic.multiply(arithmetic.subtract(1.0, target), elementwise.log(arithmetic.subtract(1.0, output)))
    return elementwise.negative(arithmetic.add(hit, miss))


def _log_probabilities(output, from_logits, axis):
    if from_logits:
        return execute("log_softmax", [output], {"axis": axis})
    total = reduction.sum(output, axis=axis, keepdims=True)
    # Rows of zeros stay zeros, and become epsilon.
    total = choices.where(comparisons.equal(total, 0.0), 1.0, total)
    return elementwise.log(_clipped(arithmetic.divide(output, total)))


@operation("target", "output")
def categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """`-sum(t log p)` along an axis.

    Args:
        target: the true probabilities, such as one-hot vectors.
        output: probabilities (rescaled to the sum 1, then clipped by `epsilon`), or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.
    """
    target, output = float_pair(target, output)
    _check_same_shape(target, output)
    if len(target.shape) < 1:
        raise ValueError(
            "Arguments `target` and `output` must be at least rank 1. Received: "
            f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
        )
    axis = axis_index(axis, len(output.shape))
    products = arithmetic.multiply(target, _log_probabilities(output, from_logits, axis))
    return elementwise.negative(reduction.sum(products, axis=axis))


@operation("target", "output")
def sparse_categorical_crossentropy(target, output, from_logits=False, axis=-1):
    """`-log p[t]` along an axis.

    Args:
        target: the true classes, integers in [0, classes).
        output: probabilities (rescaled to the sum 1, then clipped by `epsilon`), or logits.
        from_logits: whether `output` holds logits.
        axis: the axis of the classes.
    """
    output = floats(output)
    target = tensor(target)
    if len(output.shape) < 1:
        raise ValueError(f"Argument `output` must be at least rank 1. Received: output.shape={tuple(output.shape)}")
    if target.dtype not in ("int32", "int64"):
        target = cast_tensor(target, "int32")
    axis = axis_index(axis, len(output.shape))
    shape = list(output.shape)
    del shape[axis]
    if len(target.shape) == len(output.shape) and target.shape[axis] == 1:
        target = shaping.squeeze(target, axis)
    if not shape_equal(tuple(target.shape), tuple(shape)):
        raise ValueError(
            "Arguments `target` and `output` must have the same shape up until the last dimension: "
            f"target.shape={tuple(target.shape)}, output.shape={tuple(output.shape)}"
        )
    logarithms = _log_probabilities(output, from_logits, axis)
    picked = execute("take_along_axis", [logarithms, shaping.expand_dims(target, axis)], {"axis": axis})
    return elementwise.negative(shaping.squeeze(picked, axis))


@operation("x1", "x2", name="PSNR")
def psnr(x1, x2, max_val):
    """The peak signal-to-noise ratio in decibels: `20 log10(max_val) - 10 log10(mean((x1 - x2)^2))`."""
    x1, x2 = float_pair(x1, x2)
    if len(x1.shape) != len(x2.shape):
        raise ValueError("Inputs must have the same rank")
    if not shape_equal(tuple(x1.shape), tuple(x2.shape)):
        raise ValueError(
            f"Input shapes {tuple(x1.shape)} and {tuple(x2.shape)} must match for PSNR calculation. "
        )
    error = reduction.mean(elementwise.square(arithmetic.subtract(x1, x2)))
    peak = elementwise.log10(with_dtype(max_val, x1.dtype))
    return arithmetic.subtract(arithmetic.multiply(peak, 20.0), arithmetic.multiply(elementwise.log10(error), 10.0))


__all__ = [
    "binary_crossentropy",
    "categorical_crossentropy",
    "psnr",
    "sparse_categorical_crossentropy",
]
