"""Reads whole models and weights in the HDF5 layout of Keras 1 to 3 (`.h5`): weights by layer name, configs as text."""

import warnings

from keraunos import serialization
from keraunos.errors import ModelFormatError
from keraunos.saving import hdf5, json_format
from keraunos.saving.legacy_config import deserialize_any, written_by
from keraunos.saving.legacy_optimizer import load_optimizer
from keraunos.saving.legacy_training import compile_model
from keraunos.saving.legacy_weights import SEEDS, WeightsOfVersion, legacy_weights, seed_states, top_level_weights
from keraunos.weights_budget import weights_budget


def load_model(path, custom_objects=None, compile=True):
    """Reads a whole model from a file.

    Raises:
        ModelFormatError: when the file is no such model, or its weights do not fit.
    """
    label = f"'{path}'"
    with hdf5.open_root(path, label) as root:
        if not root.has_attribute("model_config"):
            raise ModelFormatError(
                f"No model config found in {label}: it has weights only. Make the model and call "
                "`model.load_weights()`."
            )
        config = json_format.read_json(root.text("model_config"), f"{label}: model_config")
        with weights_budget(root.stored_bytes() if "model_weights" in root else None, label):
            version = root.text("keras_version") if root.has_attribute("keras_version") else "1."
            with serialization.ObjectSharingScope(), written_by(version):
                model = deserialize_any(config, custom_objects=custom_objects)
            if "model_weights" in root:
                load_weights(root.group("model_weights"), model, root)
            if SEEDS in root:
                _load_seeds(root.group(SEEDS), model)
            if compile:
                _compile(model, root, label, custom_objects)
    return model


def _compile(model, root, label, custom_objects):
    if not root.has_attribute("training_config"):
        return
    config = json_format.read_json(root.text("training_config"), f"{label}: training_config")
    if not compile_model(model, config, label, custom_objects):
        return
    if "optimizer_weights" in root and model.built:
        group = root.group("optimizer_weights")
        load_optimizer(model.optimizer, group.names("weight_names"), _arrays(group))


def _load_seeds(group, model):
    states, values = seed_states(model), _arrays(group)
    if [tuple(value.shape) for value in values] == [(2,)] * len(states):
        for state, value in zip(states, values):
            state.assign(value.astype("uint32"))


def is_weights_file(path):
    """True for a weights file of this layout, whatever its name ends in."""
    with hdf5.open_root(path, f"'{path}'") as root:
        return root.has_names("layer_names")


def load_weights_file(path, model, by_name=False, skip_mismatch=False):
    """Reads the weights of a model from a weights file or a whole-model file of this layout."""
    with hdf5.open_root(path, f"'{path}'") as root:
        group = root
        if not root.has_names("layer_names") and "model_weights" in root:
            group = root.group("model_weights")
        load_weights(group, model, root, by_name=by_name, skip_mismatch=skip_mismatch)


def load_weights(group, model, root, by_name=False, skip_mismatch=False):
    """Sets the weights of a model from an open group. Nothing changes when something does not fit.

    Layers are matched in order, leaving out those without weights, or by their names.
    """
    version = _version(group, root)
    saved = [(name, _layer_group(group, name)) for name in group.names("layer_names")]
    layers = [layer for layer in model.layers if legacy_weights(layer)]
    if by_name:
        by_layer_name = {layer.name: layer for layer in layers}
        pairs = [(by_layer_name[name], member) for name, member in saved if name in by_layer_name]
    else:
        saved = [(name, member) for name, member in saved if member.names("weight_names")]
        if len(saved) != len(layers):
            raise ModelFormatError(
                f"Layer count mismatch when loading weights from file. Model expected {len(layers)} layers, found "
                f"{len(saved)} saved layers: {[name for name, _ in saved][:5]}"
            )
        pairs = [(layer, member) for layer, (_, member) in zip(layers, saved)]
    assignments = []
    for layer, member in pairs:
        values = version.convert(layer, _arrays(member))
        assignments += _match(layer.name, legacy_weights(layer), values, skip_mismatch)
    if "top_level_model_weights" in group:
        values = _arrays(group.group("top_level_model_weights"))
        assignments += _match(model.name, top_level_weights(model), values, skip_mismatch)
    for variable, value in assignments:
        variable.assign(value)


def _version(group, root):
    """The version stands in the root, in the weights, or (files of 2016) nowhere."""
    texts = {}
    for key in ("keras_version", "backend"):
        holder = next((one for one in (group, root) if one.has_attribute(key)), None)
        texts[key] = None if holder is None else holder.text(key)
    return WeightsOfVersion(**texts)


def _layer_group(group, name):
    """The group of a layer. A name may contain slashes, and each of them is a step."""
    for part in name.split("/"):
        group = group.group(part)
    return group


def _match(name, variables, values, skip_mismatch):
    """Pairs of variables and values of one layer, or an error or a warning."""
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
    warnings.warn(f"Skipping loading of weights for layer '{name}': {problem}", stacklevel=5)
    return []


def _arrays(group):
    return [group.array(name).read() for name in group.names("weight_names")]
