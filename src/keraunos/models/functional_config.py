"""Functional models to configs and back."""

import inspect
from collections import deque

from keraunos import serialization, tree
from keraunos.errors import ModelConfigError, ModelFormatError
from keraunos.models.functional import Functional, unpack_singleton
from keraunos.ops.function import make_node_key
from keraunos.ops.operation import Operation
from keraunos.tensor import KerasTensor

_FUNCTIONAL_ARGUMENTS = ["inputs", "outputs", "name"]


def has_functional_constructor(cls):
    """True for a class that can be made as `cls(inputs, outputs, name)`."""
    spec = inspect.getfullargspec(cls.__init__)
    return spec.args[1:] == _FUNCTIONAL_ARGUMENTS or (spec.varargs is not None and spec.varkw is not None)


def has_functional_arguments(cls):
    """As `has_functional_constructor`, but insists on plain `*args, **kwargs`."""
    spec = inspect.getfullargspec(cls.__init__)
    return spec.args[1:] == _FUNCTIONAL_ARGUMENTS or (spec.varargs == "args" and spec.varkw == "kwargs")


# ---------------------------------------------------------------------------------------------------------
# Writing


def functional_config(model):
    """Returns the config of a Functional model: its layers, their calls, and its inputs and outputs."""
    kept_indices = _kept_node_indices(model)
    layer_configs = []
    for operation in model.operations:
        nodes = [
            _serialize_node(node, kept_indices)
            for index, node in enumerate(operation._inbound_nodes)
            if make_node_key(operation, index) in model._nodes and node.input_tensors
        ]
        layer_config = serialization.serialize_keras_object(operation)
        layer_config["name"] = operation.name
        layer_config["inbound_nodes"] = nodes
        layer_configs.append(layer_config)

    def leaf(tensor):
        operation, node_index, tensor_index = tensor._keras_history
        key = make_node_key(operation, node_index)
        # Keras numbers the calls of a nested Functional model from 1 here (and only here).
        shift = 1 if isinstance(operation, Functional) else 0
        return [operation.name, kept_indices[key] + shift, tensor_index]

    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": layer_configs,
        "input_layers": tree.map_structure(leaf, model._inputs_struct),
        "output_layers": tree.map_structure(leaf, model._outputs_struct),
    }


def _kept_node_indices(model):
    """Numbers the calls of each layer, counting only those that belong to the model."""
    indices = {}
    for operation in model.operations:
        kept = 0
        for index in range(len(operation._inbound_nodes)):
            key = make_node_key(operation, index)
            if key in model._nodes:
                indices[key] = kept
                kept += 1
    return indices


def _serialize_node(node, kept_indices):
    def serialize_tensor(x):
        if not isinstance(x, KerasTensor):
            return x
        operation, node_index, tensor_index = x._keras_history
        index = kept_indices[make_node_key(operation, node_index)]
        config = {"shape": x.shape, "dtype": x.dtype, "keras_history": [operation.name, index, tensor_index]}
        return {"class_name": "__keras_tensor__", "config": config}

    return {
        "args": serialization.serialize_keras_object(tree.map_structure(serialize_tensor, node.arguments.args)),
        "kwargs": serialization.serialize_keras_object(tree.map_structure(serialize_tensor, node.arguments.kwargs)),
    }


# ---------------------------------------------------------------------------------------------------------
# Reading


class _NotYet(Exception):
    """A call needs the output of another call that has not been repeated yet."""

    def __init__(self, name):
        super().__init__(name)
        self.name = name


def functional_from_config(cls, config, custom_objects=None):
    """Makes a Functional model from its config, of Keras 3 or older.

    Args:
        cls: `Functional` or a subclass that takes the same arguments.
        config: Result of `get_config()`.
        custom_objects: Dictionary from name to the application's own classes and functions.

    Raises:
        ModelFormatError: when the calls have a loop, or name a layer that is not there.
    """
    config = dict(config)
    layer_configs = config.pop("layers")
    input_layers = config.pop("input_layers")
    output_layers = config.pop("output_layers")
    name = config.pop("name", None)
    trainable = config.pop("trainable", None)

    layers, pending = _make_layers(layer_configs, custom_objects)
    shifts = _nested_index_shifts(layers, layer_configs)
    _repeat_calls(layers, pending, shifts)

    return cls(
        inputs=_map_leaves(input_layers, layers, shifts),
        outputs=_map_leaves(output_layers, layers, shifts),
        name=name,
        trainable=trainable,
        **config,
    )


def _make_layers(layer_configs, custom_objects):
    """Makes all layers; returns them by name, and the calls of each."""
    from keraunos.saving.legacy_config import deserialize_any

    if not isinstance(layer_configs, (list, tuple)):
        raise ModelConfigError(f"'layers' of a Functional config must be a list. Received: {type(layer_configs)}")
    layers = {}
    pending = {}
    for layer_config in layer_configs:
        if not isinstance(layer_config, dict):
            raise ModelConfigError(f"A layer of a Functional config must be a dict. Received: {type(layer_config)}")
        inner_config = layer_config.get("config")
        name = layer_config.get("name")
        if name is None and isinstance(inner_config, dict):
            name = inner_config.get("name")
        if name is None:
            raise ModelConfigError(f"A layer of class {serialization.describe(layer_config)} has no 'name'.")
        layer = deserialize_any(layer_config, custom_objects=custom_objects)
        if not isinstance(layer, Operation):
            raise ModelConfigError(
                f"Unexpected object from deserialization, expected a layer or operation, got a {type(layer)}"
            )
        layers[name] = layer
        calls = layer_config.get("inbound_nodes") or []
        if calls:
            pending[name] = deque(calls)
    return layers, pending


def _repeat_calls(layers, pending, shifts):
    """Calls the layers as the config says.

    A call waits for the layer whose output it needs: layers may be shared, so no order of layers is enough.
    """
    waiting_for = {}
    ready = deque(pending)
    while ready:
        name = ready.popleft()
        calls = pending.get(name)
        while calls:
            try:
                args, kwargs = _call_arguments(calls[0], layers, shifts)
                args, kwargs = _with_initial_state(layers[name], args, kwargs, calls[0])
            except _NotYet as missing:
                waiting_for.setdefault(missing.name, []).append(name)
                break
            if type(layers[name]).__name__ == "GetItem":
                # JSON has no tuples; a list as a key would pick single rows instead of one axis each.
                args = [tuple(arg) if isinstance(arg, list) else arg for arg in args]
            layers[name](*args, **kwargs)
            calls.popleft()
            ready.extend(waiting_for.pop(name, ()))
        if not calls:
            pending.pop(name, None)
    if pending:
        raise ModelFormatError(
            "Invalid Functional model configuration. The graph of the Functional model either has loops or "
            f"disconnected nodes. The following nodes failed to be resolved: {list(pending)[:20]}"
        )


def _call_arguments(call, layers, shifts):
    if isinstance(call, dict):
        args = serialization.deserialize_keras_object(call.get("args", []))
        kwargs = serialization.deserialize_keras_object(call.get("kwargs", {}))

        def revive(x):
            history = getattr(x, "_pre_serialization_keras_history", None) if isinstance(x, KerasTensor) else None
            return x if history is None else _find_tensor(history, layers, shifts)

        return tree.map_structure(revive, args), tree.map_structure(revive, kwargs)
    if not call:
        return [], {}
    return _legacy_call_arguments(call, layers, shifts)


def _with_initial_state(layer, args, kwargs, call):
    """Keras 2 passed the state of a recurrent layer behind its input, in one list."""
    is_listed = not isinstance(call, dict) and len(args) == 1 and isinstance(args[0], list) and len(args[0]) > 1
    if is_listed and hasattr(layer, "return_sequences") and "initial_state" not in kwargs:
        return [args[0][0]], {**kwargs, "initial_state": args[0][1:]}
    return args, kwargs


def _legacy_call_arguments(call, layers, shifts):
    """Arguments of a call in the form of Keras 1 and 2: `[[name, node, tensor, kwargs], ...]`."""
    if isinstance(call[0], str):  # TFOpLambda has one list less
        call = [call]
    tensors = []
    kwargs = {}
    for entry in call:
        if not isinstance(entry, (list, tuple)) or len(entry) not in (3, 4):
            raise ModelConfigError("Cannot deserialize the model (invalid config data?): bad 'inbound_nodes'.")
        if len(entry) == 4:
            kwargs = entry[3] or {}
        if entry[0] == "_CONSTANT_VALUE":
            tensors.append(entry[2])
        else:
            tensors.append(_find_tensor(entry[:3], layers, shifts))

    def revive(value):
        if _is_leaf(value) and value[0] in layers:
            return _find_tensor(value, layers, shifts)
        return value

    kwargs = {key: revive(value) for key, value in kwargs.items()}
    return [unpack_singleton(tensors)], kwargs


def _find_tensor(history, layers, shifts):
    name, node_index, tensor_index = history[:3]
    layer = layers.get(name)
    if layer is None:
        raise ModelFormatError(f"Invalid Functional model configuration. Missing node: {name}")
    node_index -= shifts.get(name, 0)
    if node_index < 0 or len(layer._inbound_nodes) <= node_index:
        raise _NotYet(name)
    outputs = layer._inbound_nodes[node_index].output_tensors
    if not 0 <= tensor_index < len(outputs):
        raise ModelFormatError(
            f"Layer '{name}' has {len(outputs)} output(s); the config asks for number {tensor_index}."
        )
    return outputs[tensor_index]


def _nested_index_shifts(layers, layer_configs):
    """By how much the calls of each nested model are numbered too high.

    Keras 1 and 2 count the call that a nested model makes when it is built. The smallest number tells. Calls in
    the form of Keras 3 are numbered from 0.
    """
    smallest = {}

    def see(item):
        stack = [item]
        while stack:
            item = stack.pop()
            if _is_leaf(item) or (
                isinstance(item, (list, tuple))
                and len(item) == 4
                and isinstance(item[0], str)
                and isinstance(item[1], int)
            ):
                smallest[item[0]] = min(item[1], smallest.get(item[0], item[1]))
                stack.extend(item[3:])
            elif isinstance(item, dict):
                stack.extend(item.values())
            elif isinstance(item, (list, tuple)):
                stack.extend(item)

    for layer_config in layer_configs:
        see([call for call in layer_config.get("inbound_nodes") or () if not isinstance(call, dict)])
    return {
        name: smallest[name]
        for name, layer in layers.items()
        if hasattr(layer, "layers") and smallest.get(name, 0) == 1
    }


def _map_leaves(struct, layers, shifts):
    """Finds the tensors of `input_layers` and `output_layers`, whose nesting is that of the user."""
    if _is_leaf(struct):
        layer = layers.get(struct[0])
        # Here Keras 3 numbers the calls of a nested Functional model from 1, Keras 2 those of any nested model.
        is_beyond_last = layer is not None and hasattr(layer, "layers") and struct[1] == len(layer._inbound_nodes)
        if (isinstance(layer, Functional) and struct[1] >= 1) or is_beyond_last:
            shifts = {**shifts, struct[0]: 1}
        try:
            return _find_tensor(struct, layers, shifts)
        except _NotYet:
            raise ModelFormatError(
                f"Invalid Functional model configuration. Layer '{struct[0]}' has no call number {struct[1]}."
            ) from None
    if isinstance(struct, dict):
        return {key: _map_leaves(value, layers, shifts) for key, value in struct.items()}
    if isinstance(struct, (list, tuple)):
        return type(struct)(_map_leaves(value, layers, shifts) for value in struct)
    raise ModelConfigError(f"Bad entry in 'input_layers' or 'output_layers': {type(struct)}")


def _is_leaf(item):
    return (
        isinstance(item, (list, tuple))
        and len(item) == 3
        and isinstance(item[0], str)
        and isinstance(item[1], int)
        and isinstance(item[2], int)
    )
