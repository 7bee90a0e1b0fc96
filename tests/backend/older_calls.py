"""Calls of the functions that `keras.backend` had in Keras 1 and 2: name -> arguments."""

from __future__ import annotations

import numpy as np

generator = np.random.default_rng(0)


def normal(*shape: int) -> np.ndarray:
    return generator.normal(size=shape).astype("float32")


MATRIX = normal(3, 4)
SHARES = np.abs(MATRIX) / np.abs(MATRIX).sum(1, keepdims=True)
TARGETS = (MATRIX > 0).astype("float32")
IMAGES = normal(2, 5, 6, 3)
VOLUMES = normal(2, 3, 4, 4, 2)
SEQUENCES = normal(2, 5, 3)

CALLS = {
    "abs": (MATRIX,),
    "all": (MATRIX > 0,),
    "any": (MATRIX > 0, 1),
    "arange": (1, 9, 2),
    "argmax": (MATRIX,),
    "argmin": (MATRIX, 0),
    "batch_dot": (SEQUENCES, normal(2, 3, 4)),
    "batch_flatten": (IMAGES,),
    "batch_normalization": (IMAGES, *(np.full(3, value, "float32") for value in (0.1, 1.5, 0.5, 2.0))),
    "bias_add": (IMAGES, np.arange(3, dtype="float32")),
    "binary_crossentropy": (TARGETS, SHARES),
    "binary_focal_crossentropy": (TARGETS, SHARES, True),
    "cast": (MATRIX, "int32"),
    "cast_to_floatx": (np.arange(3),),
    "categorical_crossentropy": (SHARES, SHARES),
    "categorical_focal_crossentropy": (SHARES, SHARES),
    "clip": (MATRIX, -0.5, 0.5),
    "constant": (3.0,),
    "conv1d": (SEQUENCES, normal(3, 3, 2), 1, "causal"),
    "conv2d": (IMAGES, normal(3, 3, 3, 4), (2, 2), "same"),
    "conv2d_transpose": (normal(2, 3, 3, 3), normal(3, 3, 4, 3), (2, 6, 6, 4), (2, 2), "same"),
    "conv3d": (VOLUMES, normal(2, 2, 2, 2, 3)),
    "ctc_batch_cost": (np.array([[0, 1], [1, 1]]), np.full((2, 6, 4), 0.25, "float32"), np.array([[6], [5]]), np.array([[2], [1]])),
    "cumprod": (MATRIX, 1),
    "cumsum": (MATRIX,),
    "depthwise_conv2d": (IMAGES, normal(3, 3, 3, 2)),
    "dot": (MATRIX, normal(4, 5)),
    "expand_dims": (MATRIX,),
    "eye": (3,),
    "flatten": (MATRIX,),
    "foldl": (lambda total, row: total + row, MATRIX),
    "foldr": (lambda total, row: row - total, MATRIX),
    "gather": (MATRIX, np.array([2, 0])),
    "hard_sigmoid": (3 * MATRIX,),
    "in_top_k": (MATRIX, np.array([0, 1, 2]), 2),
    "l2_normalize": (MATRIX, 1),
    "map_fn": (lambda row: row * 2, MATRIX),
    "max": (MATRIX, 0),
    "mean": (MATRIX,),
    "ndim": (MATRIX,),
    "one_hot": (np.array([1, 0]), 3),
    "ones": ((2, 3),),
    "permute_dimensions": (MATRIX, (1, 0)),
    "pool2d": (IMAGES, (2, 2), (2, 2), "valid", None, "avg"),
    "pool3d": (VOLUMES, (2, 2, 2)),
    "pow": (SHARES, 2.0),
    "relu": (MATRIX, 0.1, 0.8, 0.2),
    "repeat": (MATRIX, 2),
    "repeat_elements": (MATRIX, 2, 1),
    "resize_images": (IMAGES, 2, 2, "channels_last"),
    "resize_volumes": (VOLUMES, 2, 1, 2, "channels_last"),
    "reverse": (MATRIX, 1),
    "separable_conv2d": (IMAGES, normal(3, 3, 3, 1), normal(1, 1, 3, 4)),
    "sparse_categorical_crossentropy": (np.array([0, 1, 3]), SHARES),
    "spatial_2d_padding": (IMAGES,),
    "spatial_3d_padding": (VOLUMES,),
    "sqrt": (MATRIX,),
    "stack": ([MATRIX, MATRIX],),
    "std": (MATRIX, 0, True),
    "switch": (MATRIX > 0, MATRIX, -MATRIX),
    "temporal_padding": (SEQUENCES,),
    "tile": (MATRIX, (2, 1)),
    "var": (MATRIX, 1),
    "zeros_like": (MATRIX,),
}
