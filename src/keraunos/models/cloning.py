"""`clone_model`: the same architecture with new layers and new weights."""

from keraunos import serialization, tree
from keraunos.layers import Input, InputLayer
from keraunos.models.functional import Functional
from keraunos.models.functional_config import has_functional_constructor
from keraunos.models.model import Model
from keraunos.models.sequential import Sequential
from keraunos.tensor import KerasTensor


def clone_model(
    model, input_tensors=None, clone_function=None, call_function=None, recursive=False, **kwargs
):
    """Makes a model of the same architecture, with new layers and freshly initialized weights.

    Args:
        model: Functional or Sequential model; other models are rebuilt from their config.
        input_tensors: Symbolic tensors to build on instead of new `Input`s.
        clone_function: `fn(layer)`, which returns the layer to take the place of each layer.
        call_function: `fn(layer, *args, **kwargs)`, which calls the new layer; for Functional models.
        recursive: Whether nested models are cloned layer by layer, too.

    Raises:
        ValueError: when an argument does not fit the kind of model.

    Example:

    >>> model = keraunos.Sequential([keraunos.Input((8,)), keraunos.layers.Dense(4)])
    >>> keraunos.models.clone_model(model).output_shape
    (None, 4)
    """
    cache = kwargs.pop("cache", None)
    if kwargs:
        raise ValueError(f"Unexpected keyword argument(s): {tuple(kwargs.keys())}")
    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError(
                "`call_function` argument is not supported with Sequential models. In a Sequential model, layers "
                "aren't called at model-construction time (they're merely listed). Use `call_function` with "
                f"Functional models only. Received model of type '{type(model).__name__}', with "
                f"call_function={call_function}"
            )
        clone_layer = _LayerCloner(clone_function, None, recursive, cache)
        return _like(_clone_sequential(model, clone_layer, input_tensors), model)
    if isinstance(model, Functional):
        clone_layer = _LayerCloner(clone_function, call_function, recursive, cache)
        return _like(_clone_functional(model, clone_layer, input_tensors, call_function), model)

    received = f"Received model of type '{type(model).__name__}'"
    if clone_function or input_tensors:
        raise ValueError(
            "Arguments `clone_function` and `input_tensors` are only supported for Sequential models or "
            f"Functional models. {received}, with clone_function={clone_function} and "
            f"input_tensors={input_tensors}"
        )
    if call_function is not None:
        raise ValueError(
            f"Argument `call_function` is only supported for Functional models. {received}, with "
            f"call_function={call_function}"
        )
    if not isinstance(model, Model):
        raise ValueError(f"clone_model: `model` must be a `Model` instance. Received: model={model}")
    config = serialization.serialize_keras_object(model)
    return serialization.deserialize_keras_object(config, custom_objects={type(model).__name__: type(model)})


class _LayerCloner:
    """Clones every layer once, however often it is asked."""

    def __init__(self, clone_function, call_function, recursive, cache):
        if clone_function is not None and not callable(clone_function):
            raise ValueError(
                f"Expected `clone_function` argument to be a callable. Received: clone_function={clone_function}"
            )
        self.clone_function = clone_function or _clone_by_config
        self.call_function = call_function
        self.recursive = recursive
        self.cache = {} if cache is None else cache

    def __call__(self, layer):
        if id(layer) not in self.cache:
            self.cache[id(layer)] = self._clone(layer)
        return self.cache[id(layer)]

    def _clone(self, layer):
        if self.recursive and isinstance(layer, (Sequential, Functional)):
            # A Sequential has no calls to replace.
            call_function = None if isinstance(layer, Sequential) else self.call_function
            return clone_model(
                layer,
                clone_function=self.clone_function,
                call_function=call_function,
                recursive=True,
                cache=self.cache,
            )
        return self.clone_function(layer)


def _clone_by_config(layer):
    return type(layer).from_config(layer.get_config())


def _clone_sequential(model, clone_layer, input_tensors):
    layers = [clone_layer(layer) for layer in model.layers]
    first = model._layers[0] if model._layers else None
    ref = first if isinstance(first, InputLayer) else None
    if input_tensors is not None:
        if isinstance(input_tensors, (list, tuple)):
            if len(input_tensors) != 1:
                raise ValueError("Argument `input_tensors` must contain a single tensor.")
            input_tensors = input_tensors[0]
        if not isinstance(input_tensors, KerasTensor):
            raise ValueError(
                "Argument `input_tensors` must be a KerasTensor. "
                f"Received invalid value: input_tensors={input_tensors}"
            )
        name, optional = (ref.name, ref.optional) if ref is not None else (None, False)
        layers = [Input(tensor=input_tensors, name=name, optional=optional), *layers]
    elif ref is not None:
        new_input = Input(batch_shape=ref.batch_shape, dtype=ref.dtype, name=ref.name, optional=ref.optional)
        layers = [new_input, *layers]
    return Sequential(layers, name=model.name, trainable=model.trainable)


def _clone_functional(model, clone_layer, input_tensors, call_function):
    if input_tensors is None:
        input_tensors = tree.map_structure(
            lambda x: Input(batch_shape=x.shape, dtype=x.dtype, name=x.name), model.input
        )
    else:
        _check_input_tensors(input_tensors, model)
    outputs = model._run_through_graph(input_tensors, operation_fn=clone_layer, call_fn=call_function)
    cls = type(model) if has_functional_constructor(type(model)) else Functional
    return cls(input_tensors, outputs, name=model.name)


def _check_input_tensors(input_tensors, model):
    if not all(isinstance(x, KerasTensor) for x in tree.flatten(input_tensors)):
        raise ValueError(
            "All entries in `input_tensors` must be KerasTensors. "
            f"Received invalid values: inputs_tensors={input_tensors}"
        )
    try:
        tree.assert_same_structure(input_tensors, model.input)
    except ValueError as error:
        raise ValueError(
            "`input_tensors` must have the same structure as model.input"
            f"\nReference structure: {model.input}\nReceived structure: {input_tensors}"
        ) from error


def _like(clone, model):
    """Compiles the clone as the model was."""
    if model.compiled:
        clone.compile_from_config(model.get_compile_config())
    return clone
