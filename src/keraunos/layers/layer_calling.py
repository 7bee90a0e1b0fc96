"""The part of `Layer` that is a call: arguments, scopes, masks, and the short road for plain tensors."""

import inspect
import warnings
import weakref

import numpy as np

from keraunos import config, tree
from keraunos.dtypes import is_float_dtype
from keraunos.layers import input_spec as input_specs
from keraunos.layers.call_context import CallContext, current
from keraunos.layers.call_spec import CallSpec, is_default, is_tensor_or_symbolic
from keraunos.masking import get_keras_mask, set_keras_mask
from keraunos.naming import get_core_scope, set_core_scope, state
from keraunos.ops.node import Node
from keraunos.ops.operation import Operation, raise_with_arguments
from keraunos.stateless_scope import StatelessScope
from keraunos.tensor import Tensor, any_symbolic_tensors
from keraunos.variable import AutocastScope

_signatures = weakref.WeakKeyDictionary()


class LayerCalling:
    """Mix-in of `Layer`."""

    # What the short road through __call__ needs to know, or None while the long one must be taken.
    _fast_call = None

    def _read_call_signature(self):
        self._call_signature = _signature_of(self.call)
        self.call_signature_parameters = list(self._call_signature.parameters)
        self._call_has_training_arg = "training" in self.call_signature_parameters
        self._call_has_mask_arg = "mask" in self.call_signature_parameters
        self._call_context_args = {"training"}
        self._call_has_context_arg = {"training": self._call_has_training_arg}

    def __call__(self, *args, **kwargs):
        fast = self._fast_call
        if fast is not None and len(args) == 1 and not kwargs:
            x = args[0]
            if type(x) is np.ndarray and self._convert_input_args:
                x = self._convert_input(x)
            if type(x) is Tensor and x.dtype == fast[0] and get_keras_mask(x) is None:
                scope = state.autocast_scope
                if fast[3] if scope is None else scope.dtype == fast[0] and self.autocast:
                    return self._short_call(x, fast)
        return self._long_call(args, kwargs)

    def _short_call(self, x, fast):
        """A call on one tensor of the right dtype, without masks, of a layer that is built, as are those inside it."""
        shapes = fast[4]
        shape = x.shape
        if shape not in shapes:
            self._assert_input_compatibility(x)
            if len(shapes) < 100:
                shapes.add(shape)
        context = current.context
        is_outermost = context is None
        if is_outermost:
            context = current.context = CallContext(self)
            self._clear_losses()
        training = context.training
        if training is None:
            training = context.training = fast[2]
        outer_scope = get_core_scope()
        set_core_scope(fast[5])
        try:
            if fast[1] and training is not None:
                return self.call(x, training=training)
            return self.call(x)
        except Exception as error:
            if not config.is_traceback_filtering_enabled():
                raise
            raise_with_arguments(error, self.call, f"{type(self).__name__}.call()", (x,), {})
        finally:
            set_core_scope(outer_scope)
            if is_outermost:
                current.context = None

    def _long_call(self, args, kwargs):
        self._check_super_called()
        if not self._called:
            self._called = True
        original_args, original_kwargs = args, kwargs
        if self._convert_input_args and self._inputs_need_conversion(args, kwargs):
            args = tree.map_structure(self._convert_input, args)
            kwargs = tree.map_structure(self._convert_input, kwargs)
        if not self._allow_non_tensor_positional_args:
            _check_positional(args)
        call_spec = CallSpec(self._call_signature, self._call_context_args, args, kwargs)
        self._assert_input_compatibility(call_spec.first_arg)
        with self._open_name_scope():
            self._maybe_build(call_spec)
        context = current.context
        if context is None:
            context = current.context = CallContext(self)
            self._clear_losses()
        try:
            for name in self._call_context_args:
                self._resolve_context_argument(name, call_spec, context, kwargs)
            previous_mask = self._take_masks(call_spec, kwargs)
            outputs = self._call_in_scopes(args, kwargs)
            if self.supports_masking:
                self._set_mask_metadata(call_spec.first_arg, outputs, previous_mask)
            elif any(mask is not None for mask in tree.flatten(previous_mask)):
                warnings.warn(
                    f"Layer '{self.name}' (of type {type(self).__name__}) was passed an input with a mask attached "
                    "to it. However, this layer does not support masking and will therefore destroy the mask "
                    "information. Downstream layers will not see the mask.",
                    stacklevel=3,
                )
        finally:
            if context.entry_layer is self:
                current.context = None
        # Keyword arguments that were resolved above belong to the recorded call, as in files written by Keras.
        if any_symbolic_tensors(original_args, original_kwargs):
            Node(operation=self, call_args=original_args, call_kwargs=original_kwargs, outputs=outputs)
        self._remember_fast_call()
        return outputs

    def _call_in_scopes(self, args, kwargs):
        autocast = self._new_autocast_scope()
        with self._open_name_scope():
            if autocast is None:
                outputs = Operation.__call__(self, *args, **kwargs)
            else:
                with autocast:
                    outputs = Operation.__call__(self, *args, **kwargs)
            if not self.built:
                self.built = True
            if self.activity_regularizer is not None:
                self._add_activity_loss(outputs)
        return outputs

    def _new_autocast_scope(self):
        """The scope to open around `call`, or `None` when the current one is right already."""
        scope = state.autocast_scope
        if scope is not None:
            if not self.autocast or not is_float_dtype(self.compute_dtype):
                return AutocastScope(None)
            return AutocastScope(self.compute_dtype) if scope.dtype != self.compute_dtype else None
        return AutocastScope(self.compute_dtype) if self.compute_dtype != self.variable_dtype else None

    def _remember_fast_call(self):
        """Notes that the next call may take the short road, if nothing about this layer needs the long one."""
        attributes = self.__dict__
        if "_fast_call" in attributes or not self.built:
            return
        parameters = list(self._call_signature.parameters.values())
        takes_one = bool(parameters) and parameters[0].kind is inspect.Parameter.POSITIONAL_OR_KEYWORD
        optional = all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters[1:])
        if (
            not takes_one
            or not optional
            or self.activity_regularizer is not None
            or self.quantization_mode is not None
            or self._call_context_args != {"training"}
            or (self.supports_masking and not is_default(self.compute_mask))
            or not all(layer.built for layer in self._flatten_layers(include_self=False))
        ):
            return
        training = self._call_signature.parameters.get("training")
        default_training = None if training is None or training.default is training.empty else training.default
        keeps_dtype = self.compute_dtype == self.variable_dtype
        attributes["_fast_call"] = (
            self.input_dtype,
            self._call_has_training_arg,
            default_training,
            keeps_dtype,
            set(),
            self._path or self.name,
        )

    def _inputs_need_conversion(self, args, kwargs):
        if kwargs or len(args) != 1 or not is_tensor_or_symbolic(args[0]):
            return True
        return args[0].dtype != self.input_dtype

    def _convert_input(self, x):
        mask = get_keras_mask(x)
        try:
            converted = self.dtype_policy.convert_input(x, self.autocast, self.input_dtype)
        except (TypeError, ValueError) as error:
            raise ValueError(
                f"Invalid dtype: {getattr(x, 'dtype', type(x).__name__)}. Layer '{self.name}' takes tensors and "
                f"arrays of numbers. {error}"
            ) from error
        if mask is not None:
            set_keras_mask(converted, mask)
        return converted

    def _resolve_context_argument(self, name, call_spec, context, kwargs):
        """Finds the value of `training` and its kin: the user's, else the outer call's, else the default."""
        if name in call_spec.user_arguments_dict:
            value = call_spec.user_arguments_dict[name]
        elif context.get_value(name) is not None:
            value = context.get_value(name)
        else:
            value = call_spec.arguments_dict.get(name)
        context.set_value(name, value)
        if self._call_has_context_arg.get(name, False) and value is not None:
            kwargs[name] = value

    def _take_masks(self, call_spec, kwargs):
        """Fills mask arguments from the masks that the inputs carry; returns the mask of the first argument."""
        tensors = call_spec.tensor_arguments_dict
        arguments = call_spec.arguments_dict
        if len(tensors) == 1:
            if "mask" in arguments and arguments["mask"] is None:
                kwargs["mask"] = tree.map_structure(get_keras_mask, next(iter(tensors.values())))
        elif len(tensors) > 1:
            for name, value in tensors.items():
                mask_name = f"{name}_mask"
                if mask_name in arguments and arguments[mask_name] is None:
                    kwargs[mask_name] = tree.map_structure(get_keras_mask, value)
        if kwargs.get("mask") is not None:
            return kwargs["mask"]
        return tree.map_structure(get_keras_mask, call_spec.first_arg)

    def _set_mask_metadata(self, inputs, outputs, previous_mask):
        flat_outputs = tree.flatten(outputs)
        if all(get_keras_mask(x) is not None for x in flat_outputs):
            return
        masks = self.compute_mask(inputs, previous_mask)
        if masks is None:
            return
        for tensor, mask in zip(flat_outputs, tree.flatten(masks)):
            if mask is not None and get_keras_mask(tensor) is None:
                set_keras_mask(tensor, mask)

    def _get_call_context(self):
        """The context of the running outermost call, opened here if there is none."""
        if current.context is None:
            current.context = CallContext(self)
            self._clear_losses()
        return current.context

    def _maybe_reset_call_context(self):
        if current.context is None or current.context.entry_layer is self:
            current.context = None

    def _register_call_context_args(self, *names):
        """Makes the layer hand the named call arguments down to the layers inside it, as it does with `training`."""
        if self._called:
            raise RuntimeError("Cannot add call-context args after the layer has been called.")
        self._call_context_args = self._call_context_args | set(names)
        self._call_has_context_arg.update({name: name in self.call_signature_parameters for name in names})

    def _assert_input_compatibility(self, first_arg):
        if self.input_spec:
            input_specs.assert_input_compatibility(self.input_spec, first_arg, layer_name=self.name)

    def stateless_call(self, trainable_variables, non_trainable_variables, *args, return_losses=False, **kwargs):
        """Calls the layer with the given variable values and leaves its variables alone.

        Args:
            trainable_variables: Values for `trainable_variables`, in order.
            non_trainable_variables: Values for `non_trainable_variables`, in order.
            *args: Positional arguments of `call`.
            return_losses: Whether the losses are returned as a third value.
            **kwargs: Keyword arguments of `call`.

        Returns:
            `(outputs, new values of the non-trainable variables)`.

        Raises:
            ValueError: for an unbuilt layer or a wrong number of values.
        """
        self._check_super_called()
        name = type(self).__name__
        if not self.built:
            raise ValueError(
                f"To call stateless_call, {name} must be built (i.e. its variables must have been already created). "
                "You can build it by calling it on some data."
            )
        mapping = []
        given = {"trainable_variables": trainable_variables, "non_trainable_variables": non_trainable_variables}
        for kind, values in given.items():
            own = getattr(self, kind)
            if len(values) != len(own):
                raise ValueError(
                    f"Argument `{kind}` must be a list of tensors corresponding 1:1 to {name}().{kind}. "
                    f"Received list with length {len(values)}, but expected {len(own)} variables."
                )
            mapping.extend(zip(own, values))
        with StatelessScope(state_mapping=mapping, collect_losses=return_losses) as scope:
            outputs = self.call(*args, **kwargs)
            losses = self.losses if return_losses else None
        updated = [scope.get_current_value(variable) for variable in self.non_trainable_variables]
        return (outputs, updated, losses) if return_losses else (outputs, updated)


def _signature_of(method):
    """The signature of a bound method, read once per function."""
    function = getattr(method, "__func__", None)
    if function is None or hasattr(function, "__wrapped__"):
        return inspect.signature(method)
    if function not in _signatures:
        _signatures[function] = inspect.signature(method)
    return _signatures[function]


def _check_positional(args):
    for arg in tree.flatten(args):
        if not is_tensor_or_symbolic(arg, allow_none=True):
            raise ValueError(
                "Only input tensors may be passed as positional arguments. The following argument value should be "
                f"passed as a keyword argument: {arg} (of type {type(arg)})"
            )
