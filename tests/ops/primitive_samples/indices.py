"""Gathering and scattering."""

import numpy as np
from primitive_sample import integers, numbers, sample

INDICES = np.array([[2, 0], [2, 1]], "int32")
for axis in [0, 1, 2]:
    sample("gather", [numbers(3, 4, 3), INDICES], lambda x, i, axis=axis: np.take(x, i, axis), axis=axis)
sample("gather", [numbers(3, 4), np.int64(2)], lambda x, i: x[2], axis=0)
sample("gather", [numbers(3, 4), np.zeros((0,), "uint8")], lambda x, i: x[:0], axis=0)


def gathered_back(axis):
    def truth(g, indices, x):
        result = np.zeros(x.shape, g.dtype)
        np.add.at(result, (slice(None),) * axis + (indices,), g)
        return result

    return truth


sample("gather_grad", [numbers(2, 2, 4), INDICES, numbers(3, 4)], gathered_back(0), differentiable=(0,), axis=0)
sample("gather_grad", [numbers(4, 2, 2), INDICES, numbers(4, 3)], gathered_back(1), differentiable=(0,), axis=1)
ALONG = np.array([[1, 0, 0], [2, 2, 1]])
sample("take_along_axis", [numbers(2, 4), ALONG], lambda x, i: np.take_along_axis(x, i, 1), axis=1)
sample("take_along_axis", [numbers(3, 3), ALONG[:, :1]], lambda x, i: np.take_along_axis(x, i, 0), axis=0)


def taken_back(g, indices, x):
    result = np.zeros(x.shape, g.dtype)
    np.add.at(result, (np.arange(2)[:, None], indices), g)
    return result


sample("take_along_axis_grad", [numbers(2, 3), ALONG, numbers(2, 4)], taken_back, differentiable=(0,), axis=1)
PLACES = np.array([[0, 1], [2, 0]], "int32")
TWICE = np.array([[1], [1], [0]])


def scattered(combine):
    def truth(x, indices, updates):
        x = x.copy()
        where = tuple(np.moveaxis(indices, -1, 0))
        combine(x, where, updates)
        return x

    return truth


sample("gather_nd", [numbers(3, 4), PLACES], lambda x, i: x[tuple(i.T)], constants=(1,))
sample("gather_nd", [numbers(3, 4), TWICE], lambda x, i: x[i[:, 0]], constants=(1,))
sample("scatter_add", [numbers(3, 4), PLACES, numbers(2)], scattered(np.add.at), constants=(1,))
sample("scatter_add", [numbers(3, 4), TWICE, numbers(3, 4)], scattered(np.add.at), constants=(1,))
sample("scatter_add", [integers(3, 4), TWICE, integers(3, 4)], scattered(np.add.at), constants=(1,))
sample("scatter_update", [numbers(3, 4), PLACES, numbers(2)], scattered(lambda x, i, u: x.__setitem__(i, u)), constants=(1,))
