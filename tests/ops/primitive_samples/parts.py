"""Ops on parts of tensors."""

import numpy as np
from primitive_sample import BACKWARD_OPEN, OPEN, integers, numbers, sample

sample("concatenate", [numbers(2, 3), numbers(2, 0), numbers(2, 4)], lambda *x: np.concatenate(x, 1), axis=1)
sample("concatenate", [numbers(2, 3), numbers(1, 3)], lambda *x: np.concatenate(x, 0), axis=0)
sample("concatenate", [integers(3, dtype="int8")], lambda x: x, axis=0)
sample("concatenate_grad", [numbers(2, 5), numbers(2, 2), numbers(2, 3)], lambda g, a, b: g[:, 2:], differentiable=(0,), axis=1, index=1)
for begin, end, strides, where in [
    ([0, 1], [OPEN, 3], [1, 1], np.s_[:, 1:3]),
    ([1, -1], [2, BACKWARD_OPEN], [1, -2], np.s_[1:2, ::-2]),
    ([0, 3], [3, 1], [2, 1], np.s_[0:3:2, 3:1]),
]:
    sample("slice", [numbers(3, 5)], lambda x, where=where: x[where], begin=begin, end=end, strides=strides)
    placed = np.zeros((3, 5))
    placed[where] = numbers(*placed[where].shape)
    sample("slice_grad", [numbers(*placed[where].shape), numbers(3, 5)], lambda g, r, placed=placed: placed.astype(g.dtype), differentiable=(0,), begin=begin, end=end, strides=strides)
sample("dynamic_slice", [numbers(3, 5), np.array([1, 2], "int32")], lambda x, s: x[1:3, 2:4], sizes=[2, 2])
sample("dynamic_slice", [numbers(3, 5), np.array([1, 2]), np.int32(2)], lambda x, s, n: x[1:3, 2:4], constants=(2,), sizes=[-2, 2])


def updated(x, update, starts):
    x = x.copy()
    x[1:3, 2:4] = update
    return x


sample("dynamic_update_slice", [numbers(3, 5), numbers(2, 2), np.array([1, 2], "int32")], updated)
sample("pad", [numbers(2, 3), numbers()], lambda x, v: np.pad(x, [(1, 0), (0, 2)], constant_values=v), low=[1, 0], high=[0, 2])
sample("pad", [numbers(0, 3), numbers()], lambda x, v: np.pad(x, [(1, 0), (0, 2)], constant_values=v), low=[1, 0], high=[0, 2])
sample("flip", [numbers(2, 3)], lambda x: x[::-1, ::-1], axes=[0, 1])
