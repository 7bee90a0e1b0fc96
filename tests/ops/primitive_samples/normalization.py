"""Normalization over the rows of a batch, and in each row."""

import numpy as np
from primitive_sample import numbers, sample

EPSILON = 0.1


def batch_norm(x, gamma, beta):
    axes = tuple(range(x.ndim - 1))
    mean, variance = x.mean(axes), x.var(axes)
    return (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta, mean, variance


def batch_norm_grad(g, x, gamma, beta, mean, variance):
    axes = tuple(range(x.ndim - 1))
    inverse = 1 / np.sqrt(variance + EPSILON)
    normal = (x - mean) * inverse
    dx = gamma * inverse * (g - g.mean(axes) - normal * (g * normal).mean(axes))
    return dx, (g * normal).sum(axes), g.sum(axes)


def batch_norm_relu(x, gamma, beta):
    y, mean, variance = batch_norm(x, gamma, beta)
    return np.maximum(y, 0), mean, variance


def batch_norm_relu_grad(g, x, gamma, beta, mean, variance):
    y = (x - mean) / np.sqrt(variance + EPSILON) * gamma + beta
    return batch_norm_grad(g * (y > 0), x, gamma, beta, mean, variance)


def layer_norm(x, gamma, beta, centred):
    axes = tuple(range(x.ndim - gamma.ndim, x.ndim))
    mean = x.mean(axes, keepdims=True) * centred
    inverse = 1 / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + EPSILON)
    return (x - mean) * inverse * gamma + beta, mean.squeeze(axes), inverse.squeeze(axes)


def layer_norm_grad(g, x, gamma, mean, inverse, centred):
    first, axes = tuple(range(x.ndim - gamma.ndim)), tuple(range(x.ndim - gamma.ndim, x.ndim))
    inverse = np.expand_dims(inverse, axes)
    normal = (x - np.expand_dims(mean, axes)) * inverse
    scaled = g * gamma
    dx = inverse * (scaled - scaled.mean(axes, keepdims=True) * centred - normal * (scaled * normal).mean(axes, keepdims=True))
    return dx, (g * normal).sum(first), g.sum(first)


for shape in [(5, 3), (2, 3, 4), (1, 2), (7, 1), (2, 2, 2, 9)]:
    size = shape[-1]
    x, g = numbers(*shape), numbers(*shape, low=-1.0)
    gamma, beta, mean = numbers(size, low=0.5), numbers(size, low=-0.3, high=0.4), numbers(size, low=-0.2)
    variance = numbers(size, low=0.5)
    sample("batch_norm", [x, gamma, beta], batch_norm, epsilon=EPSILON, half=False)
    sample("batch_norm_grad", [g, x, gamma, beta, mean, variance], batch_norm_grad, epsilon=EPSILON, half=False)
    sample("batch_norm_relu", [x, gamma, beta], batch_norm_relu, epsilon=EPSILON, half=False)
    sample("batch_norm_relu_grad", [g, x, gamma, beta, mean, variance], batch_norm_relu_grad, epsilon=EPSILON, half=False)
for shape, rank in [((5, 3), 1), ((2, 3, 4), 1), ((2, 3, 4), 2), ((1, 2), 1), ((4, 1), 1), ((3,), 1), ((0, 3), 1), ((3, 17), 1)]:
    for centred in [True, False]:
        sizes, rows = shape[len(shape) - rank :], shape[: len(shape) - rank]
        x, g, gamma, beta = numbers(*shape), numbers(*shape, low=-1.0), numbers(*sizes, low=0.5), numbers(*sizes)
        mean, inverse = numbers(*rows, low=-0.2), numbers(*rows, low=0.5)
        forward = lambda x, gamma, beta, centred=centred: layer_norm(x, gamma, beta, centred)  # noqa: E731
        backward = lambda *operands, centred=centred: layer_norm_grad(*operands, centred)  # noqa: E731
        sample("layer_norm", [x, gamma, beta], forward, epsilon=EPSILON, centred=centred, half=False)
        sample("layer_norm_grad", [g, x, gamma, mean, inverse], backward, epsilon=EPSILON, centred=centred, half=False)
