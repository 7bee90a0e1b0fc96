"""`Variable`: a named tensor that lives across calls."""

from __future__ import annotations

import importlib

import numpy as np

from keraunos import _core, dtypes, tensor
from keraunos.naming import auto_name, current_path, state
from keraunos.tensor import (
    Tensor,
    cast_tensor,
    convert_to_tensor,
    shape_equal,
    standardize_shape,
)

_AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
_SYNCHRONIZATIONS = (None, "none", "on_read", "on_write", "auto")


class Variable:
    """A tensor with a name that can be assigned to: weight, moving mean, step count, seed.

    Args:
        initializer: the initial value, or a callable `initializer(shape, dtype=dtype)`, or an initializer's name.
        shape: tuple of ints, needed with a callable.
        dtype: the dtype; by default that of the value, or `floatx`.
        trainable: whether optimizers change it.
        autocast: whether layers with another compute dtype read it cast.
        aggregation: kept for Keras's sake.
        synchronization: kept for Keras's sake.
        name: optional name without `/`.

    Example:

    >>> v = Variable([1.0, 2.0], name="v")
    >>> _ = v.assign_add([1.0, 1.0])
    >>> v.numpy().tolist()
    [2.0, 3.0]
    """

    __array_priority__ = 1000

    def __init__(
        self,
        initializer,
        shape=None,
        dtype=None,
        trainable=True,
        autocast=True,
        aggregation="none",
        synchronization="auto",
        name=None,
        layout=None,
        **kwargs,
    ):
        if kwargs:
            raise TypeError(f"Variable: unexpected keyword arguments: {', '.join(kwargs)}")
        name = name or auto_name(self.__class__.__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"Argument `name` must be a string and cannot contain character `/`. Received: name={name}"
            )
        if aggregation not in _AGGREGATIONS:
            raise ValueError(
                "Invalid value for argument `aggregation`. Expected one of `None`, `'none'`, `'mean'`, `'sum'`, "
                f"`'only_first_replica'`. Received: aggregation={aggregation}"
            )
        if synchronization not in _SYNCHRONIZATIONS:
            raise ValueError(
                "Invalid value for argument `synchronization`. Expected one of `None`, `'none'`, `'on_read'`, "
                f"`'on_write'`, `'auto'`. Received: synchronization={synchronization}"
            )
        self._name = name
        parent_path = current_path()
        self._path = f"{parent_path}/{name}" if parent_path else name
        self._handle = None
        self._shape = None
        self._initializer = None
        self._regularizer = None
        self._constraint = None
        self._trainable = bool(trainable)
        self._autocast = bool(autocast)
        self._aggregation = aggregation or "none"
        self._synchronization = synchronization or "none"
        self._layout = layout
        self._overwrite_with_gradient = False

        if isinstance(initializer, str):
            initializer = _named_initializer(initializer)
        if callable(initializer):
            if shape is None:
                raise ValueError(
                    "When creating a Variable from an initializer, the `shape` argument should be specified. "
                    f"Received: initializer={initializer} and shape={shape}"
                )
            self._dtype = dtypes.standardize_dtype(dtype)
            self._shape = self._checked_shape(shape)
            self._ndim = len(self._shape)
            if state.stateless_scope is not None:
                # Its value cannot outlive the scope that computes it now: it is made when the scope ends.
                self._initializer = initializer
                state.uninitialized_variables.append(self)
            else:
                self._initialize_with_initializer(initializer)
            return
        value = convert_to_tensor(initializer, dtype=dtype)
        self._dtype = value.dtype
        self._shape = self._checked_shape(value.shape)
        self._ndim = len(self._shape)
        if state.stateless_scope is not None:
            raise ValueError(
                "You are attempting to create a variable while in a stateless scope. This is disallowed. Make sure "
                "that all variables are created before you start using your layer/model objects. In some cases, you "
                "might be seeing this error because you need to implement a `def build(self, input_shape)` method on "
                "your layer/model, which will create its variables. In some other cases, you might be instantiating "
                "a `Variable` and assigning it to a layer without going through `self.add_weight()`."
            )
        self._initialize(value)

    def _checked_shape(self, shape):
        shape = standardize_shape(shape)
        if None in shape:
            raise ValueError(
                "Shapes used to initialize variables must be fully-defined (no `None` dimensions). "
                f"Received: shape={shape} for variable path='{self._path}'"
            )
        return shape

    def _initialize(self, value):
        self._handle = _core.Variable(value, self._path)
        self._handle.trainable = self._trainable

    def _initialize_with_initializer(self, initializer):
        value = convert_to_tensor(initializer(self._shape, dtype=self._dtype), dtype=self._dtype)
        if not shape_equal(tuple(value.shape), self._shape):
            raise ValueError(
                f"The initializer of variable '{self._path}' must return a tensor of shape {self._shape}. "
                f"Received: shape {tuple(value.shape)}"
            )
        self._initialize(value)

    def _deferred_initialize(self):
        if self._handle is not None:
            raise ValueError(f"Variable {self._path} is already initialized.")
        if state.stateless_scope is not None:
            raise ValueError(
                "You are attempting to initialize a variable while in a stateless scope. This is disallowed. Make "
                "sure that all variables are initialized before you start using your layer/model objects."
            )
        self._initialize_with_initializer(self._initializer)
        self._initializer = None

    # ------------------------------------------------------------------ value

    @property
    def value(self):
        """The current value as a tensor, cast to the compute dtype inside a layer that casts."""
        scope = state.stateless_scope
        value = None if scope is None else scope.state_mapping.get(id(self))
        if value is None:
            if self._handle is None:
                value = convert_to_tensor(self._initializer(self._shape, dtype=self._dtype), dtype=self._dtype)
            else:
                value = self._handle.read()
        autocast = state.autocast_scope
        if autocast is not None and self._autocast:
            return autocast.maybe_cast(value)
        return value

    def numpy(self):
        """The current value as a NumPy array."""
        return np.array(self.value.numpy())

    def assign(self, value):
        """Sets the value. `value` is cast to the variable's dtype; its shape must be the variable's. Returns it."""
        value = convert_to_tensor(value, dtype=self._dtype)
        if not shape_equal(tuple(value.shape), self._shape):
            raise ValueError(
                "The shape of the target variable and the shape of the target value in `variable.assign(value)` must "
                f"match. variable.shape={self._shape}, Received: value.shape={tuple(value.shape)}. "
                f"Target variable: <Variable path={self._path}, shape={self._shape}, dtype={self._dtype}>"
            )
        scope = state.stateless_scope
        if scope is not None:
            scope.state_mapping[id(self)] = value
        elif self._handle is None:
            self._initialize(value)
        else:
            self._handle.assign(value)
        return value

    def assign_add(self, value):
        """Adds to the value."""
        return self.assign(self + value)

    def assign_sub(self, value):
        """Subtracts from the value."""
        return self.assign(self - value)

    # ------------------------------------------------------------------ attributes

    @property
    def dtype(self):
        """The dtype; inside a layer that casts, the dtype of what reading gives."""
        autocast = state.autocast_scope
        if autocast is not None and self._autocast and autocast.dtype and self._dtype in dtypes.FLOATS:
            return autocast.dtype
        return self._dtype

    @property
    def shape(self):
        """The shape, a tuple of ints."""
        return self._shape

    @property
    def ndim(self):
        """The number of axes."""
        return self._ndim

    @property
    def trainable(self):
        """Whether optimizers change it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value):
        self._trainable = bool(value)
        if self._handle is not None:
            self._handle.trainable = self._trainable

    @property
    def name(self):
        """The name."""
        return self._name

    @property
    def path(self):
        """The name with the names of the scopes around it: `"dense/kernel"`."""
        return self._path

    @property
    def autocast(self):
        """Whether layers with another compute dtype read it cast."""
        return self._autocast

    @property
    def aggregation(self):
        """Kept for Keras's sake."""
        return self._aggregation

    @property
    def synchronization(self):
        """Kept for Keras's sake."""
        return self._synchronization

    @property
    def overwrite_with_gradient(self):
        """Whether optimizers put the gradient in place of the value."""
        return self._overwrite_with_gradient

    @overwrite_with_gradient.setter
    def overwrite_with_gradient(self, value):
        if not isinstance(value, bool):
            raise TypeError(f"`overwrite_with_gradient` must be a boolean. Received: {value}")
        self._overwrite_with_gradient = value

    @property
    def regularizer(self):
        """A function of the value whose result adds to the loss, or `None`."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value):
        if value is not None and not callable(value):
            raise ValueError(
                "Invalid value for attribute `regularizer`. Expected a callable (such as a "
                f"`keras.regularizers.Regularizer` instance) or `None`. Received: regularizer={value}"
            )
        self._regularizer = value

    @property
    def constraint(self):
        """A function that optimizers apply to the value after changing it, or `None`."""
        return self._constraint

    @constraint.setter
    def constraint(self, value):
        if value is not None and not callable(value):
            raise ValueError(
                "Invalid value for attribute `constraint`. Expected a callable (such as a "
                f"`keras.constraints.Constraint` instance) or `None`. Received: constraint={value}"
            )
        self._constraint = value

    # ------------------------------------------------------------------ as a value

    def __repr__(self):
        text = ""
        if self._handle is not None and self._handle.shape is not None:
            text = f", value={self._handle.numpy()}"
        return f"<Variable path={self.path}, shape={self.shape}, dtype={self.dtype}{text}>"

    def __array__(self, dtype=None, copy=None):
        array = self.value.numpy()
        return array if dtype is None else array.astype(dtype)

    def _scalar(self):
        if self._ndim > 0:
            raise TypeError(f"Only scalar arrays can be converted to Python scalars. Got: shape={self.shape}")
        return self.value

    def __int__(self):
        return int(self._scalar())

    def __float__(self):
        return float(self._scalar())

    def __bool__(self):
        raise TypeError("A Keras Variable cannot be used as a boolean.")

    def __pos__(self):
        return self.value

    __hash__ = object.__hash__

    def __deepcopy__(self, memo):
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        memo[id(self)] = copy
        if self._handle is not None:
            copy._initialize(self._handle.read())
        return copy

    def __reduce__(self):
        settings = {name: value for name, value in self.__dict__.items() if name != "_handle"}
        return _restore_variable, (type(self), settings, self._handle.numpy())


def _restore_variable(cls, settings, array):
    variable = object.__new__(cls)
    variable.__dict__.update(settings)
    variable._handle = None
    variable._initialize(convert_to_tensor(array, dtype=variable._dtype))
    return variable


tensor._variable_types = (Variable,)
tensor._PLAIN.add(Variable)


def _named_initializer(name):
    # The table of initializers lies a floor above; its name is all that this floor knows.
    return importlib.import_module("keraunos.initializers").get(name)


def initialize_all_variables():
    """Gives values to the variables that were made inside stateless scopes."""
    waiting, state.uninitialized_variables = state.uninitialized_variables, []
    for variable in waiting:
        if variable._handle is None:
            variable._deferred_initialize()


def get_autocast_scope():
    """The innermost open `AutocastScope`, or `None`."""
    return state.autocast_scope


class AutocastScope:
    """Inside, float variables are read cast to `dtype` (`None`: as they are)."""

    def __init__(self, dtype):
        if dtype is not None:
            dtype = dtypes.standardize_dtype(dtype)
            if not dtypes.is_float_dtype(dtype):
                raise ValueError(
                    "`AutocastScope` can only be used with a floating-point target dtype, such as 'float16'. "
                    f"Received: dtype={dtype}"
                )
        self.dtype = dtype
        self.original_scope = None

    def maybe_cast(self, value):
        """`value` in the scope's dtype if it is a float."""
        if self.dtype is not None and value.dtype in dtypes.FLOATS:
            if type(value) is Tensor:
                return cast_tensor(value, self.dtype)
            return convert_to_tensor(value, dtype=self.dtype)
        return value

    def __enter__(self):
        self.original_scope = state.autocast_scope
        state.autocast_scope = self
        return self

    def __exit__(self, *exception):
        state.autocast_scope = self.original_scope
