"""`model(x)` outside of training loops and tapes as one native call."""

import numpy as np

from keraunos import tree
from keraunos.layers import changes
from keraunos.layers.call_context import current
from keraunos.masking import get_keras_mask
from keraunos.naming import state
from keraunos.tensor import Tensor
from keraunos.tracing import Function, TraceError, is_recording, is_tracing

# A model whose attributes keep changing between calls is not worth tracing over and over.
_MAX_TRACES = 16
_PACKAGE = "keraunos."


class CompiledCall:
    """The traced calls of one model, by training mode.

    A model takes this road when it and all its layers are keraunos's own, its call leaves nothing behind but values and
    variables (no losses, no masks), and nobody listens. Everything else runs layer by layer.

    Args:
        model: The model, built.
    """

    def __init__(self, model):
        self._functions = {}
        self._at_once = None
        self._version = changes.version()
        self._remaining = _MAX_TRACES
        self._is_possible = _is_ours(model)

    def __call__(self, model, x, training):
        """Returns the outputs, or `NotImplemented` when the general road must be taken."""
        if self._at_once is not None and training is None and self._version == changes.version() and _is_free(x):
            try:
                # `None` inside traces and tapes; an input that does not fit is for the general road to judge.
                outputs = self._at_once(x)
            except (TypeError, ValueError):
                outputs = None
            if outputs is not None:
                return outputs
        return self._call_traced(model, x, training)

    def _call_traced(self, model, x, training):
        if not self._is_possible or is_tracing() or is_recording() or current.context is not None:
            return NotImplemented
        if state.stateless_scope is not None or state.autocast_scope is not None:
            return NotImplemented
        if self._version != changes.version():
            self._forget(model)
        function = self._functions.get(training)
        if function is None:
            function = self._functions[training] = Function(lambda inputs: _plain_call(model, inputs, training), model.name)
        if not _is_native(x, model):
            return NotImplemented
        traces = function.trace_count
        try:
            outputs = function(x)
        except (TraceError, TypeError, ValueError, NotImplementedError):
            # The general road gives the user's error, or the answer.
            return NotImplemented
        finally:
            if function.trace_count != traces:
                self._note_traces(function.trace_count - traces)
        if training is None:
            self._at_once = function.native_call_of_one(x)
        return outputs

    def _note_traces(self, count):
        self._remaining -= count
        self._is_possible = self._remaining > 0
        # Tracing itself may have set attributes.
        self._version = changes.version()

    def _forget(self, model):
        self._functions = {}
        self._at_once = None
        self._version = changes.version()
        self._is_possible = self._remaining > 0 and _is_ours(model)


class _LeavesMore(TypeError):
    """The call leaves losses or masks behind, which a native call cannot."""


def _is_free(x):
    """Whether nothing but the value of `x` and the state of the thread matters."""
    if current.context is not None or state.stateless_scope is not None or state.autocast_scope is not None:
        return False
    return type(x) is np.ndarray or (type(x) is Tensor and get_keras_mask(x) is None)


def _plain_call(model, inputs, training):
    outputs = model._layer_by_layer_call(inputs, training=training)
    if any(layer._get_own_losses() for layer in (model, *model._flatten_layers(include_self=False))):
        raise _LeavesMore("losses")
    if any(get_keras_mask(leaf) is not None for leaf in tree.flatten(outputs)):
        raise _LeavesMore("masks")
    return outputs


def _is_ours(model):
    layers = [model, *model._flatten_layers(include_self=False)]
    if any(not type(layer).__module__.startswith(_PACKAGE) for layer in layers):
        return False
    if any(getattr(layer, "activity_regularizer", None) is not None for layer in layers):
        return False
    return not any(layer.__class__.__name__ == "Lambda" for layer in layers)


def _is_native(x, model):
    """Whether nothing would be done to the inputs first. Floats are cast to the model's dtype, indices stay what they are."""
    wanted = model.input_dtype
    for leaf in tree.flatten(x):
        if not isinstance(leaf, (np.ndarray, Tensor)):
            return False
        if leaf.dtype != wanted and leaf.dtype not in ("int32", "int64"):
            return False
        if isinstance(leaf, Tensor) and get_keras_mask(leaf) is not None:
            return False
    return True
