"""Reductions."""

import numpy as np
from scipy import special
from primitive_sample import booleans, integers, numbers, sample

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
