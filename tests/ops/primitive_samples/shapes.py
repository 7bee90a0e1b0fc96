"""Ops that change shapes."""

import numpy as np
from primitive_sample import booleans, integers, numbers, sample

sample("reshape", [numbers(3, 4)], lambda x: x.reshape(2, 6), shape=[2, -1])
sample("reshape", [numbers(3, 4), np.int32(4)], lambda x, n: x.reshape(4, 3), constants=(1,), shape=[-2, 3])
sample("reshape", [numbers(0, 4)], lambda x: x.reshape(0, 2), shape=[-1, 2])
sample("transpose", [numbers(2, 3, 4)], lambda x: x.transpose(2, 0, 1), axes=[2, 0, 1])
sample("transpose", [numbers()], lambda x: x, axes=[])
sample("transpose", [booleans(3, 5)], np.transpose, axes=[1, 0])
sample("broadcast_to", [numbers(3, 1)], lambda x: np.broadcast_to(x, (2, 3, 4)), shape=[2, 3, 4])
sample("broadcast_to", [numbers(3, 1), np.int64(4)], lambda x, n: np.broadcast_to(x, (3, 4)), constants=(1,), shape=[3, -2])
sample("broadcast_like", [numbers(3, 1), numbers(2, 3, 4)], lambda x, r: np.broadcast_to(x, r.shape), differentiable=(0,))
sample("reshape_like", [numbers(3, 4), numbers(2, 6)], lambda x, r: x.reshape(r.shape), differentiable=(0,))
sample("expand_dims", [numbers(3, 4)], lambda x: x[None, :, None], axes=[0, 2])
sample("squeeze", [numbers(1, 4, 1)], lambda x: x[0, :, 0], axes=[0, 2])
sample("zeros_like", [numbers(3, 4)], np.zeros_like)
sample("ones_like", [integers(3, 4)], np.ones_like)
sample("dim", [numbers(3, 4)], lambda x: np.int32(4), axis=1)
sample("size_ratio", [numbers(3, 4), numbers(3)], lambda x, y: np.float32(4))
sample("fill", [numbers()], lambda x: np.full((2, 3), x), shape=[2, 3])
sample("fill", [np.int8(3), np.int32(2)], lambda x, n: np.full((2, 0), x), constants=(1,), shape=[-2, 0])
sample("iota", [], lambda: np.arange(5, dtype="int64"), size=5, dtype="int64")
sample("iota", [np.int32(4)], lambda n: np.arange(4, dtype="float32"), constants=(0,), size=-2, dtype="float32")
sample("one_hot", [np.array([[0, 2], [-1, 3]])], lambda i: np.eye(5)[i][..., :3] * (i >= 0)[..., None], depth=3, dtype="float64")
