"""`tf.random`: random tensors. Without a `seed` they come from keraunos's global generator (`tf.random.set_seed`)."""

from __future__ import annotations

from typing import Any

from keraunos import random as keras_random
from keraunos.runner.tensorflow import _subset
from keraunos.runner.tensorflow.arrays import as_shape, dtype_name


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Numbers from a normal distribution."""
    return keras_random.normal(as_shape(shape), mean, stddev, dtype=dtype_name(dtype), seed=seed)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Numbers from a normal distribution, none further than two deviations from the mean."""
    return keras_random.truncated_normal(as_shape(shape), mean, stddev, dtype=dtype_name(dtype), seed=seed)


def uniform(
    shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32", seed: Any = None, name: Any = None
) -> Any:
    """Numbers spread evenly over `[minval, maxval)`; integers when `dtype` is an integer."""
    dtype = dtype_name(dtype)
    if "int" in dtype:
        if maxval is None:
            raise ValueError(f"tf.random.uniform: maxval must be given for an integer dtype. Received: dtype={dtype}")
        return keras_random.randint(as_shape(shape), minval, maxval, dtype=dtype, seed=seed)
    return keras_random.uniform(as_shape(shape), minval, 1.0 if maxval is None else maxval, dtype=dtype, seed=seed)


def shuffle(value: Any, seed: Any = None, name: str | None = None) -> Any:
    """The slices of `value` along its first axis in random order."""
    return keras_random.shuffle(value, axis=0, seed=seed)


def categorical(logits: Any, num_samples: int, dtype: Any = "int64", seed: Any = None, name: Any = None) -> Any:
    """Class numbers drawn from `softmax(logits)`, `num_samples` for each row."""
    return keras_random.categorical(logits, num_samples, dtype=dtype_name(dtype), seed=seed)


def gamma(shape: Any, alpha: Any, beta: Any = None, dtype: Any = "float32", seed: Any = None, name: Any = None) -> Any:
    """Numbers from a gamma distribution."""
    draws = keras_random.gamma(as_shape(shape), alpha, dtype=dtype_name(dtype), seed=seed)
    return draws if beta is None else draws / beta


def set_seed(seed: int) -> None:
    """Starts keraunos's global random generator at `seed`."""
    from keraunos.utils import set_random_seed

    set_random_seed(seed)


__getattr__ = _subset.missing("tensorflow.random")
