"""The part of tensorflow's own names that Keras scripts lean on, written with keraunos.

`import tensorflow as tf` gives this module under `python -m keraunos`. It is a subset and says so: any other name
raises an AttributeError that names it. Tensors are keraunos's tensors.
"""

from __future__ import annotations

import contextlib as _contextlib
import importlib as _importlib
from collections.abc import Callable as _Callable
from typing import Any as _Any

from keraunos import ops as _ops
from keraunos.runner.tensorflow import _subset, config, data, dtypes, linalg, math, nn, random
from keraunos.runner.tensorflow.arrays import (
    TensorShape,
    TensorSpec,
    argsort,
    boolean_mask,
    broadcast_to,
    concat,
    constant,
    convert_to_tensor,
    expand_dims,
    eye,
    fill,
    gather,
    gather_nd,
    identity,
    is_tensor,
    linspace,
    meshgrid,
    newaxis,
    one_hot,
    ones,
    ones_like,
    pad,
    range,
    rank,
    repeat,
    reshape,
    reverse,
    roll,
    shape,
    size,
    slice,
    sort,
    split,
    squeeze,
    stack,
    stop_gradient,
    tensor_scatter_nd_update,
    tile,
    transpose,
    unique,
    unstack,
    where,
    zeros,
    zeros_like,
)
from keraunos.runner.tensorflow.dtypes import (
    DType,
    as_dtype,
    bfloat16,
    bool,
    cast,
    double,
    float16,
    float32,
    float64,
    half,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)
from keraunos.runner.tensorflow.functions import function
from keraunos.runner.tensorflow.linalg import einsum, matmul, norm, tensordot
from keraunos.runner.tensorflow.math import (
    abs,
    acos,
    acosh,
    add,
    add_n,
    argmax,
    argmin,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    clip_by_global_norm,
    clip_by_norm,
    clip_by_value,
    cos,
    cosh,
    cumsum,
    divide,
    equal,
    exp,
    floor,
    greater,
    greater_equal,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    multiply,
    negative,
    not_equal,
    pow,
    reduce_all,
    reduce_any,
    reduce_logsumexp,
    reduce_max,
    reduce_mean,
    reduce_min,
    reduce_prod,
    reduce_sum,
    round,
    sigmoid,
    sign,
    sin,
    sinh,
    sqrt,
    square,
    subtract,
    tan,
    tanh,
    truediv,
)
from keraunos.runner.tensorflow.variable import Variable
from keraunos.tensor import Tensor
from keraunos.tracing import GradientTape

# The release whose names and argument orders the subset follows.
__version__ = "2.21.0"

# Modules of Keras that tensorflow shows under its own name too.
_KERAS_NAMES = {
    "keras": "keraunos",
    "initializers": "keraunos.initializers",
    "losses": "keraunos.losses",
    "metrics": "keraunos.metrics",
    "optimizers": "keraunos.optimizers",
}


class version:
    """`tf.version`."""

    VERSION = __version__


def zeros_initializer() -> _Any:
    """Keras's `Zeros`."""
    from keraunos import initializers

    return initializers.Zeros()


def ones_initializer() -> _Any:
    """Keras's `Ones`."""
    from keraunos import initializers

    return initializers.Ones()


def constant_initializer(value: _Any = 0) -> _Any:
    """Keras's `Constant`."""
    from keraunos import initializers

    return initializers.Constant(value)


def random_normal_initializer(mean: float = 0.0, stddev: float = 0.05, seed: _Any = None) -> _Any:
    """Keras's `RandomNormal`."""
    from keraunos import initializers

    return initializers.RandomNormal(mean, stddev, seed)


def random_uniform_initializer(minval: float = -0.05, maxval: float = 0.05, seed: _Any = None) -> _Any:
    """Keras's `RandomUniform`."""
    from keraunos import initializers

    return initializers.RandomUniform(minval, maxval, seed)


def cond(pred: _Any, true_fn: _Callable[[], _Any], false_fn: _Callable[[], _Any], name: str | None = None) -> _Any:
    """`true_fn()` where the scalar `pred` holds, else `false_fn()`."""
    return _ops.cond(pred, true_fn, false_fn)


def while_loop(
    cond: _Callable[..., _Any], body: _Callable[..., _Any], loop_vars: _Any, maximum_iterations: int | None = None
) -> _Any:
    """Repeats `loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` holds."""
    return _ops.while_loop(cond, body, loop_vars, maximum_iterations=maximum_iterations)


def map_fn(fn: _Callable[[_Any], _Any], elems: _Any, fn_output_signature: _Any = None, name: str | None = None) -> _Any:
    """`fn` applied to every entry along the first axis, the results stacked."""
    return _ops.map(fn, elems)


def vectorized_map(fn: _Callable[[_Any], _Any], elems: _Any) -> _Any:
    """`fn` applied to every entry along the first axis, the results stacked."""
    return _ops.vectorized_map(fn, elems)


def custom_gradient(f: _Callable[..., _Any]) -> _Any:
    """Gives `f`, which returns a value and a gradient function, that gradient."""
    return _ops.custom_gradient(f)


def executing_eagerly() -> _Any:
    """Whether operations run at once (not inside a `tf.function`)."""
    from keraunos import tracing

    return not tracing.is_tracing()


def print(*inputs: _Any, **options: _Any) -> None:
    """Prints values; tensors as plain numbers, as tensorflow does."""
    import builtins
    import sys

    output = options.get("output_stream") or sys.stderr
    shown = [x if isinstance(x, str) or not is_tensor(x) or x.is_symbolic else x.numpy() for x in inputs]
    builtins.print(*shown, sep=options.get("sep", " "), end=options.get("end", "\n"), file=output)


@_contextlib.contextmanager
def device(device_name: str) -> _Any:
    """A block that runs on the CPU, whatever it asks for."""
    yield


@_contextlib.contextmanager
def name_scope(name: str) -> _Any:
    """A block whose variables carry `name` in their path."""
    from keraunos import name_scope as keras_name_scope

    with keras_name_scope(name):
        yield name


def __getattr__(name: str) -> _Any:
    if name in _KERAS_NAMES:
        return _importlib.import_module(_KERAS_NAMES[name])
    return _missing(name)


_missing = _subset.missing("tensorflow")
