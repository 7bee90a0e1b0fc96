"""Whole models and weights in the HDF5 layout of Keras 1 to 3 (`.h5`): weights by layer name, configs as attributes."""

import io
import json
import warnings

import numpy as np

from keraunos import serialization
from keraunos.errors import ModelFormatError, shorten
from keraunos.saving import json_format
from keraunos.saving.h5_store import import_h5py, open_h5, read_array, safe_child
from keraunos.saving.legacy_config import deserialize_any
from keraunos.saving.legacy_training import compile_arguments

# An attribute must fit into an object header.
_MAX_ATTRIBUTE_BYTES = 64512
_MAX_NAMES = 1_000_000


# ---------------------------------------------------------------------------------------------------------
# Writing


def write_model(file, model, include_optimizer=True):
    """Writes a model to a binary file object."""
    h5py = import_h5py()
    config = legacy_form(serialization.serialize_keras_object(model))
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as h5:
        _write_version(h5)
        model_config = {key: config[key] for key in ("class_name", "config")}
        h5.attrs["model_config"] = json.dumps(model_config).encode()
        _write_weights(h5.create_group("model_weights"), model)
        optimizer = getattr(model, "optimizer", None)
        if include_optimizer and optimizer is not None:
            h5.attrs["training_config"] = json.dumps(_training_config(model)).encode()
            if optimizer.built:
                _write_arrays(h5.create_group("optimizer_weights"), optimizer.variables)
    file.write(buffer.getbuffer())


def write_weights(file, model):
    """Writes the weights of a model alone."""
    h5py = import_h5py()
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as h5:
        _write_weights(h5, model)
    file.write(buffer.getbuffer())


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
    return {**_without_modules(training), "optimizer_config": _without_modules(optimizer)}


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
    _write_arrays(group.create_group("top_level_model_weights"), _top_level_weights(model))


def _write_arrays(group, variables):
    names = [variable.path for variable in variables]
    _write_names(group, "weight_names", names)
    for name, variable in zip(names, variables):
        group.create_dataset(name, data=variable.numpy())


def _write_names(group, attribute, names):
    data = np.asarray([name.encode() for name in names])
    pieces = 1 + data.nbytes // _MAX_ATTRIBUTE_BYTES
    if pieces == 1:
        group.attrs[attribute] = data
        return
    for index, piece in enumerate(np.array_split(data, 2 * pieces)):
        group.attrs[f"{attribute}{index}"] = piece


def legacy_weights(layer):
    """The weights of a layer in the order of this layout: the trainable ones first, however deep they lie."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _top_level_weights(model):
    return [*model._trainable_variables, *model._non_trainable_variables]


# ---------------------------------------------------------------------------------------------------------
# Reading


def load_model(path, custom_objects=None, compile=True):
    """Reads a whole model from a file.

    Raises:
        ModelFormatError: when the file is no such model, or its weights do not fit.
    """
    label = f"'{path}'"
    with open_h5(path, label) as entries:
        h5 = entries.h5
        if "model_config" not in h5.attrs:
            raise ModelFormatError(
                f"No model config found in {label}: it has weights only. Make the model and call "
                "`model.load_weights()`."
            )
        config = json_format.read_json(_text(h5.attrs["model_config"]), f"{label}: model_config")
        model = deserialize_any(config, custom_objects=custom_objects)
        if "model_weights" in h5:
            load_weights(safe_child(h5, "model_weights"), model)
        if compile:
            _compile(model, h5, label, custom_objects)
    return model


def _compile(model, h5, label, custom_objects):
    text = h5.attrs.get("training_config")
    if text is None:
        return
    config = json_format.read_json(_text(text), f"{label}: training_config")
    try:
        model.compile(**compile_arguments(config, custom_objects))
    except (ValueError, TypeError, KeyError) as error:
        warnings.warn(f"{label}: the model is not compiled: {shorten(error, 300)}", stacklevel=4)
        return
    if "optimizer_weights" in h5 and model.built:
        model.optimizer.build(model.trainable_variables)
        _load_optimizer(safe_child(h5, "optimizer_weights"), model.optimizer)


def _load_optimizer(group, optimizer):
    values = _arrays(group)
    variables = list(optimizer.variables)
    if len(values) == len(variables) - 1:
        # tf.keras keeps the learning rate in the config.
        variables = [variable for variable in variables if variable is not optimizer._learning_rate]
    shapes = [tuple(value.shape) for value in values]
    if shapes != [tuple(variable.shape) for variable in variables]:
        warnings.warn(
            f"The saved state of the optimizer '{optimizer.name}' does not fit; it starts afresh.", stacklevel=5
        )
        return
    for variable, value in zip(variables, values):
        variable.assign(value)


def is_weights_file(path):
    """True for a weights file of this layout, whatever its name ends in."""
    with open_h5(path, f"'{path}'") as entries:
        return _has_names(entries.h5, "layer_names")


def load_weights_file(path, model, by_name=False, skip_mismatch=False):
    """Reads the weights of a model from a weights file or a whole-model file of this layout."""
    with open_h5(path, f"'{path}'") as entries:
        group = entries.h5
        if not _has_names(group, "layer_names") and "model_weights" in group:
            group = safe_child(group, "model_weights")
        load_weights(group, model, by_name=by_name, skip_mismatch=skip_mismatch)


def load_weights(group, model, by_name=False, skip_mismatch=False):
    """Sets the weights of a model from an open group. Nothing changes when something does not fit.

    Layers are matched in order, leaving out those without weights, or by their names.
    """
    saved = [(name, safe_child(group, name)) for name in _names(group, "layer_names")]
    layers = [layer for layer in model.layers if legacy_weights(layer)]
    if by_name:
        by_layer_name = {layer.name: layer for layer in layers}
        pairs = [(by_layer_name[name], member) for name, member in saved if name in by_layer_name]
    else:
        saved = [(name, member) for name, member in saved if _names(member, "weight_names")]
        if len(saved) != len(layers):
            raise ModelFormatError(
                f"Layer count mismatch when loading weights from file. Model expected {len(layers)} layers, found "
                f"{len(saved)} saved layers: {[name for name, _ in saved][:5]}"
            )
        pairs = [(layer, member) for layer, (_, member) in zip(layers, saved)]
    assignments = []
    for layer, member in pairs:
        assignments += _match(layer.name, legacy_weights(layer), member, skip_mismatch)
    if "top_level_model_weights" in group:
        member = safe_child(group, "top_level_model_weights")
        assignments += _match(model.name, _top_level_weights(model), member, skip_mismatch)
    for variable, value in assignments:
        variable.assign(value)


def _match(name, variables, member, skip_mismatch):
    """Pairs of variables and values of one layer, or an error or a warning."""
    values = _arrays(member)
    problem = None
    if len(values) != len(variables):
        problem = (
            f"Weight count mismatch for layer '{name}'. Layer expects {len(variables)} weight(s). Received "
            f"{len(values)} saved weight(s)"
        )
    else:
        for variable, value in zip(variables, values):
            if tuple(variable.shape) != tuple(value.shape):
                problem = (
                    f"Shape mismatch in layer '{name}' for weight {variable.path}. Weight expects shape "
                    f"{tuple(variable.shape)}. Received saved weight with shape {tuple(value.shape)}"
                )
                break
    if problem is None:
        return list(zip(variables, values))
    if not skip_mismatch:
        raise ModelFormatError(problem)
    warnings.warn(f"Skipping loading of weights for layer '{name}': {problem}", stacklevel=4)
    return []


def _arrays(group):
    return [read_array(_descend(group, name)) for name in _names(group, "weight_names")]


def _descend(group, name):
    """The member at a path below a group, whose every step is checked."""
    for part in name.split("/"):
        if part not in group:
            raise ModelFormatError(f"'{group.name}' in the weights file has no member '{part}'.")
        group = safe_child(group, part)
    return group


def _has_names(group, attribute):
    return attribute in group.attrs or f"{attribute}0" in group.attrs


def _names(group, attribute):
    """A list of names, which may be split over several attributes."""
    if attribute in group.attrs:
        pieces = [group.attrs[attribute]]
    else:
        pieces = []
        while f"{attribute}{len(pieces)}" in group.attrs:
            pieces.append(group.attrs[f"{attribute}{len(pieces)}"])
    names = [_text(name) for piece in pieces for name in np.asarray(piece).tolist()]
    if len(names) > _MAX_NAMES or len(set(names)) != len(names):
        raise ModelFormatError(f"'{group.name}' in the weights file: '{attribute}' has a name twice, or too many.")
    return names


def _text(value):
    if isinstance(value, (bytes, np.bytes_)):
        try:
            return bytes(value).decode("utf-8")
        except UnicodeDecodeError:
            raise ModelFormatError("An attribute of the HDF5 file is not UTF-8.") from None
    if not isinstance(value, str):
        raise ModelFormatError(f"An attribute of the HDF5 file should be text. Received: {type(value)}")
    return value
