"""Softmax."""

import math

import numpy as np
from scipy import special
from primitive_sample import numbers, sample


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
