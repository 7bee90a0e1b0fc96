"""`Layer`, the class from which all layers inherit."""

import inspect
import warnings
import weakref

from keraunos import config, dtype_policies, regularizers, tree
from keraunos.dtypes import is_float_dtype
from keraunos.layers import input_spec as input_specs
from keraunos.layers.call_context import CallContext, current
from keraunos.layers.changes import note_change
from keraunos.layers.call_spec import (
    CallSpec,
    default,
    is_default,
    is_tensor_or_symbolic,
)
from keraunos.layers.layer_building import LayerBuilding
from keraunos.layers.layer_losses import LayerLosses
from keraunos.layers.layer_state import LayerState
from keraunos.layers.tracker import DoNotTrackScope, Tracker
from keraunos.masking import get_keras_mask, set_keras_mask
from keraunos.metrics.metric import Metric
from keraunos.naming import current_path, get_core_scope, name_scope, set_core_scope, state
from keraunos.ops.node import Node
from keraunos.ops.operation import Operation, raise_with_arguments
from keraunos.random import SeedGenerator
from keraunos.stateless_scope import StatelessScope
from keraunos.tensor import KerasTensor, Tensor, any_symbolic_tensors
from keraunos.variable import AutocastScope, Variable

_UNTRACKED = frozenset((bool, int, float, str, type(None), Tensor))

_MAX_NAME_BYTES = 255


class Layer(LayerBuilding, LayerState, LayerLosses, Operation):
    """A callable with variables: tensors in, tensors out.

    Subclasses create variables in `build(input_shape)` with `add_weight` and compute in `call(inputs)` with
    `keraunos.ops`. Layers, metrics, variables and seed generators that become attributes, also inside lists,
    dictionaries, tuples and sets, are part of the layer's state.

    Args:
        activity_regularizer: Penalty on the outputs.
        trainable: Whether the variables are trained.
        dtype: Dtype or dtype policy of computation and variables.
        autocast: Whether float inputs are cast to the compute dtype.
        name: Name, unique within a model. Made from the class name if `None`.
        **kwargs: `input_shape`, `input_dim`, `batch_input_shape`, `batch_size` and `weights` of older Keras.

    Raises:
        ValueError: for an unknown keyword argument, a name that cannot be part of a path, or a `trainable` that
            is not a boolean.

    Example:

    >>> class Scale(keraunos.layers.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight(shape=input_shape[-1:], initializer="ones", name="factor")
    ...
    ...     def call(self, inputs):
    ...         return inputs * self.factor
    >>> Scale()(keraunos.ops.ones((2, 3))).shape
    (2, 3)
    """

    # What the short road through __call__ needs to know, or None while the long one must be taken.
    _fast_call = None

    def __init__(
        self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None, **kwargs
    ):
        self._lock = False
        _check_name(name)
        Operation.__init__(self, name=name)
        self._dtype_policy = dtype_policies.get(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._take_older_arguments(kwargs)
        if kwargs:
            raise ValueError(f"Unrecognized keyword arguments passed to {type(self).__name__}: {kwargs}")
        if not isinstance(trainable, bool):
            raise ValueError(
                f"Expected `trainable` to be a boolean. Received: trainable={trainable} (of type {type(trainable)})"
            )
        self._path = None
        self._parent_path = None
        self.built = False
        self.autocast = autocast
        self._input_spec = None
        self._called = False
        self.supports_jit = True
        self._trainable = trainable
        with DoNotTrackScope():
            self._losses = []
            self._loss_ids = set()
            self._losses_override = []
            self._read_call_signature()
        self._supports_masking = not is_default(self.compute_mask)
        self._convert_input_args = True
        self._allow_non_tensor_positional_args = False
        self._build_shapes_dict = None
        self._initialize_tracker()

    def _take_older_arguments(self, kwargs):
        """Takes the arguments out of `kwargs` that older Keras had on every layer."""
        input_dim = kwargs.pop("input_dim", None)
        input_shape = kwargs.pop("input_shape", None)
        batch_shape = kwargs.pop("batch_input_shape", None)
        batch_size = kwargs.pop("batch_size", None)
        if input_dim is not None:
            input_shape = (input_dim,)
        if input_shape is not None:
            warnings.warn(
                "Do not pass an `input_shape`/`input_dim` argument to a layer. When using Sequential models, prefer "
                "using an `Input(shape)` object as the first layer in the model instead.",
                stacklevel=4,
            )
        elif batch_shape is not None:
            batch_shape = tuple(batch_shape)
            input_shape, batch_size = batch_shape[1:], batch_shape[0]
        if input_shape is not None:
            input_shape = (input_shape,) if isinstance(input_shape, int) else tuple(input_shape)
            self._input_shape_arg = input_shape
            self._batch_shape_arg = (batch_size, *input_shape)
        weights = kwargs.pop("weights", None)
        if weights is not None:
            self.__dict__["_initial_weights"] = weights

    def _read_call_signature(self):
        self._call_signature = _signature_of(self.call)
        self.call_signature_parameters = list(self._call_signature.parameters)
        self._call_has_training_arg = "training" in self.call_signature_parameters
        self._call_has_mask_arg = "mask" in self.call_signature_parameters
        self._call_context_args = {"training"}
        self._call_has_context_arg = {"training": self._call_has_training_arg}

    def _initialize_tracker(self):
        attributes = self.__dict__
        if "_tracker" in attributes:
            return
        attributes["_trainable_variables"] = []
        attributes["_non_trainable_variables"] = []
        attributes["_metrics"] = []
        attributes["_layers"] = []
        attributes["_seed_generators"] = []
        attributes["_tracker"] = Tracker(
            {
                "trainable_variables": (_is_trainable_variable, attributes["_trainable_variables"]),
                "non_trainable_variables": (_is_non_trainable_variable, attributes["_non_trainable_variables"]),
                "metrics": (_is_metric, attributes["_metrics"]),
                "layers": (_is_layer, attributes["_layers"]),
                "seed_generators": (_is_seed_generator, attributes["_seed_generators"]),
            },
            exclusions={"non_trainable_variables": ["trainable_variables"]},
        )

    def __setattr__(self, name, value):
        attributes = self.__dict__
        if type(value) not in _UNTRACKED:
            if "_tracker" not in attributes:
                self._initialize_tracker()
            value = attributes["_tracker"].track(value)
        if "_fast_call" in attributes:
            del attributes["_fast_call"]
        if attributes.get(name) is not value:
            note_change()
        super().__setattr__(name, value)

    def __delattr__(self, name):
        value = getattr(self, name)
        if isinstance(value, Variable):
            self._untrack_variable(value)
        self.__dict__.pop("_fast_call", None)
        note_change()
        super().__delattr__(name)

    def __getstate__(self):
        # A copy of a layer stands alone: the layer graph around it is not copied with it.
        attributes = dict(self.__dict__)
        attributes.pop("_fast_call", None)
        attributes.pop("_compiled_call", None)
        attributes.update(_inbound_nodes=[], _outbound_nodes=[])
        if "_losses" in attributes:
            attributes.update(_losses=[], _loss_ids=set())
        return attributes

    def __setstate__(self, attributes):
        self.__dict__.update(attributes)

    def _obj_type(self):
        return "Layer"

    def _check_super_called(self):
        if getattr(self, "_lock", True):
            raise RuntimeError(
                f"In layer '{type(self).__name__}', you forgot to call `super().__init__()` as the first statement "
                "in the `__init__()` method. Go add it!"
            )

    @property
    def path(self):
        """Names of the layers around this one and its own, joined by `/`; `None` until built."""
        return self._path

    @property
    def input_spec(self):
        """`InputSpec`, or a structure of them, that the inputs are checked against."""
        return self._input_spec

    @input_spec.setter
    def input_spec(self, value):
        self._input_spec = value

    @property
    def supports_masking(self):
        """Whether the layer can take a mask and hands one on."""
        return self._supports_masking

    @supports_masking.setter
    def supports_masking(self, value):
        self._supports_masking = value

    @property
    def dtype_policy(self):
        """The `DTypePolicy` of the layer."""
        return self._dtype_policy

    @dtype_policy.setter
    def dtype_policy(self, value):
        policy = dtype_policies.get(value)
        if isinstance(self._dtype_policy, dtype_policies.DTypePolicyMap) and self.path:
            if self.path in self._dtype_policy:
                del self._dtype_policy[self.path]
            self._dtype_policy[self.path] = policy
        else:
            self._dtype_policy = policy

    def _own_policy(self):
        policy = self._dtype_policy
        if isinstance(policy, dtype_policies.DTypePolicyMap) and self.path:
            return policy[self.path]
        return policy

    @property
    def dtype(self):
        """Alias of `variable_dtype`."""
        return self.variable_dtype

    @property
    def compute_dtype(self):
        """The dtype that the layer computes in."""
        return self._own_policy().compute_dtype

    @property
    def variable_dtype(self):
        """The dtype of the layer's variables."""
        return self._own_policy().variable_dtype

    @property
    def quantization_mode(self):
        """Always `None`: quantization is not offered."""
        return self._own_policy().quantization_mode

    @property
    def input_dtype(self):
        """The dtype that inputs are cast to."""
        return self.compute_dtype

    @default
    def compute_mask(self, inputs, previous_mask):
        """Returns the mask of the outputs."""
        return previous_mask

    def call(self, *args, **kwargs):
        """The computation. Subclasses override this."""
        self._check_super_called()
        raise self._not_implemented_error(self.call)

    def symbolic_call(self, *args, **kwargs):
        """Infers the outputs for KerasTensors; `__call__` records the node."""
        return self.compute_output_spec(*args, **kwargs)

    def __call__(self, *args, **kwargs):
        fast = self._fast_call
        if fast is not None and len(args) == 1 and not kwargs:
            x = args[0]
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

    def _open_name_scope(self):
        if self._parent_path is None:
            self._parent_path = current_path()
        return name_scope(self.name, caller=self)

    def stateless_call(
        self, trainable_variables, non_trainable_variables, *args, return_losses=False, **kwargs
    ):
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

    def compute_output_spec(self, *args, **kwargs):
        """Returns the outputs as KerasTensors: from `compute_output_shape` if there is one, else by tracing `call`."""
        if is_default(self.compute_output_shape):
            return super().compute_output_spec(*args, **kwargs)
        call_spec = CallSpec(self._call_signature, self._call_context_args, args, kwargs)
        name = type(self).__name__
        shape = self.compute_output_shape(**call_spec.shapes_for(self.compute_output_shape, name))
        if isinstance(shape, list) and shape and isinstance(shape[0], (int, type(None))):
            shape = tuple(shape)
        if not isinstance(shape, (list, tuple, dict)):
            try:
                shape = tuple(shape)
            except TypeError:
                raise ValueError(
                    f"Method `compute_output_shape()` of layer {name} is returning a type that cannot be interpreted "
                    f"as a shape. It should return a shape tuple. Received: {shape}"
                ) from None
        if isinstance(shape, tuple) and shape and isinstance(shape[0], (int, type(None))):
            return KerasTensor(shape, dtype=self.compute_dtype)
        return tree.map_shape_structure(lambda s: KerasTensor(s, dtype=self.compute_dtype), shape)

    @default
    def compute_output_shape(self, *args, **kwargs):
        """Returns the shape of the outputs for the given shape of the inputs."""
        raise self._not_implemented_error(
            self.compute_output_shape, "Should implement `def compute_output_shape(self, input_shape)`."
        )

    def quantize(self, mode=None, type_check=True, config=None):
        """Not offered: raises `NotImplementedError`."""
        raise self._not_implemented_error(self.quantize, f"Quantization is not offered. Received: mode={mode}")

    def quantized_build(self, input_shape, mode):
        """Not offered: raises `NotImplementedError`."""
        raise self._not_implemented_error(self.quantized_build, f"Quantization is not offered. Received: mode={mode}")

    def rematerialized_call(self, layer_call, *args, **kwargs):
        """Returns `layer_call`: memory is planned over the whole graph, so nothing is to be recomputed."""
        return layer_call

    def _not_implemented_error(self, attr, msg=None):
        kind = "method" if callable(attr) else "attribute"
        name = attr.__name__ if callable(attr) else attr
        msg = f" {msg}" if msg is not None else ""
        return NotImplementedError(f"Layer {type(self).__name__} does not have a `{name}` {kind} implemented.{msg}")

    def add_metric(self, *args, **kwargs):
        """Gone since Keras 3: raises `NotImplementedError`."""
        raise NotImplementedError(
            "Layer `add_metric()` method is deprecated. Add your metric in `Model.compile(metrics=[...])`, or create "
            "metric trackers in init() or build() when subclassing the layer or model, then call "
            "`metric.update_state()` whenever necessary."
        )

    @default
    def get_config(self):
        """Returns the constructor's arguments as plain data.

        Raises:
            NotImplementedError: for a subclass with arguments that are not plain data and no `get_config` of its own.
        """
        self._check_super_called()
        config = {"trainable": self.trainable, "dtype": dtype_policies.serialize(self.dtype_policy)}
        if self.activity_regularizer is not None:
            config["activity_regularizer"] = regularizers.serialize(self.activity_regularizer)
        return {**super().get_config(), **config}

    def __repr__(self):
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"

    __str__ = __repr__


class _NodeShape:
    """`layer.input_shape` and `layer.output_shape` of older Keras. Layers may store an attribute of that name."""

    def __init__(self, kind):
        self.kind = kind

    def __get__(self, layer, owner=None):
        if layer is None:
            return self
        if not layer._inbound_nodes:
            raise AttributeError(
                f"Layer '{layer.name}' has no defined {self.kind} shape yet: it has never been called on a symbolic "
                "input."
            )
        tensors = layer._get_node_attribute_at_index(0, f"{self.kind}_tensors", self.kind)
        return tree.map_structure(lambda x: x.shape, tensors)


Layer.input_shape = _NodeShape("input")
Layer.output_shape = _NodeShape("output")


_signatures = weakref.WeakKeyDictionary()


def _signature_of(method):
    """The signature of a bound method, read once per function."""
    function = getattr(method, "__func__", None)
    if function is None or hasattr(function, "__wrapped__"):
        return inspect.signature(method)
    if function not in _signatures:
        _signatures[function] = inspect.signature(method)
    return _signatures[function]


def _check_name(name):
    """Refuses names that cannot be part of a path."""
    if name is None or not isinstance(name, str) or "/" in name:
        return  # Operation has the words for these.
    if not name or name in (".", "..") or "\\" in name or any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        raise ValueError(
            "Argument `name` must be a non-empty string without `/`, `\\` and control characters, and neither `.` "
            f"nor `..`. Received: name={name!r:.300}"
        )
    if len(name.encode("utf-8", "surrogatepass")) > _MAX_NAME_BYTES:
        raise ValueError(
            f"Argument `name` must have at most {_MAX_NAME_BYTES} bytes. Received: name={name[:40]!r}... "
            f"({len(name)} characters)"
        )


def _check_positional(args):
    for arg in tree.flatten(args):
        if not is_tensor_or_symbolic(arg, allow_none=True):
            raise ValueError(
                "Only input tensors may be passed as positional arguments. The following argument value should be "
                f"passed as a keyword argument: {arg} (of type {type(arg)})"
            )


def _is_trainable_variable(x):
    return isinstance(x, Variable) and x.trainable


def _is_non_trainable_variable(x):
    return isinstance(x, Variable) and not x.trainable


def _is_metric(x):
    return isinstance(x, Metric)


def _is_layer(x):
    return isinstance(x, Layer) and not isinstance(x, Metric)


def _is_seed_generator(x):
    return isinstance(x, SeedGenerator)
