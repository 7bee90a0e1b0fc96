"""New tensors from shapes and numbers."""

from __future__ import annotations

import math
import operator as python_operator

import numpy as np

from keraunos import config, dtypes
from keraunos.dtypes import promoted, standardize_dtype
from keraunos.ops import _dims
from keraunos.ops._arguments import axis_index, concrete, operand_type, tensor, with_dtype, without_bool
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, diagonals, elementwise, joining, padding, repeating, shaping
from keraunos.tensor import Tensor, cast_tensor, convert_to_tensor, execute, scalar

operation = operations("numpy")


@operation
def array(x, dtype=None):
    """A tensor of the values of `x` (see `ops.convert_to_tensor`)."""
    return convert_to_tensor(x, dtype=dtype)


def _filled(shape, value, dtype):
    dtype = standardize_dtype(dtype)
    return _dims.fill(scalar(value, dtype), _dims.sizes_of(shape))


def zeros(shape, dtype=None):
    """Zeros of a shape; `floatx` by default."""
    return _filled(shape, 0, dtype)


def ones(shape, dtype=None):
    """Ones of a shape; `floatx` by default."""
    return _filled(shape, 1, dtype)


def empty(shape, dtype=None):
    """A tensor of a shape; it holds zeros."""
    return _filled(shape, 0, dtype)


@operation("fill_value")
def full(shape, fill_value, dtype=None):
    """A tensor of a shape filled with a value (a number, or a tensor that broadcasts to the shape)."""
    sizes = _dims.sizes_of(shape)
    if dtype is None:
        dtype = operand_type(fill_value)
        dtype = standardize_dtype(dtype) if isinstance(dtype, str) else promoted(dtype)
    value = with_dtype(fill_value, standardize_dtype(dtype))
    return _dims.fill(value, sizes) if len(value.shape) == 0 else _dims.broadcast_to(value, sizes)


@operation
def zeros_like(x, dtype=None):
    """Zeros of the shape (and dtype) of `x`."""
    x = tensor(x)
    made = execute("zeros_like", [x], {})
    return made if dtype is None else cast_tensor(made, standardize_dtype(dtype))


@operation
def ones_like(x, dtype=None):
    """Ones of the shape (and dtype) of `x`."""
    x = tensor(x)
    made = execute("ones_like", [x], {})
    return made if dtype is None else cast_tensor(made, standardize_dtype(dtype))


@operation
def empty_like(x, dtype=None):
    """A tensor of the shape (and dtype) of `x`; it holds zeros."""
    x = tensor(x)
    made = execute("zeros_like", [x], {})
    return made if dtype is None else cast_tensor(made, standardize_dtype(dtype))


@operation("x", "fill_value")
def full_like(x, fill_value, dtype=None):
    """A tensor of the shape (and dtype) of `x`, filled with a value."""
    x = tensor(x)
    value = with_dtype(fill_value, standardize_dtype(x.dtype if dtype is None else dtype))
    return _dims.broadcast_to(value, _dims.shape_of(x))


def _is_number(x):
    return isinstance(x, (int, float, np.number, np.bool_)) or (isinstance(x, np.ndarray) and x.ndim == 0)


def _number_dtype(*values):
    kinds = [operand_type(value) for value in values if value is not None]
    return promoted(*kinds)


@operation("start", "stop", "step")
def arange(start, stop=None, step=None, dtype=None):
    """Numbers from `start` (0 if only one is given) up to, without, `stop` in steps of `step`.

    >>> from keraunos import ops
    >>> ops.arange(2, 8, 3).numpy().tolist()
    [2, 5]
    """
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if dtype is None and type(start) is type(stop) is type(step) is int and max(abs(start), abs(stop), abs(step)) < 2**31:
        return convert_to_tensor(np.arange(start, stop, step, "int32"))
    dtype = _number_dtype(start, stop, step) if dtype is None else standardize_dtype(dtype)
    values = [concrete(x) for x in (start, stop, step)]
    if all(value is not None for value in values):
        start, stop, step = (value.item() for value in values)
        if dtype == "bool" and len(np.arange(start, stop, step)) > 2:
            raise ValueError("arange: a bool range has at most 2 elements. Received: dtype=bool")
        made = np.arange(start, stop, step)
        return convert_to_tensor(made.astype("float32" if dtype == "bfloat16" else dtype), dtype=dtype)
    working = dtype if dtype in dtypes.FLOATS else "int32"
    start, stop, step = (with_dtype(x, working) for x in (start, stop, step))
    length = elementwise.ceil(arithmetic.divide(arithmetic.subtract(stop, start), step))
    length = cast_tensor(arithmetic.maximum(length, 0.0), "int32")
    steps = _dims.iota(length, working)
    return cast_tensor(arithmetic.add(start, arithmetic.multiply(steps, step)), dtype)


@operation("start", "stop")
def linspace(start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0):
    """`num` numbers at equal distances from `start` to `stop`.

    Args:
        start: the first number, or a tensor of them.
        stop: the last number; not part of the result if not `endpoint`.
        num: how many.
        endpoint: whether `stop` is the last number.
        retstep: whether to return `(numbers, distance)`.
        dtype: the dtype, by default a float.
        axis: the axis of the numbers in the result, for tensors.
    """
    kinds = promoted(operand_type(start), operand_type(stop), float)
    dtype = kinds if dtype is None else standardize_dtype(dtype)
    if num < 0:
        raise ValueError(f"`num` must be a non-negative integer. Received: num={num}")
    start_value, stop_value = concrete(start), concrete(stop)
    if not isinstance(start, Tensor) and not isinstance(stop, Tensor) and start_value is not None:
        values, step = np.linspace(start_value, stop_value, num, endpoint=endpoint, retstep=True, axis=axis)
        result = _from_float64(values, dtype)
        return (result, _from_float64(np.asarray(step), kinds)) if retstep else result
    start, stop = with_dtype(start, kinds), with_dtype(stop, kinds)
    intervals = num - 1 if endpoint else num
    distance = arithmetic.divide(arithmetic.subtract(stop, start), intervals if intervals else math.nan)
    rank = max(len(start.shape), len(stop.shape))
    axis = axis_index(axis, rank + 1)
    steps = _dims.reshape(_dims.iota(num, kinds), (num,) + (1,) * rank)
    first = arithmetic.add(start, arithmetic.multiply(0.0, distance)) if intervals else start
    values = arithmetic.add(start, arithmetic.multiply(steps, distance)) if intervals else None
    if num == 0:
        shape = _dims.broadcast_sizes(_dims.shape_of(start), _dims.shape_of(stop))
        values = _dims.fill(scalar(0, kinds), (0, *shape))
    elif not intervals:
        shape = _dims.broadcast_sizes(_dims.shape_of(start), _dims.shape_of(stop))
        values = _dims.broadcast_to(first, (1, *shape))
    elif endpoint:
        is_last = comparisons.equal(steps, float(num - 1))
        values = choices.where(is_last, stop, values)
    values = shaping.moveaxis(values, 0, axis)
    if dtype not in dtypes.FLOATS:
        values = elementwise.floor(values)
    values = cast_tensor(values, dtype)
    return (values, distance) if retstep else values


def _from_float64(values, dtype):
    if dtype in dtypes.FLOATS:
        return convert_to_tensor(values.astype("float32") if dtype == "bfloat16" else values.astype(dtype), dtype=dtype)
    return convert_to_tensor(np.floor(values).astype(dtype))


@operation("start", "stop")
def logspace(start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0):
    """`base ** linspace(start, stop, num)`."""
    kinds = promoted(operand_type(start), operand_type(stop), float)
    dtype = kinds if dtype is None else standardize_dtype(dtype)
    if not isinstance(start, Tensor) and not isinstance(stop, Tensor):
        values = np.logspace(np.asarray(start), np.asarray(stop), num, endpoint=endpoint, base=base, axis=axis)
        return _from_float64(values, dtype)
    exponents = linspace(start, stop, num, endpoint=endpoint, axis=axis)
    return cast_tensor(arithmetic.power(float(base), exponents), dtype)


@operation("start", "stop")
def geomspace(start, stop, num=50, endpoint=True, dtype=None, axis=0):
    """`num` numbers from `start` to `stop`, each the same multiple of the one before."""
    kinds = promoted(operand_type(start), operand_type(stop), float)
    dtype = kinds if dtype is None else standardize_dtype(dtype)
    if not isinstance(start, Tensor) and not isinstance(stop, Tensor):
        values = np.geomspace(np.asarray(start), np.asarray(stop), num, endpoint=endpoint, axis=axis)
        return _from_float64(values, dtype)
    start, stop = with_dtype(start, kinds), with_dtype(stop, kinds)
    sign = elementwise.sign(start)
    low = elementwise.log(elementwise.absolute(start))
    high = elementwise.log(elementwise.absolute(stop))
    values = elementwise.exp(linspace(low, high, num, endpoint=endpoint, axis=axis))
    rank = max(len(start.shape), len(stop.shape))
    sign = shaping.expand_dims(sign, axis_index(axis, rank + 1)) if len(sign.shape) == rank else sign
    return cast_tensor(arithmetic.multiply(sign, values), dtype)


def _integer(value, name):
    try:
        return python_operator.index(value)
    except TypeError:
        known = concrete(value)
        if known is None or np.asarray(known).dtype.kind not in "iu":
            raise TypeError(f"Argument `{name}` must be an integer. Received: {name}={value}") from None
        return int(known)


def eye(N, M=None, k=0, dtype=None):
    """An N x M matrix with ones on diagonal `k` and zeros elsewhere."""
    N = _integer(N, "N")
    M = N if M is None else _integer(M, "M")
    made = np.eye(N, M, _integer(k, "k"), dtype=_numpy_name(standardize_dtype(dtype)))
    return convert_to_tensor(made, dtype=standardize_dtype(dtype))


def _numpy_name(dtype):
    return "float32" if dtype == "bfloat16" else dtype


def identity(n, dtype=None):
    """The n x n identity matrix."""
    return eye(n, dtype=dtype)


def tri(N, M=None, k=0, dtype=None):
    """An N x M matrix with ones at and below diagonal `k`."""
    N = _integer(N, "N")
    M = N if M is None else _integer(M, "M")
    made = np.tri(N, M, _integer(k, "k"), dtype=_numpy_name(standardize_dtype(dtype)))
    return convert_to_tensor(made, dtype=standardize_dtype(dtype))


def _is_below_diagonal(x, k):
    """Whether an element of the last two axes lies at or below diagonal `k`."""
    if len(x.shape) < 2:
        raise ValueError(f"A tensor of rank 2 or more is needed. Received: shape {x.shape}")
    rows, columns = _dims.size_of(x, -2 + len(x.shape)), _dims.size_of(x, -1 + len(x.shape))
    if type(rows) is int and type(columns) is int and not isinstance(k, Tensor):
        return convert_to_tensor(np.tri(rows, columns, k, dtype=bool))
    row = shaping.expand_dims(_dims.iota(rows, "int32"), 1)
    return comparisons.greater_equal(arithmetic.add(row, k), _dims.iota(columns, "int32"))


@operation
def tril(x, k=0):
    """`x` with zeros above diagonal `k` of the last two axes."""
    x = tensor(x)
    return execute("select", [_is_below_diagonal(x, k), x, scalar(0, x.dtype)], {})


@operation
def triu(x, k=0):
    """`x` with zeros below diagonal `k` of the last two axes."""
    x = tensor(x)
    return execute("select", [_is_below_diagonal(x, k - 1), scalar(0, x.dtype), x], {})


@operation
def diag(x, k=0):
    """The diagonal `k` of a matrix, or a matrix with the vector `x` on that diagonal."""
    x = tensor(x)
    if len(x.shape) == 2:
        return diagonals.diagonal(x, k)
    if len(x.shape) != 1:
        raise ValueError(f"`x` must be 1-D or 2-D. Received: x.shape={tuple(x.shape)}")
    k = python_operator.index(k)
    length = _dims.size_of(x, 0)
    size = arithmetic.add(length, abs(k)) if isinstance(length, Tensor) else length + abs(k)
    # Row i of the result holds x[i - max(-k, 0)] in column i + k.
    before, after = max(-k, 0), max(k, 0)
    column = _dims.iota(size, "int32")
    row = shaping.expand_dims(column, 1)
    rows = padding.pad(x, [(before, after)])
    is_diagonal = comparisons.equal(arithmetic.add(row, k), column)
    return execute("select", [is_diagonal, shaping.expand_dims(rows, 1), scalar(0, x.dtype)], {})


@operation
def diagflat(x, k=0):
    """A matrix with the elements of `x` on diagonal `k`."""
    return diag(shaping.ravel(x), k)


@operation
def vander(x, N=None, increasing=False):
    """The Vandermonde matrix: column j holds `x ** (N - 1 - j)`, or `x ** j` if `increasing`."""
    x = tensor(x)
    if len(x.shape) != 1:
        raise ValueError(f"Input array must be one-dimensional, but got shape {tuple(x.shape)}")
    if N is None and x.shape[0] is None:
        return _square_vander(without_bool(x), increasing)
    N = x.shape[0] if N is None else N
    if not isinstance(N, int):
        raise TypeError(f"Argument `N` must be of type `int`. Received: N={N}")
    if N < 0:
        raise ValueError(f"Argument 'N' must be nonnegative. Received: N={N}")
    x = without_bool(x)
    columns = [ones_like(x)]
    for _ in range(N - 1):
        columns.append(arithmetic.multiply(columns[-1], x))
    columns = columns[:N]
    if not columns:
        return _dims.fill(scalar(0, x.dtype), (_dims.size_of(x, 0), 0))
    return joining.stack(columns if increasing else columns[::-1], axis=1)


def _square_vander(x, increasing):
    """As many powers as there are elements, for a length that is only known when a traced function runs."""
    powers = _dims.iota(_dims.size_of(x, 0), x.dtype)
    powers = powers if increasing else repeating.flip(powers)
    return arithmetic.power(shaping.expand_dims(x, 1), powers)


@operation("x")
def meshgrid(*x, indexing="xy"):
    """Coordinate matrices from coordinate vectors.

    Args:
        x: vectors.
        indexing: `"xy"` (the first two axes swapped, as in plots) or `"ij"` (as in matrices).

    Returns a list of as many tensors.
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"Valid values for `indexing` are 'xy' and 'ij', but received: {indexing}")
    vectors = [shaping.ravel(v) for v in x]
    count = len(vectors)
    order = list(range(count))
    if indexing == "xy" and count > 1:
        order[0], order[1] = 1, 0
    sizes = [None] * count
    for vector, axis in zip(vectors, order):
        sizes[axis] = _dims.size_of(vector, 0)
    grids = []
    for vector, axis in zip(vectors, order):
        shape = [1] * count
        shape[axis] = sizes[axis]
        grids.append(_dims.broadcast_to(_dims.reshape(vector, shape), sizes))
    return grids


# ------------------------------------------------------------------ windows


def _window(x, function):
    known = concrete(x)
    if known is None or known.size != 1:
        raise ValueError(f"A window needs one number of points that is known now. Received: x={x}")
    count = int(known.reshape(()))
    dtype = config.floatx()
    return _from_float64(np.asarray(function(count), "float64"), dtype)


def bartlett(x):
    """The Bartlett window of `x` points."""
    return _window(x, np.bartlett)


def blackman(x):
    """The Blackman window of `x` points."""
    return _window(x, np.blackman)


def hamming(x):
    """The Hamming window of `x` points."""
    return _window(x, np.hamming)


def hanning(x):
    """The Hann window of `x` points."""
    return _window(x, np.hanning)


def kaiser(x, beta):
    """The Kaiser window of `x` points with shape parameter `beta`."""
    beta = float(concrete(beta))
    return _window(x, lambda count: np.kaiser(count, beta))


__all__ = [
    "arange",
    "array",
    "bartlett",
    "blackman",
    "diag",
    "diagflat",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "geomspace",
    "hamming",
    "hanning",
    "identity",
    "kaiser",
    "linspace",
    "logspace",
    "meshgrid",
    "ones",
    "ones_like",
    "tri",
    "tril",
    "triu",
    "vander",
    "zeros",
    "zeros_like",
]

