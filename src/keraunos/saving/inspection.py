"""What is in a model file and what keraunos makes of it, without loading the weights."""

import collections
import dataclasses
import os
import warnings

from keraunos import serialization
from keraunos.errors import ModelFormatError, shorten
from keraunos.saving import archive, hdf5, json_format, legacy_tf_ops, native_functions
from keraunos.saving.legacy_config import deserialize_any, is_legacy, modernize, written_by

_MODEL_CLASSES = ("Sequential", "Functional", "Model", "Network")


@dataclasses.dataclass
class Report:
    """What `inspect_file` found.

    Attributes:
        kind: the format, in words.
        version: version of Keras that wrote the file, or `None`.
        size: bytes of the file.
        stored_bytes: bytes of all arrays in it.
        arrays: how many there are.
        has_native_functions: whether it holds the functions that C++ runs; `None` where that cannot be.
        layers: number of layers by class.
        operations: number of ops in its graphs by class.
        problems: what cannot be made, in words.
        differences: what is made in another way than it is written, in words.
    """

    kind: str
    version: str | None = None
    size: int = 0
    stored_bytes: int = 0
    arrays: int = 0
    has_native_functions: bool | None = None
    layers: dict = dataclasses.field(default_factory=collections.Counter)
    operations: dict = dataclasses.field(default_factory=collections.Counter)
    problems: list = dataclasses.field(default_factory=list)
    differences: list = dataclasses.field(default_factory=list)


def inspect_file(path):
    """Returns the `Report` about a `.keras`, `.h5`, `.weights.h5`, `.json` or `.yaml` file.

    Nothing in the file is run and no weights are made.

    Raises:
        ModelNotFoundError: when there is no such file.
        ModelFormatError: when it is damaged, unsafe, or no model file.
    """
    path = os.fspath(path)
    if path.endswith((".json", ".yaml", ".yml")):
        return _inspect_text(path)
    if os.path.isfile(path):
        with open(path, "rb") as file:
            is_hdf5 = file.read(4) == b"\x89HDF"
        if is_hdf5:
            return _inspect_hdf5(path)
    return _inspect_archive(path)


def read_config(path):
    """The config of the model in a `.json` or `.yaml` file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if path.endswith(".json"):
        return json_format.read_json(text, f"'{path}'")
    from keraunos.saving.yaml_format import read_yaml

    return read_yaml(text)


def _inspect_text(path):
    config = read_config(path)
    if not isinstance(config, dict):
        raise ModelFormatError(f"'{path}' is not the config of a model.")
    if "weight_map" in config:
        return Report(kind="index of sharded weights", size=os.path.getsize(path))
    report = Report(kind="architecture without weights", size=os.path.getsize(path), version=config.get("keras_version"))
    _inspect_config(config, report)
    return report


def _inspect_hdf5(path):
    size = os.path.getsize(path)
    with hdf5.open_root(path, f"'{path}'") as root:
        version = root.text("keras_version") if root.has_attribute("keras_version") else None
        if root.has_attribute("model_config"):
            report = Report(kind="whole model in the HDF5 layout of Keras 1 to 3", version=version, size=size)
            config = json_format.read_json(root.text("model_config"), f"'{path}': model_config")
            _inspect_config(config, report)
        elif root.has_names("layer_names"):
            report = Report(kind="weights by layer name (Keras 1 and 2)", version=version, size=size)
        else:
            report = Report(kind="weights by store path (Keras 3)", size=size)
        report.stored_bytes, report.arrays = root.stored_bytes(), root.count_arrays()
    return report


def _inspect_archive(path):
    with archive.open_archive(path) as source:
        report = Report(kind="`.keras` archive", version=archive.version_of(source))
        if os.path.isfile(path):
            report.size = os.path.getsize(path)
        else:
            report.kind = "folder with the members of a `.keras` archive"
        report.has_native_functions = native_functions.MEMBER in source
        with source.open_weights() as entries:
            report.stored_bytes, report.arrays = entries.root.stored_bytes(), entries.root.count_arrays()
        _inspect_config(archive.read_config(source), report)
    return report


def _inspect_config(config, report):
    if not isinstance(config, dict) or not isinstance(config.get("class_name"), str):
        raise ModelFormatError("The config does not describe a model: it has no 'class_name'.")
    serialization.check_depth(config)
    with written_by(report.version):
        _inspect_model(config, report)


def _inspect_model(config, report):
    inner = config.get("config")
    members = inner.get("layers") if isinstance(inner, dict) else inner
    if config.get("class_name") not in _MODEL_CLASSES or not isinstance(members, list):
        _inspect_object(config, report)
        return
    for member in members:
        if isinstance(member, dict) and member.get("class_name") in _MODEL_CLASSES:
            report.layers[member["class_name"]] += 1
            _inspect_model(member, report)
        elif isinstance(member, dict):
            _inspect_object(member, report)


def _inspect_object(config, report):
    name = serialization.describe(config)
    is_operation = str(config.get("module")).startswith("keras.src.ops") or legacy_tf_ops.is_tensorflow_call(config)
    counter = report.operations if is_operation else report.layers
    counter[str(config.get("class_name"))] += 1
    try:
        if is_legacy(config) and not legacy_tf_ops.is_tensorflow_call(config):
            report.differences.extend(_differences(config, modernize(config)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # Made, never built: that takes no memory for weights.
            deserialize_any({**config, "build_config": None})
    except (ValueError, TypeError, NotImplementedError, ImportError) as error:
        report.problems.append(f"{name}: {shorten(error, 400)}")


def _differences(old, new):
    """What an older config becomes, as far as a reader would want to know."""
    name = serialization.describe(old)
    if new["class_name"] != old["class_name"]:
        yield f"{name} becomes {new['class_name']}"
    before, after = old.get("config"), new.get("config")
    if not isinstance(before, dict) or not isinstance(after, dict):
        return
    for key in ("activation", "recurrent_activation"):
        if before.get(key) == "hard_sigmoid" and isinstance(after.get(key), dict):
            yield f"{name}: {key} 'hard_sigmoid' keeps the slope 0.2 of Keras 2"
    if "reset_after" in after and "reset_after" not in before:
        yield f"{name}: reset_after={after['reset_after']}, as its version of Keras computed"
