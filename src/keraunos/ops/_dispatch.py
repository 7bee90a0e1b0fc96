"""The decorator of public ops.

A call without KerasTensors goes straight to the function. With one, at any depth of the arguments, the call
becomes a node of the layer graph: an instance of the function's operation class (`Add`, `Mean`, ...), which is made
from the function when it is first needed. Its constructor takes the arguments that are settings, its call those
that are tensors.
"""

from __future__ import annotations

import functools
import inspect

from keraunos.naming import auto_name
from keraunos.ops.operation import Operation
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.tensor import _PLAIN, holds_symbolic

# Public op functions in order of definition; `find_operation_class` and the tests read it.
RECORDS = []


class OperationRecord:
    """What is known about a public op: its function, its class name, and which arguments are tensors."""

    def __init__(self, function, tensors, class_name, family, spec):
        self.function = function
        self.tensors = tensors
        self.class_name = class_name
        self.module = f"keras.src.ops.{family}"
        self.spec = spec
        self._operation_class = None

    @functools.cached_property
    def parameters(self):
        """The function's parameters by name."""
        return inspect.signature(self.function).parameters

    @functools.cached_property
    def variadic(self):
        """The name of the `*arguments` parameter, or `None`."""
        return next((n for n, p in self.parameters.items() if p.kind is p.VAR_POSITIONAL), None)

    @functools.cached_property
    def settings(self):
        """The names of the parameters that are no tensors."""
        return [
            name
            for name, p in self.parameters.items()
            if name not in self.tensors and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]

    @property
    def operation_class(self):
        """The operation class of this function."""
        if self._operation_class is None:
            # `__module__` is the place where Keras keeps the class, and what saved files call it.
            members = {"record": self, "__module__": self.module, "__doc__": self.function.__doc__}
            self._operation_class = type(self.class_name, (FunctionOperation,), members)
        return self._operation_class

    def symbolic_call(self, args, kwargs):
        """The call as a node of the layer graph."""
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        settings, positional, named = {}, [], {}
        for name, value in bound.arguments.items():
            parameter = self.parameters[name]
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional.extend(value)
            elif parameter.kind is parameter.VAR_KEYWORD:
                named.update(value)
            elif name in self.tensors or holds_symbolic(value):
                is_leading = name in self.tensors and not named and parameter.default is parameter.empty
                if is_leading:
                    positional.append(value)
                elif value is not None:
                    named[name] = value
            else:
                settings[name] = value
        return self.operation_class(**settings).symbolic_call(*positional, **named)


class FunctionOperation(Operation):
    """An operation made from a public op function. Subclasses are made by `OperationRecord`."""

    record = None

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __init__(self, *args, name=None, **settings):
        record = self.record
        if len(args) > len(record.settings):
            raise TypeError(
                f"{record.class_name}: takes at most {len(record.settings)} positional arguments. Received: {len(args)}"
            )
        for key, value in zip(record.settings, args):
            if key in settings:
                raise TypeError(f"{record.class_name}: got multiple values for argument '{key}'")
            settings[key] = value
        takes_any = any(p.kind is p.VAR_KEYWORD for p in record.parameters.values())
        for key in settings:
            if key not in record.settings and key not in record.tensors and not takes_any:
                raise TypeError(f"{record.class_name}: got an unexpected keyword argument '{key}'")
        super().__init__(name=name or auto_name(record.class_name))
        self._settings = {
            key: record.parameters[key].default
            for key in record.settings
            if record.parameters[key].default is not inspect.Parameter.empty
        }
        self._settings.update(settings)

    def __getattr__(self, name):
        settings = self.__dict__.get("_settings")
        if settings is not None and name in settings:
            return settings[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def call(self, *args, **kwargs):
        return self._apply(self.record.function, args, kwargs)

    def compute_output_spec(self, *args, **kwargs):
        if self.record.spec is not None:
            return self._apply(self.record.spec, args, kwargs)
        if self._settings.get("sparse"):
            return self._sparse_spec(args, kwargs)
        return compute_output_spec(self.call, *args, **kwargs)

    def _sparse_spec(self, args, kwargs):
        """Shapes do not depend on being sparse, which only KerasTensors can be."""
        self._settings["sparse"] = False
        try:
            spec = compute_output_spec(self.call, *args, **kwargs)
        finally:
            self._settings["sparse"] = True
        spec._sparse = True
        return spec

    def _apply(self, function, args, kwargs):
        record = self.record
        named = {**self._settings, **kwargs}
        if record.variadic is None:
            names = [name for name in record.parameters if name in record.tensors]
            named.update(zip(names, args))
            return function(**named)
        args = list(args)
        leading = []
        for name in record.parameters:
            if name == record.variadic:
                break
            leading.append(named.pop(name) if name in named else args.pop(0))
        return function(*leading, *args, **named)

    def get_config(self):
        return {"name": self.name, **{key: _to_config(value) for key, value in self._settings.items()}}

    @classmethod
    def from_config(cls, config):
        return cls(**{key: _from_config(value) for key, value in config.items()})


def _to_config(value):
    if callable(value) and not isinstance(value, type):
        from keraunos import serialization

        return serialization.serialize_keras_object(value)
    return value


def _from_config(value):
    if isinstance(value, dict) and "class_name" in value:
        from keraunos import serialization

        return serialization.deserialize_keras_object(value)
    return value


def camel_case(name):
    """`"reduce_sum"` -> `"ReduceSum"`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def operations(family):
    """The decorator for the public ops of one of Keras's modules (`"numpy"`, `"nn"`, ...).

    The decorator's arguments:

    - `tensors`: names of the parameters that are tensors, by default the first one;
    - `name`: the class name, by default the function's name in camel case;
    - `spec`: a function with the same arguments that gives the KerasTensors of the result, for ops whose result
      sizes depend on values.
    """

    def operation(*tensors, name=None, spec=None):
        if len(tensors) == 1 and callable(tensors[0]):
            return _public(OperationRecord(tensors[0], _first_parameter(tensors[0]), camel_case(tensors[0].__name__), family, None))

        def decorate(function):
            names = tensors or _first_parameter(function)
            return _public(
                OperationRecord(function, names, name or camel_case(function.__name__), family, spec)
            )

        return decorate

    return operation


def named(function, name, meaning):
    """The function with the name and the docstring of the op that it computes: for ops made by a function."""
    function.__name__ = function.__qualname__ = name
    function.__doc__ = meaning
    return function


def _first_parameter(function):
    code = function.__code__
    return (code.co_varnames[0],) if code.co_argcount or code.co_flags & 0x04 else ()


def _public(record):
    function = record.function

    def call(*args, **kwargs):
        for value in args:
            if type(value) not in _PLAIN and holds_symbolic(value):
                return record.symbolic_call(args, kwargs)
        if not kwargs:
            return function(*args)
        for value in kwargs.values():
            if type(value) not in _PLAIN and holds_symbolic(value):
                return record.symbolic_call(args, kwargs)
        return function(*args, **kwargs)

    call.__name__ = function.__name__
    call.__qualname__ = function.__qualname__
    call.__module__ = function.__module__
    call.__doc__ = function.__doc__
    call.__wrapped__ = function
    call.operation = record
    RECORDS.append(record)
    return call


_by_name = {}


def find_operation_class(name):
    """The operation class that Keras calls `name` (`"GetItem"`), or `None`."""
    if len(_by_name) != len(RECORDS):
        for record in RECORDS:
            _by_name.setdefault(record.class_name, record)
    record = _by_name.get(name)
    return None if record is None else record.operation_class


def operation_names():
    """The names of all operation classes, sorted."""
    return sorted({record.class_name for record in RECORDS})


__all__ = ["find_operation_class", "operation_names", "operations"]
