"""Random numbers: their moments are tested in tests/cpp/test_ops.cpp."""

import numpy as np
from primitive_sample import SEED, numbers, sample

for op in ["random_uniform", "random_normal", "random_truncated_normal"]:
    for dtype in ["float64", "float32", "float16", "bfloat16"]:
        sample(op, [SEED], None, shape=[3, 5], dtype=dtype)
    sample(op, [SEED, np.int32(2)], None, constants=(1,), shape=[-2, 0], dtype="float32")
sample("random_integer", [SEED, np.int32(-3), np.int32(4)], None, shape=[3, 5], dtype="int8")
sample("random_permutation", [SEED], None, size=7)
sample("random_gamma", [SEED, numbers(3, 5, low=0.2, high=5)], None, dtype="float64", half=False)
sample("dropout", [numbers(3, 5), SEED], None, rate=0.5)
sample("dropout", [numbers(3, 5), SEED], lambda x, seed: x, rate=0.0)
sample("dropout", [numbers(3, 5), SEED], lambda x, seed: 0 * x, rate=1.0)
