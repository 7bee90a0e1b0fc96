"""A layer's calls outside of tapes and traces, each as one native call."""

import functools
import weakref

from keraunos import tree
from keraunos.layers.call_context import current
from keraunos.masking import get_keras_mask
from keraunos.naming import state
from keraunos.ops._dispatch import FunctionOperation
from keraunos.ops.operation import Operation
from keraunos.tensor import Tensor
from keraunos.tracing import CallTable, Function, is_own, is_own_class

# A layer whose attributes keep changing between calls is not worth tracing over and over.
_MAX_TRACES = 16
_MAX_SIGNATURES = 64
# Stands for the training mode where no call is around this one.
_OUTERMOST = "outermost"
# What a layer may have been given by the user without running it in a call.
_NOT_CALLED = ("_initializer", "_regularizer", "_constraint")


class CompiledCall:
    """The native calls of one layer, by what it is called with.

    A layer takes this road when it and all the layers inside it are keraunos's own and nothing else of the user's runs
    in its call. Arguments of the same structure, dtypes, shapes and settings must have come before: a layer is often
    called once, and sizes may be new in every call. A model is compiled at once. The layer may stand alone, or be called
    by a layer of the user's, whose own code runs as it is written.

    The general road is taken while a trace or a tape listens, in stateless scopes, with masks among the inputs or the
    outputs, by calls that leave losses behind, and by those that only read a variable. Outputs that are inputs, perhaps
    under another shape, are handed on without a copy.
    """

    def __init__(self):
        self._table = CallTable()
        self._functions = {}
        self._seen = set()
        self._remaining = _MAX_TRACES
        self._is_possible = None
        self._is_tracing = False

    def __call__(self, layer, args, kwargs):
        """Returns the outputs, or `NotImplemented` when the general road must be taken."""
        if self._is_possible is False or state.stateless_scope is not None:
            return NotImplemented
        context, scope = current.context, state.autocast_scope
        dtype = False if scope is None else scope.dtype
        try:
            outputs = self._table.run(args, kwargs, context, dtype)
        except Exception:
            # The general road gives the user's error, or the answer.
            return NotImplemented
        return self._learn(layer, args, kwargs, context, dtype) if outputs is None else outputs

    def forget(self):
        """To be called when the layer or one inside it changes."""
        if self._is_tracing:
            return  # What a trace sets, such as the note that the layer has been called, it sets for all calls.
        self._table.clear()
        self._functions.clear()
        self._seen.clear()
        self._is_possible = None

    def _learn(self, layer, args, kwargs, context, dtype):
        if self._is_possible is None:
            self._examine(layer)
        signature = self._table.signature(args, kwargs, context, dtype) if self._is_possible else None
        if signature is None:
            return NotImplemented
        if signature not in self._seen and not layer._is_compiled_at_once:
            if len(self._seen) == _MAX_SIGNATURES:
                self._seen.clear()
            self._seen.add(signature)
            return NotImplemented
        try:
            self._compile(layer, args, kwargs, context, dtype, signature)
            return self._table.run(args, kwargs, context, dtype)
        except Exception:
            self._table.refuse(signature)
            return NotImplemented

    def _compile(self, layer, args, kwargs, context, dtype, signature):
        training = _OUTERMOST if context is None else context.training
        function = self._functions.get((training, dtype))
        if function is None:
            function = Function(functools.partial(_whole_call, layer), layer.name)
            self._functions[training, dtype] = function
        traces = function.trace_count
        self._is_tracing = True
        try:
            concrete, tensors = function.concrete_for((args, kwargs))
            if function.trace_count != traces:
                concrete.training_left = None if context is None else context.training
        finally:
            if context is not None:
                context.training = training
            self._is_tracing = False
            self._remaining -= function.trace_count - traces
            self._is_possible = self._remaining > 0
        left = None if context is None or concrete.training_left is training else (concrete.training_left,)
        self._table.add(signature, concrete.native, tensors, None if concrete.gives_one_tensor else concrete.pack, left)

    def _examine(self, layer):
        layers = layer._flatten_layers()
        if not all(one.built for one in layers):
            return
        self._is_possible = self._remaining > 0 and all(map(is_ours, layers))
        for one in layers if self._is_possible else [layer]:
            one.__dict__.setdefault("_compiled_around", weakref.WeakSet()).add(self)


def note_change(layer):
    """Says that a layer is not what it was: native calls that run it are made anew."""
    for compiled in layer.__dict__.get("_compiled_around", ()):
        compiled.forget()


class _LeavesMore(TypeError):
    """The call leaves something behind, which a native call cannot."""


def _whole_call(layer, args, kwargs):
    """The call in a trace. Raises when outputs and variables are not all there is of it."""
    outputs = layer(*args, **kwargs)
    for leaf in tree.flatten(outputs):
        if leaf is not None and (type(leaf) is not Tensor or get_keras_mask(leaf) is not None):
            raise _LeavesMore("masks, or what is not a tensor")
    if any(one._get_own_losses() for one in layer._flatten_layers()):
        raise _LeavesMore("losses")
    return outputs


def is_ours(layer):
    """Whether a call of the layer itself, without those inside it, runs no code of the user's."""
    attributes = layer.__dict__
    if not is_own_class(type(layer)) or attributes.get("activity_regularizer") is not None or "call" in attributes:
        return False
    if type(layer).__name__ == "Lambda" or layer._call_context_args != {"training"}:
        return False
    return not any(map(holds_foreign, layer._operations_of_call()))


def holds_foreign(operation):
    """Whether the operation is the user's, or has functions of the user's to call."""
    settings = operation.__dict__
    if isinstance(operation, FunctionOperation):
        settings = settings["_settings"]
    elif not is_own_class(type(operation)):
        return True
    return any(
        callable(value) and not isinstance(value, Operation) and not name.endswith(_NOT_CALLED) and not is_own(value)
        for name, value in settings.items()
    )
