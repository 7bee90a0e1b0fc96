"""Random tensors. The same seed gives the same numbers, for any number of threads."""

from __future__ import annotations

import math

from keraunos import dtypes
from keraunos.dtypes import standardize_dtype
from keraunos.ops import _dims
from keraunos.ops._arguments import axis_index, concrete, floats, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, elementwise, reduction, shaping
from keraunos.random.seed_generator import draw_seed
from keraunos.tensor import cast_tensor, execute, scalar

operation = operations("random")


def _float_dtype(dtype, name):
    dtype = standardize_dtype(dtype)
    if dtype not in dtypes.FLOATS:
        raise ValueError(
            f"`keras.random.{name}` requires a floating point `dtype`. Received: dtype={dtype} "
        )
    return dtype


def _drawn(primitive, shape, dtype, seed, *parameters):
    attribute, inputs = _dims.shape_attribute(_dims.sizes_of(shape))
    return execute(primitive, [draw_seed(seed), *parameters, *inputs], {"shape": attribute, "dtype": dtype})


def _scaled(x, factor, offset):
    if not (isinstance(factor, (int, float)) and factor == 1):
        x = arithmetic.multiply(x, with_dtype(factor, x.dtype))
    if not (isinstance(offset, (int, float)) and offset == 0):
        x = arithmetic.add(x, with_dtype(offset, x.dtype))
    return x


def normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Numbers from a normal distribution.

    Args:
        shape: the shape.
        mean: the mean.
        stddev: the standard deviation.
        dtype: a float dtype, `floatx` by default.
        seed: an int (the same numbers every time), a `SeedGenerator`, or `None` for the global one.

    >>> from keraunos import random
    >>> random.normal((2, 3), seed=1).shape
    (2, 3)
    """
    return _scaled(_drawn("random_normal", shape, _float_dtype(dtype, "normal"), seed), stddev, mean)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """As `normal`, within two standard deviations of the mean."""
    dtype = _float_dtype(dtype, "truncated_normal")
    return _scaled(_drawn("random_truncated_normal", shape, dtype, seed), stddev, mean)


def uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Numbers from a uniform distribution on [minval, maxval).

    Args:
        shape: the shape.
        minval: the lower bound.
        maxval: the upper bound.
        dtype: a float dtype, `floatx` by default.
        seed: an int (the same numbers every time), a `SeedGenerator`, or `None` for the global one.
    """
    dtype = standardize_dtype(dtype)
    if dtype not in dtypes.FLOATS:
        raise ValueError(
            "`keras.random.uniform` requires a floating point `dtype`. "
            f"Received: dtype={dtype} "
        )
    drawn = _drawn("random_uniform", shape, dtype, seed)
    if isinstance(minval, (int, float)) and isinstance(maxval, (int, float)):
        return _scaled(drawn, maxval - minval, minval)
    return _scaled(drawn, arithmetic.subtract(maxval, minval), minval)


def randint(shape, minval, maxval, dtype="int32", seed=None):
    """Integers from [minval, maxval), all equally likely.

    Args:
        shape: the shape.
        minval: the lower bound.
        maxval: the upper bound; not drawn itself.
        dtype: an integer dtype.
        seed: an int (the same numbers every time), a `SeedGenerator`, or `None` for the global one.
    """
    dtype = standardize_dtype(dtype)
    if dtype not in dtypes.INTS:
        raise ValueError(f"`keras.random.randint` requires an integer `dtype`. Received: dtype={dtype} ")
    bounds = [cast_tensor(tensor(bound), dtype) for bound in (minval, maxval)]
    if any(bound.shape for bound in bounds):
        span = arithmetic.subtract(bounds[1], bounds[0])
        share = _drawn("random_uniform", shape, "float64", seed)
        steps = elementwise.floor(arithmetic.multiply(share, cast_tensor(span, "float64")))
        return arithmetic.add(cast_tensor(steps, dtype), bounds[0])
    return _drawn("random_integer", shape, dtype, seed, *bounds)


@operation("logits")
def categorical(logits, num_samples, dtype="int32", seed=None):
    """Classes drawn from rows of log-probabilities.

    Args:
        logits: `(batch, classes)`, not normalized.
        num_samples: how many classes per row.
        dtype: an integer dtype.
        seed: an int (the same numbers every time), a `SeedGenerator`, or `None` for the global one.

    Returns `(batch, num_samples)`.
    """
    logits = floats(logits)
    if len(logits.shape) != 2:
        raise ValueError(
            "`logits` should be of shape [batch_size, num_classes]. "
            f"Received: logits.shape={tuple(logits.shape)}"
        )
    rows, classes = _dims.shape_of(logits)
    # The largest of logits + Gumbel noise is a draw from the softmax.
    share = uniform((rows, num_samples, classes), dtype="float32", seed=seed)
    share = choices.clip(share, 1e-30, 1.0)
    noise = elementwise.negative(elementwise.log(elementwise.negative(elementwise.log(share))))
    noisy = arithmetic.add(shaping.expand_dims(cast_tensor(logits, "float32"), 1), noise)
    return cast_tensor(reduction.argmax(noisy, axis=-1), standardize_dtype(dtype))


@operation("inputs")
def dropout(inputs, rate, noise_shape=None, seed=None):
    """`inputs` with a share `rate` of elements set to 0 and the others multiplied by `1 / (1 - rate)`.

    Args:
        inputs: floats.
        rate: the share, in [0, 1].
        noise_shape: a shape that broadcasts to that of `inputs`: elements along its axes of size 1 drop together.
        seed: an int (the same elements every time), a `SeedGenerator`, or `None` for the global one.
    """
    x = floats(inputs)
    if not 0 <= rate <= 1:
        raise ValueError(f"dropout: `rate` must be in [0, 1]. Received: rate={rate}")
    if noise_shape is None:
        return execute("dropout", [x, draw_seed(seed)], {"rate": float(rate)})
    if rate == 1:
        return execute("zeros_like", [x], {})
    sizes = _dims.shape_of(x)
    if len(noise_shape) != len(sizes):
        raise ValueError(
            "Argument `noise_shape` must have as many entries as `inputs` has axes. "
            f"Received: noise_shape={noise_shape}, inputs.shape={tuple(x.shape)}"
        )
    noise = tuple(size if wanted is None else wanted for size, wanted in zip(sizes, noise_shape))
    kept = execute("dropout", [_dims.fill(scalar(1.0, x.dtype), _dims.sizes_of(noise)), draw_seed(seed)], {"rate": float(rate)})
    # A select, so that NaN and infinity that are dropped stay out.
    return choices.where(comparisons.greater(kept, 0.0), arithmetic.multiply(x, kept), 0.0)


@operation
def shuffle(x, axis=0, seed=None):
    """`x` with the rows of an axis in random order."""
    x = tensor(x)
    axis = axis_index(axis, len(x.shape))
    attribute, inputs = _dims.shape_attribute((_dims.size_of(x, axis),))
    order = execute("random_permutation", [draw_seed(seed), *inputs], {"size": attribute[0]})
    return execute("gather", [x, order], {"axis": axis})


def gamma(shape, alpha, dtype=None, seed=None):
    """Numbers from a gamma distribution of shape parameter `alpha` and scale 1."""
    dtype = _float_dtype(dtype, "gamma")
    alpha = _dims.broadcast_to(with_dtype(alpha, _computing(dtype)), _dims.sizes_of(shape))
    return cast_tensor(_gamma(alpha, draw_seed(seed)), dtype)


def _computing(dtype):
    return dtype if dtype == "float64" else "float32"


def _gamma(alpha, seed):
    return execute("random_gamma", [seed, alpha], {"dtype": alpha.dtype})


def beta(shape, alpha, beta, dtype=None, seed=None):
    """Numbers in [0, 1] from a beta distribution: `a / (a + b)` for gamma variates a and b."""
    dtype = _float_dtype(dtype, "beta")
    sizes = _dims.sizes_of(shape)
    first_seed = draw_seed(seed)
    second_seed = arithmetic.add(first_seed, with_dtype([12, 0], "uint32"))
    wide = _computing(dtype)
    a = _gamma(_dims.broadcast_to(with_dtype(alpha, wide), sizes), first_seed)
    b = _gamma(_dims.broadcast_to(with_dtype(beta, wide), sizes), second_seed)
    return cast_tensor(arithmetic.divide(a, arithmetic.add(a, b)), dtype)


def binomial(shape, counts, probabilities, dtype=None, seed=None):
    """How many of `counts` trials succeed, each with probability `probabilities`."""
    dtype = _float_dtype(dtype, "binomial")
    sizes = _dims.sizes_of(shape)
    known = concrete(counts)
    if known is None:
        raise ValueError("binomial: `counts` must be known when the function is traced.")
    trials = int(math.ceil(float(known.max()))) if known.size else 0
    counts = _dims.broadcast_to(with_dtype(counts, "float32"), sizes)
    probabilities = _dims.broadcast_to(with_dtype(probabilities, "float32"), sizes)
    share = _drawn("random_uniform", (*sizes, trials), "float32", seed)
    succeeds = comparisons.less(share, shaping.expand_dims(probabilities, -1))
    takes_part = comparisons.less(_dims.iota(trials, "float32"), shaping.expand_dims(counts, -1))
    total = reduction.sum(cast_tensor(comparisons.logical_and(succeeds, takes_part), "float32"), axis=-1)
    return cast_tensor(total, dtype)


