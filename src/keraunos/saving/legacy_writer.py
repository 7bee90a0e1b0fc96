"""Model configs in the form of Keras 2.2, as `to_json(dialect="keras2")` and `to_yaml()` write them."""

from keraunos import tree
from keraunos.errors import shorten
from keraunos.layers import InputLayer
from keraunos.models.functional import Functional
from keraunos.models.sequential import Sequential
from keraunos.ops.function import make_node_key

KERAS_VERSION = "2.2.5"
BACKEND = "tensorflow"

# Keras 2 wrote its default initializers as what they are made of.
_VARIANCE_SCALING = {
    "GlorotNormal": (1.0, "fan_avg", "normal"),
    "GlorotUniform": (1.0, "fan_avg", "uniform"),
    "HeNormal": (2.0, "fan_in", "normal"),
    "HeUniform": (2.0, "fan_in", "uniform"),
    "LecunNormal": (1.0, "fan_in", "normal"),
    "LecunUniform": (1.0, "fan_in", "uniform"),
}
_DISTRIBUTIONS = {"truncated_normal": "normal", "untruncated_normal": "normal"}
# Keys of newer versions that Keras 2 does not know.
_NEW_KEYS = {
    "ragged": False,
    "optional": False,
    "quantization_config": None,
    "lora_rank": None,
    "lora_alpha": None,
    "synchronized": False,
    "seed_generator": None,
    "groups": 1,
}


def legacy_model_config(model, with_tuples=False):
    """Returns the config of a Sequential or Functional model as Keras 2.2.5 writes it.

    Args:
        model: The model.
        with_tuples: Whether input shapes are tuples (which YAML marks) instead of lists.

    Raises:
        NotImplementedError: for a model that is neither, or that has operations which Keras 2 has no layer for.
    """
    config = _legacy_model(model)
    if with_tuples:
        config = _mark_shapes(config)
    return {**config, "keras_version": KERAS_VERSION, "backend": BACKEND}


def _legacy_model(model):
    if isinstance(model, Sequential):
        return {"class_name": "Sequential", "config": _sequential(model)}
    if isinstance(model, Functional):
        return {"class_name": "Model", "config": _functional(model)}
    raise NotImplementedError(
        f"Only Sequential and Functional models have a config in the form of Keras 2. Received: {type(model).__name__}"
    )


def _sequential(model):
    layers = [_legacy_layer(layer) for layer in model.layers]
    first = model._layers[0] if model._layers else None
    if isinstance(first, InputLayer) and layers:
        layers[0]["config"] = _with_input_shape(layers[0]["config"], first.batch_shape)
    return {"name": model.name, "layers": layers}


def _with_input_shape(config, batch_shape):
    if "layers" in config:  # A nested model tells its shape itself.
        return config
    head = {key: config[key] for key in ("name", "trainable") if key in config}
    return {**head, "batch_input_shape": list(batch_shape), **config}


def _functional(model):
    indices = {}
    for operation in model.operations:
        # Nested models count the call that Keras 2 made when it built them.
        kept = 1 if isinstance(operation, (Functional, Sequential)) else 0
        for index in range(len(operation._inbound_nodes)):
            key = make_node_key(operation, index)
            if key in model._nodes:
                indices[key] = kept
                kept += 1

    def leaf(x):
        operation, node_index, tensor_index = x._keras_history
        return [operation.name, indices[make_node_key(operation, node_index)], tensor_index]

    layers = []
    for operation in model.operations:
        nodes = [
            _legacy_node(operation, node, leaf)
            for index, node in enumerate(operation._inbound_nodes)
            if make_node_key(operation, index) in model._nodes and node.input_tensors
        ]
        config = _legacy_layer(operation)
        layers.append({"name": operation.name, **config, "inbound_nodes": nodes})
    return {
        "name": model.name,
        "layers": layers,
        "input_layers": [leaf(x) for x in model.inputs],
        "output_layers": [leaf(x) for x in model.outputs],
    }


def _legacy_node(operation, node, leaf):
    tensors = tree.flatten(node.arguments.args)
    kwargs = {key: value for key, value in node.arguments.kwargs.items() if value is not None}
    if any(x is None or not hasattr(x, "_keras_history") for x in tensors):
        raise NotImplementedError(f"The call of '{operation.name}' has arguments that Keras 2 cannot store.")
    kwargs = tree.map_structure(lambda x: leaf(x) if hasattr(x, "_keras_history") else x, kwargs)
    return [[*leaf(x), kwargs] for x in tensors]


def _legacy_layer(layer):
    if isinstance(layer, (Sequential, Functional)):
        return _legacy_model(layer)
    if not hasattr(layer, "trainable"):
        raise NotImplementedError(
            f"The operation '{layer.name}' has no layer in Keras 2. Use layers only, or `dialect='keras3'`."
        )
    from keraunos import serialization

    config = serialization.serialize_keras_object(layer)
    return {"class_name": config["class_name"], "config": _legacy_config(layer, config["config"])}


def _legacy_config(layer, config):
    if isinstance(layer, InputLayer):
        shape = list(config["batch_shape"])
        return {"batch_input_shape": shape, "dtype": config["dtype"], "sparse": False, "name": layer.name}
    legacy = {}
    for key, value in config.items():
        if key in _NEW_KEYS and value == _NEW_KEYS[key]:
            continue
        legacy[key] = _dtype_name(value) if key == "dtype" else _legacy_value(value)
    return _with_activity_regularizer(legacy)


def _with_activity_regularizer(config):
    """Keras 2 writes this entry for every layer with a kernel, between the regularizers and the constraints."""
    if "kernel_regularizer" not in config:
        return config
    value = config.pop("activity_regularizer", None)
    after = "bias_regularizer" if "bias_regularizer" in config else "kernel_regularizer"
    ordered = {}
    for key, item in config.items():
        ordered[key] = item
        if key == after:
            ordered["activity_regularizer"] = value
    return ordered


def _dtype_name(value):
    if isinstance(value, dict):
        return (value.get("config") or {}).get("name")
    return value


def _legacy_value(value):
    if isinstance(value, (list, tuple)):
        return [_legacy_value(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _legacy_value(item) for key, item in value.items()}
    class_name, config = value["class_name"], value.get("config")
    if class_name == "function":
        return config
    if class_name in _VARIANCE_SCALING:
        scale, mode, distribution = _VARIANCE_SCALING[class_name]
        config = {"scale": scale, "mode": mode, "distribution": distribution, "seed": config.get("seed")}
        return {"class_name": "VarianceScaling", "config": config}
    if class_name.startswith("__"):
        raise NotImplementedError(f"Keras 2 has no form for {shorten(value, 100)} in a config.")
    if isinstance(config, dict):
        config = {
            key: _DISTRIBUTIONS.get(item, item) if key == "distribution" else _legacy_value(item)
            for key, item in config.items()
            if key not in ("input_axes", "output_axes") and not (key in _NEW_KEYS and item == _NEW_KEYS[key])
        }
        if isinstance(config.get("dtype"), dict):
            config["dtype"] = _dtype_name(config["dtype"])
    return {"class_name": class_name, "config": config}


def _mark_shapes(value, key=None):
    if isinstance(value, dict):
        return {name: _mark_shapes(item, name) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        if value and all(item is None or isinstance(item, int) for item in value):
            return tuple(value)
        return [_mark_shapes(item) for item in value]
    return value
