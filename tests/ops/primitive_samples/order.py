"""Sorting."""

import numpy as np
from primitive_sample import integers, numbers, sample

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
