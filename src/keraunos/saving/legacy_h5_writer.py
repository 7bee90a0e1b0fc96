"""Writes whole models and weights in the HDF5 layout of Keras 1 to 3 (`.h5`)."""

import json

import numpy as np

from keraunos import serialization
from keraunos.class_table import table
from keraunos.saving import hdf5
from keraunos.saving.h5_store import write_array
from keraunos.saving.legacy_weights import SEEDS, legacy_weights, seed_states, top_level_weights

# An attribute must fit into an object header.
_MAX_ATTRIBUTE_BYTES = 64512


def write_model(file, model, include_optimizer=True):
    """Writes a model to a binary file object."""
    config = legacy_form(serialization.serialize_keras_object(model))
    with hdf5.create(file) as h5:
        _write_version(h5)
        model_config = {key: config[key] for key in ("class_name", "config")}
        h5.attrs["model_config"] = json.dumps(model_config).encode()
        _write_weights(h5.create_group("model_weights"), model)
        _write_arrays(h5.create_group(SEEDS), seed_states(model))
        optimizer = getattr(model, "optimizer", None)
        if include_optimizer and optimizer is not None:
            h5.attrs["training_config"] = json.dumps(_training_config(model)).encode()
            if optimizer.built:
                _write_arrays(h5.create_group("optimizer_weights"), optimizer.variables)


def write_weights(file, model):
    """Writes the weights of a model alone."""
    with hdf5.create(file) as h5:
        _write_weights(h5, model)


def legacy_form(config):
    """The config of a layer or model without modules, as this layout has it. Its parts keep the form of Keras 3."""
    inner_config = config["config"]
    if isinstance(inner_config, dict) and isinstance(inner_config.get("layers"), list):
        inner_config = {**inner_config, "layers": [legacy_form(layer) for layer in inner_config["layers"]]}
    is_custom = ">" in (config.get("registered_name") or "")
    legacy = {"class_name": config["registered_name"] if is_custom else config["class_name"], "config": inner_config}
    return {**legacy, **{key: config[key] for key in ("name", "inbound_nodes") if key in config}}


def _training_config(model):
    config = model.get_compile_config()
    optimizer = config.pop("optimizer", None)
    training = {key: config.get(key) for key in ("loss", "metrics", "weighted_metrics", "loss_weights")}
    training["loss"] = _with_full_names(training["loss"])
    return {**_without_modules(training), "optimizer_config": _without_modules(optimizer)}


def _with_full_names(value):
    """Keras 3 does not find `"mse"` again in its own files of this layout, but does find `"mean_squared_error"`."""
    if isinstance(value, dict):
        return value if "class_name" in value else {key: _with_full_names(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_full_names(item) for item in value]
    function = table.find_function("keras.losses", value)
    return value if function is None else function.__name__


def _without_modules(value):
    """Losses, metrics and optimizers in the older form; what lies inside them keeps the new one."""
    if isinstance(value, (list, tuple)):
        return [_without_modules(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value and "module" in value:
        name = value["registered_name"] if ">" in (value["registered_name"] or "") else value["class_name"]
        return value if value["class_name"] == "function" else {"class_name": name, "config": value["config"]}
    return {key: _without_modules(item) for key, item in value.items()}


def _write_version(group):
    from keraunos.saving.archive import KERAS_VERSION

    group.attrs["keras_version"] = KERAS_VERSION.encode()
    group.attrs["backend"] = b"keraunos"


def _write_weights(group, model):
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    _write_version(group)
    for layer in sorted(model.layers, key=lambda layer: layer.name):
        _write_arrays(group.create_group(layer.name), legacy_weights(layer))
    _write_arrays(group.create_group("top_level_model_weights"), top_level_weights(model))


def _write_arrays(group, variables):
    names = _unique_names([variable.path for variable in variables])
    _write_names(group, "weight_names", names)
    for name, variable in zip(names, variables):
        write_array(group, name, variable.numpy())


def _unique_names(names):
    """Paths of variables may be equal, names in a group may not."""
    counts = {}
    unique = []
    for name in names:
        counts[name] = counts.get(name, -1) + 1
        unique.append(f"{name}_{counts[name]}" if counts[name] else name)
    return unique


def _write_names(group, attribute, names):
    data = np.asarray([name.encode() for name in names])
    pieces = 1 + data.nbytes // _MAX_ATTRIBUTE_BYTES
    if pieces == 1:
        group.attrs[attribute] = data
        return
    for index, piece in enumerate(np.array_split(data, 2 * pieces)):
        group.attrs[f"{attribute}{index}"] = piece
