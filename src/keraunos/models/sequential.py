"""`Sequential`: a stack of layers."""

import inspect

from keraunos import serialization, tree
from keraunos.errors import ModelConfigError, shorten
from keraunos.layers import InputLayer, Layer
from keraunos.masking import get_keras_mask
from keraunos.models.functional import Functional
from keraunos.models.model import Model
from keraunos.naming import auto_name


class Sequential(Model):
    """A model whose layers follow each other.

    It is built when its input shape is known: from an `Input`, from `input_shape=` of the first layer, by
    `build()`, or by the first data that it sees.

    Args:
        layers: List of layers to add.
        trainable: Whether the variables of the model are trained.
        name: Name of the model.

    Example:

    >>> model = keraunos.Sequential([keraunos.Input((8,)), keraunos.layers.Dense(4)])
    >>> model.add(keraunos.layers.Dense(1))
    >>> model.output_shape
    (None, 1)
    """

    def __init__(self, layers=None, trainable=True, name=None):
        super().__init__(trainable=trainable, name=name)
        self._set_graph(None)
        self._layers = []
        if layers:
            for layer in layers:
                self.add(layer, rebuild=False)
            self._maybe_rebuild()

    def add(self, layer, rebuild=True):
        """Adds a layer to the end.

        Args:
            layer: Layer instance, or the tensor that `Input` returns.
            rebuild: Whether to build the model again right away.

        Raises:
            ValueError: when it is not a layer, its name is taken, or it is a second `Input`.
        """
        if not self._layers and getattr(layer, "_input_shape_arg", None) is not None:
            self.add(InputLayer(batch_shape=layer._batch_shape_arg))
        if hasattr(layer, "_keras_history"):
            origin = layer._keras_history[0]
            if isinstance(origin, InputLayer):
                layer = origin
        if not isinstance(layer, Layer):
            hint = ". Did you forget the `()`?" if inspect.isclass(layer) and issubclass(layer, Layer) else ""
            raise ValueError(
                "Only instances of `keras.Layer` can be added to a Sequential model. "
                f"Received: {shorten(layer, 300)} (of type {type(layer)}){hint}"
            )
        if self._layers_by_name().get(layer.name, layer) is not layer:
            raise ValueError(
                f"All layers added to a Sequential model should have unique names. Name '{layer.name}' is already "
                "the name of a layer in this model. Update the `name` argument to pass a unique name."
            )
        if isinstance(layer, InputLayer) and self._layers and isinstance(self._layers[0], InputLayer):
            raise ValueError(
                f"Sequential model '{self.name}' has already been configured to use input shape "
                f"{self._layers[0].batch_shape}. You cannot add a different Input layer to it."
            )
        names = self._layers_by_name()
        self._layers.append(layer)
        names[layer.name] = layer
        graph = self._graph
        self._forget_functions()
        if not rebuild:
            self.built = False
            self._set_graph(None)
            return
        try:
            if graph is not None:
                self._extend(layer)
            else:
                self._maybe_rebuild()
        except Exception:
            self._layers.pop()
            self._set_graph(graph)
            self.built = graph is not None
            raise

    def _layers_by_name(self):
        """The layers by their names; collected again when layers have come or gone elsewhere."""
        known = self.__dict__.get("_names")
        if known is None or len(known) != len(self._layers):
            known = self.__dict__["_names"] = {layer.name: layer for layer in self._layers}
        return known

    def pop(self, rebuild=True):
        """Removes the last layer and returns it.

        Raises:
            IndexError: when there are no layers to pop.
        """
        if not self._layers:
            raise IndexError(f"Sequential model '{self.name}' has no layers to pop.")
        layer = self._layers.pop()
        self._forget_functions()
        self.built = False
        self._set_graph(None)
        if rebuild and self._layers:
            self._maybe_rebuild()
        return layer

    def _maybe_rebuild(self):
        self.built = False
        self._set_graph(None)
        first = self._layers[0]
        if len(self._layers) < 2:
            return
        if isinstance(first, InputLayer):
            self.build(first.batch_shape)
        elif isinstance(first, (Functional, Sequential)) and hasattr(first, "input_shape"):
            self.build(first.input_shape)

    def _lock_state(self):
        """Does nothing: layers may be added after the model is built."""

    def _obj_type(self):
        return "Sequential"

    def build(self, input_shape=None):
        """Creates the variables of all layers for an input shape that begins with the batch size."""
        input_shape = _one_shape(input_shape)
        if input_shape is None:
            return  # Several inputs: the layers are built when they are called.
        if not self._layers:
            raise ValueError(
                f"Sequential model {self.name} cannot be built because it has no layers. Call `model.add(layer)`."
            )
        if isinstance(self._layers[0], InputLayer):
            if tuple(self._layers[0].batch_shape) != input_shape:
                raise ValueError(
                    f"Sequential model '{self.name}' has already been configured to use input shape "
                    f"{self._layers[0].batch_shape}. You cannot build it with input_shape {input_shape}"
                )
        else:
            dtype = self._layers[0].compute_dtype
            self._layers = [InputLayer(batch_shape=input_shape, dtype=dtype), *self._layers]
        self._set_graph(None)
        self._connect(self._layers[0].output, self._layers[0].output, self._layers[1:])
        self.built = True

    def _extend(self, layer):
        """Adds one layer to the graph without calling the others again."""
        _, inputs, outputs = self._graph
        self._set_graph(None)
        self._connect(inputs, outputs, [layer])

    def _connect(self, inputs, x, layers):
        for layer in layers:
            try:
                x = layer(x)
            except NotImplementedError:
                return  # The layer cannot tell its output shape; the model runs layer by layer.
            except TypeError:
                _check_call_signature(layer)
                raise
        self._set_graph((auto_name("Functional"), inputs, x))

    def _set_graph(self, graph):
        """Notes what the layers' graph leads from and to: `(name, inputs, outputs)`, or `None`."""
        self._graph = graph
        self.__dict__["_functional_of_graph"] = None

    @property
    def _functional(self):
        """The layers as a Functional model, or `None`. Made when asked for: layers are often added one by one."""
        if self._graph is None:
            return None
        if self._functional_of_graph is None:
            name, inputs, outputs = self._graph
            self.__dict__["_functional_of_graph"] = Functional(inputs=inputs, outputs=outputs, name=name)
        return self._functional_of_graph

    def _operations_of_call(self):
        return [] if self._functional is None else self._functional._operations_of_call()

    def call(self, inputs, training=None, mask=None, **kwargs):
        if self._functional is not None:
            return self._functional.call(inputs, training=training, mask=mask, **kwargs)
        outputs = inputs
        for layer in self.layers:
            layer_kwargs = {name: kwargs[name] for name in getattr(layer, "_call_has_context_arg", ()) if name in kwargs}
            if getattr(layer, "_call_has_mask_arg", False):
                layer_kwargs["mask"] = mask
            if getattr(layer, "_call_has_training_arg", False) and training is not None:
                layer_kwargs["training"] = training
            outputs = layer(outputs, **layer_kwargs)
            mask = tree.map_structure(get_keras_mask, outputs)
        return outputs

    @property
    def layers(self):
        """The layers that were added, without the `InputLayer`."""
        if self._layers and isinstance(self._layers[0], InputLayer):
            return self._layers[1:]
        return self._layers[:]

    @layers.setter
    def layers(self, _):
        raise AttributeError(
            "`Sequential.layers` attribute is reserved and should not be used. Use `add()` and `pop()` to change "
            "the layers in this model."
        )

    def compute_output_spec(self, inputs, training=None, mask=None, **kwargs):
        if self._functional is not None:
            return self._functional.compute_output_spec(inputs, training=training, mask=mask, **kwargs)
        for layer in self.layers:
            inputs = layer.compute_output_spec(inputs, training=training, **kwargs)
        return inputs

    def compute_output_shape(self, input_shape):
        if self._functional is not None:
            return self._functional.compute_output_shape(input_shape)
        for layer in self.layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def _of_functional(self, attribute, words):
        if self._functional is None:
            raise AttributeError(f"Sequential model '{self.name}' has no defined {words} yet.")
        return getattr(self._functional, attribute)

    @property
    def input_shape(self):
        """Shape of the input, once it is known."""
        return self._of_functional("input_shape", "input shape")

    @property
    def output_shape(self):
        """Shape of the output, once it is known."""
        return self._of_functional("output_shape", "output shape")

    @property
    def inputs(self):
        """List of the symbolic inputs, once they are known."""
        return self._of_functional("inputs", "inputs")

    @property
    def outputs(self):
        """List of the symbolic outputs, once they are known."""
        return self._of_functional("outputs", "outputs")

    @property
    def input_names(self):
        """Names of the inputs, once they are known."""
        return self._of_functional("input_names", "inputs")

    @property
    def input_dtype(self):
        if self._layers and isinstance(self._layers[0], InputLayer):
            return self._layers[0].dtype
        return super().input_dtype

    def get_config(self):
        config = Model.get_config(self)
        config["name"] = self.name
        config["layers"] = [serialization.serialize_keras_object(layer) for layer in self._layers]
        if self._functional is not None:
            config["build_input_shape"] = self._layers[0].batch_shape
        return config

    @classmethod
    def from_config(cls, config, custom_objects=None):
        """Makes the model from the result of `get_config()`, of Keras 3 or older.

        Raises:
            ValueError: when the config lacks the name or the layers.
        """
        from keraunos.saving.legacy_config import deserialize_any, merge_input_shape

        if isinstance(config, list):  # the form of Keras 1 and early Keras 2
            config = {"name": None, "layers": config}
        if "name" not in config or not isinstance(config.get("layers"), (list, tuple)):
            raise ModelConfigError(
                "A Sequential model configuration must be a dictionary containing the 'name' and 'layers' keys. "
                f"Received the keys: {sorted(map(str, config))}"
            )
        model = cls(name=config["name"])
        for layer_config in merge_input_shape(config["layers"]):
            model.add(deserialize_any(layer_config, custom_objects=custom_objects))
        if "trainable" in config and config["trainable"] is False:
            model.trainable = False
        build_input_shape = config.get("build_input_shape")
        if model._functional is None and build_input_shape and isinstance(build_input_shape, (tuple, list)):
            model.build(build_input_shape)
        return model


def _one_shape(shape):
    """A shape as a tuple, or `None` for anything that is not the shape of one tensor."""
    if not isinstance(shape, (list, tuple)):
        return None
    if not all(size is None or (isinstance(size, int) and size >= 0) for size in shape):
        return None
    return tuple(shape)


def _check_call_signature(layer):
    """Explains a `TypeError` of a layer that does not take exactly one tensor."""
    parameters = [
        parameter
        for parameter in inspect.signature(layer.call).parameters.values()
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
    ]
    required = [parameter.name for parameter in parameters if parameter.default is parameter.empty]
    if not parameters:
        raise ValueError(
            "Layers added to a Sequential model should have a single positional argument, the input tensor. "
            f"Layer {type(layer).__name__} has no positional arguments."
        )
    if len(required) > 1:
        raise ValueError(
            "Layers added to a Sequential model can only have a single required positional argument, the input "
            f"tensor. Layer {type(layer).__name__} has multiple required positional arguments: {required}"
        )
