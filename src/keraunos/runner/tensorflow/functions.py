"""`tf.function`: traces a Python function into a compiled one, once for each kind of arguments."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from keraunos import tracing, tree
from keraunos.tensor import Tensor
from keraunos.tracing import TraceError

_settings = {"run_eagerly": False}


def run_eagerly(is_eager: bool) -> None:
    """Whether every `tf.function` calls its Python function instead of a compiled one."""
    _settings["run_eagerly"] = is_eager


def runs_eagerly() -> bool:
    """What `run_eagerly` was last told."""
    return _settings["run_eagerly"]


def function(func: Callable[..., Any] | None = None, input_signature: Any = None, **options: Any) -> Any:
    """Makes `func` run compiled; used as a decorator, with or without arguments.

    Tensors and arrays among the arguments are inputs of the compiled function; everything else selects which one is
    used. A function whose Python code needs the value of a tensor cannot be traced: it is then called as it is, and a
    warning says why.

    Example:
        >>> @function
        ... def square(x):
        ...     return x * x
    """
    if func is None:
        return functools.partial(function, input_signature=input_signature, **options)
    return CompiledFunction(func)


class CompiledFunction:
    """A Python function and its traced forms. Made by `function`."""

    def __init__(self, python_function: Callable[..., Any]) -> None:
        self.python_function = python_function
        self.__name__ = getattr(python_function, "__name__", "function")
        self._traced: dict[Any, tracing.Function] = {}
        self._is_untraceable = False
        functools.update_wrapper(self, python_function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._is_untraceable or runs_eagerly() or tracing.is_tracing():
            return self.python_function(*args, **kwargs)
        leaves = tree.flatten((args, kwargs))
        places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, (Tensor, np.ndarray))]
        try:
            traced = self._function_for((args, kwargs), leaves, places)
            return traced(*(leaves[i] for i in places))
        except TraceError as error:
            self._is_untraceable = True
            warnings.warn(f"tf.function: {self.__name__} runs uncompiled: {error}", stacklevel=2)
            return self.python_function(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        bound = CompiledFunction(self.python_function.__get__(instance, owner))
        # Later look-ups find the bound one, with its traces, in the instance itself.
        try:
            object.__setattr__(instance, self.__name__, bound)
        except AttributeError:
            pass
        return bound

    def _function_for(self, structure: Any, leaves: list[Any], places: list[int]) -> tracing.Function:
        fixed = tuple(
            (i, type(leaf), leaf if _is_plain(leaf) else id(leaf)) for i, leaf in enumerate(leaves) if i not in places
        )
        key = (fixed, repr(tree.map_structure(lambda _: 0, structure)))
        if key not in self._traced:
            self._traced[key] = self._trace(structure, leaves, places)
        return self._traced[key]

    def _trace(self, structure: Any, leaves: list[Any], places: list[int]) -> tracing.Function:
        def call(*tensors: Any) -> Any:
            filled = list(leaves)
            for i, tensor in zip(places, tensors, strict=True):
                filled[i] = tensor
            args, kwargs = tree.pack_sequence_as(structure, filled)
            return self.python_function(*args, **kwargs)

        return tracing.Function(call, self.__name__)


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, bytes))
