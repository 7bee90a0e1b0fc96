"""`Layer`, the class from which all layers inherit."""

import warnings

from keraunos import dtype_policies, regularizers, tree
from keraunos.layers.call_spec import CallSpec, default, is_default
from keraunos.layers.compiled_call import note_change
from keraunos.layers.layer_building import LayerBuilding
from keraunos.layers.layer_calling import LayerCalling
from keraunos.layers.layer_dtypes import LayerDtypes
from keraunos.layers.layer_losses import LayerLosses
from keraunos.layers.layer_quantization import LayerQuantization
from keraunos.layers.layer_state import LayerState
from keraunos.layers.nesting import check_nesting
from keraunos.layers.short_call import UNTRACKED
from keraunos.layers.tracker import DoNotTrackScope, Tracker
from keraunos.metrics.metric import Metric
from keraunos.naming import current_path, name_scope
from keraunos.ops.operation import Operation
from keraunos.random import SeedGenerator
from keraunos.tensor import KerasTensor
from keraunos.variable import Variable

_MAX_NAME_BYTES = 255


class Layer(LayerCalling, LayerBuilding, LayerQuantization, LayerState, LayerLosses, LayerDtypes, Operation):
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

    def __init__(self, *, activity_regularizer=None, trainable=True, dtype=None, autocast=True, name=None, **kwargs):
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
            checks={"layers": check_nesting},
        )

    def __setattr__(self, name, value):
        attributes = self.__dict__
        if type(value) not in UNTRACKED:
            if "_tracker" not in attributes:
                self._initialize_tracker()
            value = attributes["_tracker"].track(value)
        short = attributes.get("_short_call")
        if short is not None and short.depends_on(self, name, value):
            del attributes["_short_call"]
        if attributes.get(name) is not value and "_compiled_around" in attributes:
            note_change(self)
        super().__setattr__(name, value)

    def __delattr__(self, name):
        value = getattr(self, name)
        if isinstance(value, Variable):
            self._untrack_variable(value)
        self.__dict__.pop("_short_call", None)
        note_change(self)
        super().__delattr__(name)

    def __getstate__(self):
        # A copy of a layer stands alone: the layer graph around it is not copied with it.
        attributes = dict(self.__dict__)
        attributes.pop("_short_call", None)
        attributes.pop("_compiled_call", None)
        attributes.pop("_compiled_around", None)
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

    def _open_name_scope(self):
        if self._parent_path is None:
            self._parent_path = current_path()
        return name_scope(self.name, caller=self)

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


def _check_name(name):
    """Refuses names that cannot be part of a path."""
    if name is None or not isinstance(name, str) or "/" in name:
        return  # Operation has the words for these.
    if not name or name in (".", "..") or any(_is_refused(sign) for sign in name):
        raise ValueError(
            "Argument `name` must be a non-empty string without `/`, `\\`, control characters and lone surrogates, and "
            f"neither `.` nor `..`. Received: name={name!r:.300}"
        )
    if len(name.encode("utf-8", "surrogatepass")) > _MAX_NAME_BYTES:
        raise ValueError(
            f"Argument `name` must have at most {_MAX_NAME_BYTES} bytes. Received: name={name[:40]!r}... "
            f"({len(name)} characters)"
        )


def _is_refused(sign):
    return sign == "\\" or ord(sign) < 32 or ord(sign) == 127 or 0xD800 <= ord(sign) < 0xE000


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


# Attributes that mean something to every layer, not only to a subclass.
Layer._names_of_all_layers = frozenset((*dir(Layer), *vars(Layer(name="layer"))))
