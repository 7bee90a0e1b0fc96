"""Arguments of ops made ready for the core: tensors of one dtype, axes in order."""

from __future__ import annotations

import operator

import numpy as np

from keraunos import dtypes
from keraunos.dtypes import promoted, to_float
from keraunos.tensor import Tensor, cast_tensor, convert_to_tensor, execute, is_variable, scalar

NONE = {}


def tensor(x):
    """`x` as a Tensor."""
    if type(x) is Tensor:
        return x
    return x.value if is_variable(x) else convert_to_tensor(x)


def floats(x):
    """`x` as a Tensor of a float type: ints and bools become `floatx`."""
    x = x if type(x) is Tensor else convert_to_tensor(x)
    dtype = x.dtype
    return x if dtype in dtypes.FLOATS else cast_tensor(x, to_float(dtype))


def ints(x):
    """`x` as a Tensor of an integer type; anything else becomes int32."""
    x = tensor(x)
    return x if x.dtype in dtypes.INTS else cast_tensor(x, "int32")


def booleans(x):
    """`x` as a bool Tensor: true where it is not zero."""
    x = tensor(x)
    return x if x.dtype == "bool" else cast_tensor(x, "bool")


def without_bool(x):
    """`x` as a Tensor; bools become int32."""
    x = tensor(x)
    return cast_tensor(x, "int32") if x.dtype == "bool" else x


def operand_type(x):
    """What `x` brings into type promotion: a dtype name, or `int` or `float` for weak scalars."""
    kind = type(x)
    if kind is Tensor:
        return x.dtype
    if kind is int or kind is float:
        return kind
    if kind is bool or isinstance(x, np.bool_):
        return "bool"
    if isinstance(x, np.generic):
        return float if isinstance(x, np.floating) else int
    dtype = getattr(x, "dtype", None)
    return convert_to_tensor(x).dtype if dtype is None else dtypes.standardize_dtype(dtype)


def with_dtype(x, dtype):
    """`x` as a Tensor of that dtype."""
    if type(x) is Tensor:
        return x if x.dtype == dtype else execute("cast", [x], {"dtype": dtype})
    if type(x) is float or type(x) is int:
        return scalar(x, dtype)
    return convert_to_tensor(x, dtype=dtype)


def pair(x1, x2):
    """Both operands as Tensors of their common dtype."""
    if type(x1) is Tensor:
        if type(x2) is Tensor:
            dtype1, dtype2 = x1.dtype, x2.dtype
            if dtype1 == dtype2:
                return x1, x2
            dtype = promoted(dtype1, dtype2)
            return cast_tensor(x1, dtype), cast_tensor(x2, dtype)
        if type(x2) is int or type(x2) is float:
            dtype = promoted(x1.dtype, type(x2))
            return cast_tensor(x1, dtype), scalar(x2, dtype)
    if is_variable(x1) or is_variable(x2):
        return pair(_read(x1), _read(x2))
    dtype = promoted(operand_type(x1), operand_type(x2))
    return with_dtype(x1, dtype), with_dtype(x2, dtype)


def _read(x):
    """The value of a variable; anything else as it is."""
    return x.value if is_variable(x) else x


def float_pair(x1, x2):
    """Both operands as Tensors of their common dtype, `floatx` where that is not a float."""
    x1, x2 = pair(x1, x2)
    dtype = x1.dtype
    if dtype in dtypes.FLOATS:
        return x1, x2
    dtype = to_float(dtype)
    return cast_tensor(x1, dtype), cast_tensor(x2, dtype)


def pair_without_bool(x1, x2):
    """As `pair`; bools become int32."""
    x1, x2 = pair(x1, x2)
    return (cast_tensor(x1, "int32"), cast_tensor(x2, "int32")) if x1.dtype == "bool" else (x1, x2)


def common(values):
    """All values as Tensors of their common dtype."""
    values = [tensor(value) for value in values]
    kinds = {value.dtype for value in values}
    if len(kinds) <= 1:
        return values
    dtype = promoted(*sorted(kinds))
    return [cast_tensor(value, dtype) for value in values]


def axis_index(axis, ndim, name="axis"):
    """`axis` counted from the front. Raises `ValueError` outside of [-ndim, ndim)."""
    try:
        index = operator.index(axis)
    except TypeError:
        raise ValueError(f"`{name}` must be an integer. Received: {name}={axis}") from None
    if not -ndim <= index < ndim:
        raise ValueError(f"axis {index} is out of bounds for a tensor of rank {ndim}. Received: {name}={axis}")
    return index + ndim if index < 0 else index


def axes_tuple(axis, ndim):
    """`axis` (an int, several, or `None` for all) as a sorted tuple of different axes."""
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, int):
        return (axis_index(axis, ndim),)
    if isinstance(axis, (list, tuple, np.ndarray)):
        axes = sorted(axis_index(a, ndim) for a in axis)
        if len(set(axes)) != len(axes):
            raise ValueError(f"`axis` must not name an axis twice. Received: axis={axis}")
        return tuple(axes)
    return (axis_index(axis, ndim),)


def concrete(x):
    """The NumPy value of `x`, or `None` if it is only known when a traced function runs."""
    if isinstance(x, Tensor):
        return None if x.is_symbolic else x.numpy()
    if hasattr(x, "value") and hasattr(x, "assign"):
        x = x.value
        return None if x.is_symbolic else x.numpy()
    return np.asarray(x)
