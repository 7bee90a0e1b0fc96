"""Tensors: with values (`Tensor`, from the core) and without (`KerasTensor`), and the ways from and to NumPy."""

from __future__ import annotations

import numpy as np

from keraunos import _core, config, dtypes
from keraunos.naming import auto_name

Tensor = _core.Tensor
execute = _core.execute
# A key made of the dtypes and shapes of a tuple of tensors; None where there is more than tensors, or one carries a mask.
shapes_key = _core.shapes_key

# Set by `keraunos.variable`, which stands on this module.
_variable_types = ()

_SYMBOLIC = "A KerasTensor is symbolic: it's a placeholder for a shape and a dtype. It doesn't have any actual numerical value. "


class KerasTensor:
    """A tensor of the layer graph: a shape and a dtype, no value.

    Layers and `keraunos.ops` called on it give further ones and remember how they came about.

    Args:
        shape: tuple of sizes, `None` where unknown.
        dtype: the dtype.
        sparse: kept for Keras's sake; values are dense.
        ragged: kept for Keras's sake.
        record_history: whether operations on it are recorded.
        name: optional name.

    Example:

    >>> x = KerasTensor((None, 3))
    >>> x.shape, x.dtype
    ((None, 3), 'float32')
    """

    # Makes `array + keras_tensor` come here instead of NumPy looping over objects.
    __array_priority__ = 1000

    def __init__(
        self, shape, dtype="float32", sparse=False, ragged=False, record_history=True, name=None, **kwargs
    ):
        ragged_rank = kwargs.pop("ragged_rank", None)
        row_splits_dtype = kwargs.pop("row_splits_dtype", None)
        if kwargs:
            raise TypeError(f"Unexpected keyword arguments: {', '.join(kwargs)}")
        self._shape = standardize_shape(shape)
        self._dtype = dtypes.standardize_dtype(dtype)
        self._sparse = bool(sparse)
        self._ragged = bool(ragged)
        if self._sparse and self._ragged:
            raise ValueError("KerasTensor cannot have `sparse=True` and `ragged=True` at the same time.")
        self._ragged_rank = None if ragged_rank is None else int(ragged_rank)
        self._row_splits_dtype = None if row_splits_dtype is None else dtypes.standardize_dtype(row_splits_dtype)
        self.name = name or auto_name(self.__class__.__name__)
        self.record_history = record_history

    @property
    def ndim(self):
        """The number of axes."""
        return len(self._shape)

    @property
    def size(self):
        """The number of elements, `None` where unknown."""
        total = 1
        for size in self._shape:
            if size is None:
                return None
            total *= size
        return total

    def reshape(self, newshape):
        """`ops.reshape(self, newshape)`."""
        from keraunos import ops

        return ops.reshape(self, newshape)

    def squeeze(self, axis=None):
        """`ops.squeeze(self, axis)`."""
        from keraunos import ops

        return ops.squeeze(self, axis)

    def __int__(self):
        raise ValueError(_SYMBOLIC + "You cannot convert it to an int.")

    __index__ = None

    def __float__(self):
        raise ValueError(_SYMBOLIC + "You cannot convert it to a float.")

    def __array__(self, dtype=None, copy=None):
        raise ValueError(_SYMBOLIC + "You cannot convert it to a NumPy array.")

    def __jax_array__(self):
        raise ValueError(_foreign("JAX", "jax_fn"))

    def __tf_tensor__(self, dtype=None, name=None):
        raise ValueError(_foreign("TensorFlow", "tf_fn"))

    def __repr__(self):
        return (
            f"<KerasTensor shape={self.shape}, dtype={self.dtype}, sparse={self.sparse}, ragged={self.ragged}, "
            f"name={self.name}>"
        )

    def __iter__(self):
        raise NotImplementedError("Iterating over a symbolic KerasTensor is not supported.")

    def __bool__(self):
        raise TypeError("A symbolic KerasTensor cannot be used as a boolean.")

    __hash__ = object.__hash__


del KerasTensor.__index__


def _foreign(framework, function):
    return (
        f"A KerasTensor cannot be used as input to a {framework} function. You can only use it as input to a layer or "
        f"an operation of `keraunos.ops`. Wrap `{function}(x)` in the `call` of a layer instead."
    )


def _read_only(name):
    private = "_" + name

    def get(self):
        return getattr(self, private)

    def refuse(self, value):
        raise AttributeError(
            f"The `{name}` attribute of KerasTensor is immutable. One should create a new instance of KerasTensor "
            "for this."
        )

    return property(get, refuse)


for _name in ("shape", "dtype", "sparse", "ragged", "ragged_rank", "row_splits_dtype"):
    setattr(KerasTensor, _name, _read_only(_name))


def is_keras_tensor(x):
    """Whether `x` is a `KerasTensor`: a tensor of the layer graph, without a value."""
    return isinstance(x, KerasTensor)


def is_tensor(x):
    """Whether `x` is a tensor of the core (with a value, or traced)."""
    return isinstance(x, Tensor)


def is_variable(x):
    """Whether `x` is a `Variable`."""
    return isinstance(x, _variable_types)


# Types of which no value holds a `KerasTensor`; `keraunos.variable` adds its own.
_PLAIN = {Tensor, int, float, bool, str, type(None), np.ndarray}


def holds_symbolic(value):
    """Whether `value` is, or a list, tuple or dict with, a `KerasTensor`."""
    kind = type(value)
    if kind in _PLAIN:
        return False
    if isinstance(value, KerasTensor):
        return True
    if isinstance(value, (list, tuple)):
        for item in value:
            if holds_symbolic(item):
                return True
    elif isinstance(value, dict):
        for item in value.values():
            if holds_symbolic(item):
                return True
    return False


def any_symbolic_tensors(args=None, kwargs=None):
    """Whether a `KerasTensor` is anywhere in the arguments of a call."""
    return holds_symbolic(tuple(args or ())) or holds_symbolic(kwargs or {})


def standardize_shape(shape):
    """`shape` as a tuple of ints and `None`s; `ValueError` for anything that is no shape."""
    if not isinstance(shape, tuple):
        if shape is None:
            raise ValueError("Undefined shapes are not supported.")
        if not hasattr(shape, "__iter__"):
            raise ValueError(f"Cannot convert '{shape}' to a shape.")
        shape = tuple(shape)
    sizes = []
    for size in shape:
        if size is not None and type(size) is not int:
            if isinstance(size, (str, float)):
                raise ValueError(
                    f"Cannot convert '{shape}' to a shape. Found invalid dimension '{size}' of type '{type(size)}'. "
                )
            try:
                size = int(size)
            except Exception as error:
                raise ValueError(
                    f"Cannot convert '{shape}' to a shape. Found invalid dimension '{size}' of type '{type(size)}'. "
                ) from error
        if size is not None and size < 0:
            raise ValueError(f"Cannot convert '{shape}' to a shape. Negative dimensions are not allowed.")
        sizes.append(size)
    return tuple(sizes)


def shape_equal(a_shape, b_shape):
    """Whether two shapes may be equal: same rank, and no two known sizes that differ."""
    return len(a_shape) == len(b_shape) and all(
        a is None or b is None or a == b for a, b in zip(a_shape, b_shape)
    )


_scalars = {}
_SMALL_INTS = frozenset(("uint8", "uint16", "uint32", "uint64", "int8", "int16"))


def scalar(value, dtype):
    """A rank-0 tensor of a Python number."""
    key = (value, dtype)
    found = _scalars.get(key)
    if found is not None and value:  # 0.0 and -0.0 are equal keys
        return found
    if dtype in _SMALL_INTS:
        value = np.asarray(value).astype(dtype)  # wraps around where it does not fit
    if len(_scalars) > 500:
        _scalars.clear()
    found = _scalars[key] = _core.tensor(value, dtype)
    return found


def cast_tensor(x, dtype):
    """The Tensor `x` in another dtype (a name)."""
    return x if x.dtype == dtype else execute("cast", [x], {"dtype": dtype})


def _check_computable(dtype):
    if dtype not in dtypes.COMPUTABLE:
        raise ValueError(
            f"Tensors hold booleans, integers and floats of 16 to 64 bits. Received: dtype={dtype}"
        )


def convert_to_tensor(x, dtype=None, sparse=None, ragged=None):
    """Makes a tensor of a tensor, variable, NumPy array, number, or nested list of those.

    Python ints become int32, Python floats become `floatx`; arrays keep their dtype.

    Args:
        x: the value.
        dtype: the dtype of the result, or `None` to take that of `x`.
        sparse: `None` or `False`.
        ragged: `None` or `False`.

    Example:

    >>> convert_to_tensor([1, 2]).dtype
    'int32'
    """
    if sparse or ragged:
        raise ValueError(f"Sparse and ragged tensors are not supported. Received: sparse={sparse}, ragged={ragged}")
    if dtype is not None:
        dtype = dtypes.standardize_dtype(dtype)
    kind = type(x)
    if kind is Tensor:
        if dtype is None or x.dtype == dtype:
            return x
        _check_computable(dtype)
        return execute("cast", [x], {"dtype": dtype})
    if dtype is not None:
        _check_computable(dtype)
    if kind is bool or kind is int or kind is float:
        return scalar(x, dtype or _dtype_of_number(x))
    if isinstance(x, np.ndarray):
        return _from_array(x, dtype)
    if isinstance(x, _variable_types):
        return cast_tensor(x.value, dtype) if dtype else x.value
    if isinstance(x, KerasTensor):
        raise ValueError(_SYMBOLIC + f"You cannot convert it to a tensor. Received: {x}")
    if isinstance(x, (list, tuple, range)):
        return _from_sequence(x, dtype)
    if isinstance(x, np.generic):
        # NumPy scalars are as weak as Python's, except that they know their kind.
        weak_dtype = "bool" if x.dtype.kind == "b" else _dtype_of_number(x.item())
        if isinstance(x, float) or dtype is not None:
            return _core.tensor(x.item(), dtype or weak_dtype)
        return _from_array(np.asarray(x), None)
    if x is None or isinstance(x, (str, bytes)):
        raise ValueError(f"A tensor cannot be made of a {kind.__name__}. Received: {x!r}")
    if hasattr(x, "__array__"):
        return _from_array(_array_of(x), dtype)
    try:
        array = np.asarray(x)
    except Exception as error:
        raise TypeError(f"A tensor cannot be made of a {kind.__name__}. Received: {x!r:.200}") from error
    return _from_array(array, dtype)


def _array_of(x):
    """The values of a foreign array."""
    try:
        return np.asarray(x)
    except (TypeError, RuntimeError):
        # A torch tensor that is part of a gradient graph, or of a type that NumPy lacks.
        if type(x).__module__.partition(".")[0] != "torch":
            raise
        x = x.detach().cpu()
        return np.asarray(x.float() if str(x.dtype) == "torch.bfloat16" else x)


def _dtype_of_number(value):
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int32" if -(2**31) <= value < 2**31 else "int64"
    if isinstance(value, complex):
        raise ValueError(f"Complex numbers are not supported. Received: {value}")
    return config.floatx()


# `dtype.name` takes NumPy a microsecond.
_array_dtypes = {}


def _from_array(array, dtype):
    name = _array_dtypes.get(array.dtype)
    if name is None:
        name = _array_dtypes[array.dtype] = array.dtype.name
    if name not in dtypes.COMPUTABLE:
        if array.dtype.kind == "O" and array.ndim and array.size:
            return _from_sequence(list(array), dtype)
        raise ValueError(f"A tensor cannot be made of an array of dtype {array.dtype}. Received: {array!r:.200}")
    made = _core.tensor(array, None)
    return made if dtype is None or dtype == name else execute("cast", [made], {"dtype": dtype})


def _from_sequence(values, dtype):
    if _holds_tensor(values):
        rows = [convert_to_tensor(value, dtype) for value in values]
        from keraunos import ops

        return ops.stack(rows)
    if not len(values):
        return _core.tensor(np.zeros((0,), dtype or config.floatx()), None)
    try:
        array = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"A tensor needs rows of equal length. Received: {values!r:.200}") from error
    if array.dtype.name not in dtypes.COMPUTABLE:
        if array.dtype.kind == "O":
            # e.g. a list of foreign tensors; anything else fails below with its own message
            if any(hasattr(value, "__array__") for value in values):
                stacked = np.stack([_array_of(value) for value in values])
                if stacked.dtype.kind != "O":
                    return _from_array(stacked, dtype)
        raise ValueError(f"A tensor cannot be made of {array.dtype.name} values. Received: {values!r:.200}")
    if dtype is None:
        if array.dtype.name == "float64":
            array = array.astype(_numpy_float())
            if config.floatx() == "bfloat16":
                dtype = "bfloat16"
        elif array.dtype.name == "int64" and (not array.size or abs(array).max() < 2**31):
            array = array.astype("int32")
    return _from_array(array, dtype)


def _numpy_float():
    return "float32" if config.floatx() == "bfloat16" else config.floatx()


def _holds_tensor(values):
    for value in values:
        if isinstance(value, Tensor) or isinstance(value, _variable_types):
            return True
        if isinstance(value, (list, tuple)) and _holds_tensor(value):
            return True
    return False


def convert_to_numpy(x):
    """The values of a tensor, variable, number or nested list as a NumPy array.

    >>> convert_to_numpy([1, 2]).shape
    (2,)
    """
    if type(x) is Tensor:
        return x.numpy()
    if isinstance(x, np.ndarray):
        return x
    if isinstance(x, (list, tuple)) and _holds_tensor(x):
        return np.array([convert_to_numpy(value) for value in x])
    return np.asarray(x)


def shape_of(x):
    """The shape of `x`: ints, and rank-0 int32 tensors where a traced size is unknown."""
    shape = x.shape
    if None in shape and type(x) is Tensor:
        return tuple(
            execute("dim", [x], {"axis": axis}) if size is None else size for axis, size in enumerate(shape)
        )
    return tuple(shape)
