"""The call of a built layer on tensors that need no conversion and carry no masks: what then is left of the long one."""

import inspect

import numpy as np

from keraunos import config
from keraunos.dtype_policies import DTypePolicy
from keraunos.dtypes import FLOATS
from keraunos.layers.call_context import CallContext, current
from keraunos.layers.call_spec import is_default
from keraunos.masking import get_keras_mask
from keraunos.naming import state, swap_core_scope
from keraunos.ops.operation import raise_with_arguments
from keraunos.tensor import Tensor, shapes_key

_MAX_SHAPES = 100
# Types of attribute values that are neither state of a layer nor hold any.
UNTRACKED = frozenset((bool, int, float, str, type(None), Tensor))
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
# What a subclass may make depend on attributes of its own.
_DERIVED = ("compute_dtype", "dtype_policy", "input_dtype", "input_spec", "quantization_mode", "supports_masking", "variable_dtype")
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class ShortCall:
    """What the short road through a layer's `__call__` needs to know.

    It takes tensors in their places, the first argument also a list or tuple of them, and `training` by its name. Any
    other call, and any that would do more than `call` itself, takes the long road.

    Args:
        layer: A layer for which `is_possible(layer)` holds, until one of its attributes changes that `depends_on`.
    """

    __slots__ = (
        "_default_training",
        "_dtype",
        "_is_converted",
        "_keeps_dtype",
        "_known",
        "_max_args",
        "_min_args",
        "_scope",
        "_sees_all_attributes",
        "_sets_mask",
        "_takes_arrays",
        "_takes_training",
    )

    def __init__(self, layer):
        parameters = list(layer._call_signature.parameters.values())
        positional = [p for p in parameters if p.kind in _POSITIONAL]
        self._min_args = max(1, sum(p.default is p.empty for p in positional))
        self._max_args = len(positional)
        training = layer._call_signature.parameters.get("training")
        self._default_training = None if training is None or training.default is training.empty else training.default
        self._takes_training = layer._call_has_training_arg
        self._is_converted = layer._convert_input_args
        self._takes_arrays = not self._is_converted and layer._allow_non_tensor_positional_args
        self._dtype = layer.input_dtype
        self._keeps_dtype = layer.compute_dtype == layer.variable_dtype
        self._sets_mask = layer.supports_masking and not is_default(layer.compute_mask)
        self._scope = layer._path or layer.name
        # The arguments that fit, by their dtypes and shapes.
        self._known = set()
        cls = type(layer)
        base = next(base for base in cls.__mro__ if "_names_of_all_layers" in vars(base))
        self._sees_all_attributes = any(getattr(cls, name) is not getattr(base, name) for name in _DERIVED)

    def depends_on(self, layer, name, value):
        """Whether it may matter that an attribute of the layer becomes `value`.

        Numbers, texts and tensors that a layer of the user's counts or keeps in its call do not.
        """
        if self._sees_all_attributes or name in layer._names_of_all_layers or type(value) not in UNTRACKED:
            return True
        return type(layer.__dict__.get(name, self)) not in UNTRACKED

    @staticmethod
    def is_possible(layer):
        """Whether nothing about the layer itself needs the long road."""
        parameters = list(layer._call_signature.parameters.values())
        return (
            layer.built
            and bool(parameters)
            and parameters[0].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
            and parameters[0].name not in ("training", "mask")
            and all(p.default is not p.empty or p.kind in (*_POSITIONAL, *_VARIADIC) for p in parameters)
            and layer.activity_regularizer is None
            and layer.quantization_mode is None
            and layer._call_context_args == {"training"}
            and type(layer.dtype_policy).convert_input is DTypePolicy.convert_input
            and all(inner.built for inner in layer._flatten_layers(include_self=False))
        )

    def __call__(self, layer, args, kwargs):
        """Returns the outputs, or `NotImplemented` for a call that must take the long road."""
        if kwargs and (len(kwargs) > 1 or "training" not in kwargs or not isinstance(kwargs["training"], bool)):
            return NotImplemented
        scope = state.autocast_scope
        if not (self._keeps_dtype if scope is None else scope.dtype == self._dtype and layer.autocast):
            return NotImplemented
        if shapes_key(args) not in self._known:
            args = self._examined(layer, args)
            if args is None:
                return NotImplemented
        return self._run(layer, args, kwargs)

    def _examined(self, layer, args):
        """The arguments as `call` gets them, or `None` if they need the long road."""
        if not self._min_args <= len(args) <= self._max_args:
            return None
        if type(args[0]) is np.ndarray and self._is_converted and len(args) == 1:
            args = (layer._convert_input(args[0]),)
        key = shapes_key(args)
        if key not in self._known:
            if not self._are_plain(args):
                return None
            layer._assert_input_compatibility(args[0])
            if key is not None and len(self._known) < _MAX_SHAPES:
                self._known.add(key)
        return args

    def _are_plain(self, args):
        first = args[0]
        if type(first) is list or type(first) is tuple:
            return bool(first) and all(map(self._is_plain, (*first, *args[1:])))
        return all(map(self._is_plain, args))

    def _is_plain(self, x):
        if type(x) is not Tensor:
            return self._takes_arrays and type(x) is np.ndarray
        if get_keras_mask(x) is not None:
            return False
        dtype = x.dtype
        return dtype == self._dtype or dtype not in FLOATS or not self._is_converted

    def _run(self, layer, args, kwargs):
        context = current.context
        is_outermost = context is None
        if is_outermost:
            context = current.context = CallContext(layer)
            layer._clear_losses()
        training = kwargs["training"] if kwargs else context.training
        if training is None:
            training = self._default_training
        context.training = training
        outer_scope = swap_core_scope(self._scope)
        try:
            if self._takes_training and training is not None:
                outputs = layer.call(*args, training=training)
            else:
                outputs = layer.call(*args)
            if self._sets_mask:
                layer._set_mask_metadata(args[0], outputs, _no_masks(args[0]))
            return outputs
        except Exception as error:
            if not config.is_traceback_filtering_enabled():
                raise
            raise_with_arguments(error, layer.call, f"{type(layer).__name__}.call()", args, kwargs)
        finally:
            swap_core_scope(outer_scope)
            if is_outermost:
                current.context = None


def _no_masks(first):
    return type(first)([None] * len(first)) if isinstance(first, (list, tuple)) else None
