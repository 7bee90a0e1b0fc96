"""`tf.nn`: activations and crossentropies. Activations are Keras's own functions, so models that use them save."""

from __future__ import annotations

from typing import Any

from keraunos import activations, ops
from keraunos.runner.tensorflow import _subset
from keraunos.runner.tensorflow.linalg import l2_normalize as l2_normalize
from keraunos.runner.tensorflow.math import in_top_k as in_top_k
from keraunos.runner.tensorflow.math import top_k as top_k

elu = activations.elu
gelu = activations.gelu
log_softmax = activations.log_softmax
relu = activations.relu
relu6 = activations.relu6
selu = activations.selu
sigmoid = activations.sigmoid
silu = swish = activations.silu
softmax = activations.softmax
softplus = activations.softplus
softsign = activations.softsign
tanh = activations.tanh


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Any:
    """`max(x, alpha * x)`."""
    return ops.leaky_relu(features, negative_slope=alpha)


def dropout(x: Any, rate: float, noise_shape: Any = None, seed: Any = None, name: str | None = None) -> Any:
    """Zeroes a share `rate` of the elements and scales the others by `1 / (1 - rate)`."""
    from keraunos import random

    return random.dropout(x, rate, noise_shape=noise_shape, seed=seed)


def bias_add(value: Any, bias: Any, data_format: str | None = None, name: str | None = None) -> Any:
    """`value + bias` over the last axis."""
    if data_format not in (None, "NHWC", "N...C"):
        raise NotImplementedError(f"tf.nn.bias_add: channels must be the last axis. Received: {data_format!r}")
    return ops.add(value, bias)


def l2_loss(t: Any, name: str | None = None) -> Any:
    """Half the sum of squares."""
    return ops.divide(ops.sum(ops.square(t)), 2)


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Any:
    """The rows of `params` at `ids`."""
    if max_norm is not None:
        raise NotImplementedError(f"tf.nn.embedding_lookup: max_norm is not supported. Received: {max_norm}")
    return ops.take(params, ids, axis=0)


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False, name: str | None = None) -> Any:
    """Mean and variance along `axes`."""
    return ops.moments(x, tuple(axes) if isinstance(axes, list) else axes, keepdims=keepdims)


def softmax_cross_entropy_with_logits(labels: Any, logits: Any, axis: int = -1, name: str | None = None) -> Any:
    """Crossentropy of class probabilities `labels` against `softmax(logits)`, one number per row."""
    return ops.negative(ops.sum(ops.multiply(labels, ops.log_softmax(logits, axis=axis)), axis=axis))


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: str | None = None) -> Any:
    """Crossentropy of class numbers `labels` against `softmax(logits)`, one number per row."""
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def sigmoid_cross_entropy_with_logits(labels: Any = None, logits: Any = None, name: str | None = None) -> Any:
    """Crossentropy of `labels` against `sigmoid(logits)`, elementwise and without overflow."""
    return ops.add(
        ops.subtract(ops.relu(logits), ops.multiply(logits, labels)),
        ops.log1p(ops.exp(ops.negative(ops.abs(logits)))),
    )


__getattr__ = _subset.missing("tensorflow.nn")
