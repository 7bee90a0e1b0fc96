"""Configs of Keras 1, Keras 2 and tf.keras, brought into the form of Keras 3.

Files mix the forms, so every object is looked at by itself. What the names became stands in `legacy_names.py`.
"""

import contextlib
import inspect
import threading

from keraunos import registration, serialization
from keraunos.class_table import table
from keraunos.errors import ModelConfigError, UnsafeModelError, shorten
from keraunos.saving import legacy_names as names
from keraunos.saving import legacy_tf_ops


def deserialize_any(config, custom_objects=None):
    """Makes a layer or model from its config, of any version of Keras.

    Raises:
        ModelConfigError: when the class is unknown, or an entry that means something cannot be honoured.
        UnsafeModelError: for a Lambda layer with stored byte code.
    """
    if not isinstance(config, dict) or "config" not in config:
        raise ModelConfigError(
            f"Expected a dictionary containing a 'config' key. Received: {shorten(config, 300)}"
        )
    serialization.check_depth(config)
    if is_legacy(config):
        if legacy_tf_ops.is_tensorflow_call(config) and isinstance(config["config"], dict):
            return legacy_tf_ops.TensorFlowCall(_plain(config["config"]))
        config = modernize(config, custom_objects)
    return serialization.deserialize_keras_object(config, custom_objects=custom_objects)


class _Origin(threading.local):
    """The version of Keras that wrote what this thread is reading, if the file tells."""

    def __init__(self):
        self.major = None


_origin = _Origin()


@contextlib.contextmanager
def written_by(version):
    """Says which version of Keras wrote the configs that the block reads.

    Args:
        version: Text such as `"2.15.0"`. `None` or nonsense lets every object be judged by itself.
    """
    outer = _origin.major
    is_known = isinstance(version, str) and version[:1] in ("1", "2", "3") and version[1:2] == "."
    _origin.major = int(version[0]) if is_known else outer
    try:
        yield
    finally:
        _origin.major = outer


def is_legacy(config):
    """True for an object that an older Keras wrote."""
    if "module" not in config:
        return True
    inner_config = config["config"]
    if not isinstance(inner_config, dict) or not isinstance(config["module"], str):
        return False
    if config["module"].split(".")[0] not in ("keras", "tf_keras", "tensorflow"):
        return False
    if legacy_tf_ops.is_tensorflow_call(config):
        return True
    if _origin.major is not None and config["module"].startswith(("keras.layers", "keras.src", "keras.engine")):
        return _origin.major < 3
    return "batch_input_shape" in inner_config or ".engine" in config["module"]


def merge_input_shape(layer_configs):
    """Puts an `InputLayer` in front of a list of layers whose first one tells the shape of its input."""
    if not layer_configs or not isinstance(layer_configs[0], dict):
        return layer_configs
    first = layer_configs[0]
    inner_config = first.get("config")
    if first.get("class_name") == "InputLayer" or not isinstance(inner_config, dict):
        return layer_configs
    shape = inner_config.get("batch_input_shape")
    if shape is None:
        shape = _keras_1_input_shape(first.get("class_name"), inner_config)
    if shape is None:
        return layer_configs
    input_config = {"batch_shape": _plain(shape), "name": f"{inner_config.get('name') or 'input'}_input"}
    dtype = inner_config.get("input_dtype") or inner_config.get("dtype")
    if first.get("class_name") == "Embedding":
        dtype = "float32"
    if isinstance(dtype, str):
        input_config["dtype"] = dtype
    input_layer = {"module": "keras.layers", "class_name": "InputLayer", "config": input_config}
    rest = {key: value for key, value in inner_config.items() if key != "batch_input_shape"}
    return [input_layer, {**first, "config": rest}, *layer_configs[1:]]


def _keras_1_input_shape(class_name, config):
    if class_name != "Embedding" and isinstance(config.get("input_dim"), int):
        if config.get("input_length") is not None:
            return [None, config["input_length"], config["input_dim"]]
        return [None, config["input_dim"]]
    return None


def modernize(config, custom_objects=None, namespace="layers"):
    """The config of one object, in the form of Keras 3.

    Args:
        config: `{"class_name": ..., "config": ...}`.
        custom_objects: The application's own classes, which are left alone.
        namespace: Where the class is expected.
    """
    class_name = config.get("class_name")
    inner_config = config.get("config")
    if not isinstance(class_name, str):
        raise ModelConfigError(f"`class_name` in a config must be a string. Received: {shorten(class_name, 200)}")
    custom = registration.get_registered_object(class_name, custom_objects=custom_objects)
    if custom is not None:
        return {**config, "module": None, "registered_name": class_name, "config": _plain(inner_config)}
    if class_name in names.MODEL_CLASSES:
        return {**config, "module": "keras.src.models.functional", "class_name": "Functional", "registered_name": None}
    if class_name == "Sequential":
        if isinstance(inner_config, list):
            inner_config = {"name": None, "layers": inner_config}
        return {**config, "module": "keras", "config": inner_config, "registered_name": None}
    if namespace != "layers":
        return _modernize_part(class_name, inner_config, namespace, config)
    if not isinstance(inner_config, dict):
        raise ModelConfigError(f"Expected 'config' to be a dict for {class_name}, instead got {type(inner_config)}")
    if _is_operation(class_name, inner_config):
        return {**config, "module": "keras.src.ops", "registered_name": class_name}
    class_name, inner_config = _modernize_layer(class_name, inner_config, custom_objects)
    modern = {**config, "module": "keras.layers", "class_name": class_name, "config": inner_config}
    modern.pop("registered_name", None)
    # The calls in the graph build the layer, and with the shapes that it has now.
    modern.pop("build_config", None)
    return modern


def _is_operation(class_name, config):
    """True for a call of `keras.ops` in a `.h5` file of Keras 3. Every layer says whether it is trainable."""
    is_layer = "trainable" in config or class_name == "InputLayer" or "dtype" in config
    if is_layer or table.find_class("keras.src.ops", class_name) is None:
        return False
    cls = table.find_class("keras.layers", class_name)
    return cls is None or set(config) == {"name"}


def _modernize_part(class_name, inner_config, namespace, config):
    class_name = names.REGULARIZERS.get(class_name, class_name)
    inner_config = _plain(inner_config) if inner_config is not None else {}
    if namespace == "initializers" and isinstance(inner_config, dict):
        inner_config = {key: value for key, value in inner_config.items() if key != "dtype"}
        if class_name == "VarianceScaling" and inner_config.get("distribution") == "normal":
            inner_config["distribution"] = "truncated_normal"
    return {"module": f"keras.{namespace}", "class_name": class_name, "config": inner_config, "registered_name": None}


def _modernize_layer(class_name, config, custom_objects):
    label = f"Layer '{shorten(config.get('name'), 100)}' of class '{shorten(class_name, 100)}'"
    config = {key: _plain(value) for key, value in config.items()}
    if class_name == "Lambda":
        return class_name, _modernize_lambda(config, custom_objects, label)
    if class_name == "Merge":
        return _modernize_merge(config, label)
    is_cudnn = class_name.startswith("CuDNN")
    class_name = names.CLASSES.get(class_name, class_name)
    cls = table.find_class("keras.layers", class_name)
    if cls is None:
        raise ModelConfigError(
            f"{label} cannot be made: keraunos has no such layer. If it is your own, register it with "
            "`@keras.saving.register_keras_serializable()` or pass it in `custom_objects`."
        )
    accepted = accepted_parameters(cls)
    if class_name == "InputLayer":
        return class_name, _modernize_input(config)
    config = _rename_keys(class_name, config, accepted)
    config = _convert_values(class_name, config, custom_objects)
    if is_cudnn:
        config["recurrent_activation"] = "sigmoid"
    if class_name in ("GRU", "GRUCell"):
        config.setdefault("reset_after", is_cudnn)
    return class_name, _drop_hints(config, accepted, label)


def _modernize_lambda(config, custom_objects, label):
    function = config.get("function")
    supplied = registration.get_registered_object(config.get("name"), custom_objects=custom_objects)
    if supplied is None and isinstance(function, str):
        supplied = registration.get_registered_object(function, custom_objects=custom_objects)
    if supplied is None:
        if isinstance(function, str):
            raise ModelConfigError(f"{label}: function '{shorten(function, 100)}' is unknown. Pass it in `custom_objects`.")
        raise UnsafeModelError(
            f"{label}: its function is stored as Python byte code, and running that would mean arbitrary code "
            "execution; it is disallowed in every format. Pass the function as "
            f"`custom_objects={{'{shorten(config.get('name'), 100)}': function}}`."
        )
    kept = {key: config[key] for key in ("name", "trainable", "arguments", "mask") if config.get(key) is not None}
    return {**kept, "function": supplied}


def _modernize_merge(config, label):
    mode = config.get("mode", "sum")
    if mode not in names.MERGE_MODES:
        raise ModelConfigError(f"{label}: mode '{shorten(mode, 100)}' is not one of {sorted(names.MERGE_MODES)}.")
    modern = {"name": config.get("name")}
    if mode == "concat":
        modern["axis"] = config.get("concat_axis", -1)
    elif mode in ("dot", "cos"):
        modern["axes"] = config.get("dot_axes", -1)
        modern["normalize"] = mode == "cos"
    return names.MERGE_MODES[mode], modern


def _modernize_input(config):
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    modern = {"batch_shape": shape, "dtype": config.get("dtype") or config.get("input_dtype") or "float32"}
    for key in ("name", "optional", "sparse", "ragged"):
        if config.get(key):
            modern[key] = config[key]
    return modern


def _rename_keys(class_name, config, accepted):
    renames = {**names.KEYS, **names.KEYS_OF_CLASS.get(class_name, {})}
    special = names.KEYS_OF_CLASS.get(class_name, {})
    modern = {}
    for key, value in config.items():
        new_key = renames.get(key, key)
        if key in accepted and key not in special:
            new_key = key
        if new_key is not None:
            modern[new_key] = value
    if "nb_row" in config and "nb_col" in config:
        modern["kernel_size"] = [modern.pop("nb_row"), modern.pop("nb_col")]
    if all(f"kernel_dim{axis}" in config for axis in (1, 2, 3)):
        modern["kernel_size"] = [modern.pop(f"kernel_dim{axis}") for axis in (1, 2, 3)]
    if modern.pop("forget_bias_init", None) == "one":
        modern["unit_forget_bias"] = True
    if class_name == "BatchNormalization":
        mode = modern.pop("mode", 0)
        if mode != 0:
            raise ModelConfigError(
                f"Layer '{config.get('name')}': BatchNormalization with mode={mode} cannot be converted."
            )
    return modern


def _convert_values(class_name, config, custom_objects):
    dtype = config.get("dtype")
    is_keras_3 = isinstance(dtype, dict) and dtype.get("class_name") not in ("Policy", "PolicyV1")
    is_keras_3 = is_keras_3 if _origin.major is None else _origin.major >= 3
    modern = {}
    for key, value in config.items():
        namespace = _namespace_of(key)
        if isinstance(value, dict) and namespace is not None:
            value = _convert_object(value, namespace, custom_objects)
        elif key == "cells" and isinstance(value, list):
            value = [_convert_object(item, "layers", custom_objects) for item in value]
        elif key == "dtype":
            value = _dtype_name(value)
        elif key == "data_format":
            value = names.DATA_FORMATS.get(value, value)
        elif key == "padding" and isinstance(value, dict):
            value = _keras_1_padding(value)
        elif key in ("activation", "recurrent_activation") and value == "hard_sigmoid" and not is_keras_3:
            value = _legacy_hard_sigmoid()
        elif key == "axis" and class_name == "BatchNormalization" and isinstance(value, list) and len(value) == 1:
            value = value[0]
        elif key == "negative_slope" and isinstance(value, list) and len(value) == 1:
            value = value[0]
        modern[key] = value
    if modern.get("dtype", "") is None:
        del modern["dtype"]
    return modern


def _convert_object(value, namespace, custom_objects):
    if "class_name" not in value:
        if "name" in value and namespace == "regularizers":  # the flat form of Keras 1
            inner = {key: item for key, item in value.items() if key != "name"}
            return _modernize_part(value["name"], inner, namespace, value)
        return value
    if namespace == "layers":
        return modernize(value, custom_objects) if "config" in value and is_legacy(value) else value
    return value if "module" in value else modernize(value, custom_objects, namespace)


def _namespace_of(key):
    if key in names.NAMESPACE_OF_KEY:
        return names.NAMESPACE_OF_KEY[key]
    for ending, namespace in names.NAMESPACE_OF_KEY.items():
        if ending.startswith("_") and key.endswith(ending):
            return namespace
    return None


def _dtype_name(value):
    if isinstance(value, dict) and value.get("class_name") in ("Policy", "PolicyV1"):
        return (value.get("config") or {}).get("name")
    return value


def _keras_1_padding(value):
    sides = ("top_pad", "bottom_pad", "left_pad", "right_pad")
    if not all(side in value for side in sides):
        return value
    top, bottom, left, right = (value[side] for side in sides)
    return [[top, bottom], [left, right]]


def _legacy_hard_sigmoid():
    from keraunos.saving import legacy_activations

    return legacy_activations.hard_sigmoid_config()


def _drop_hints(config, accepted, label):
    """Removes what only old versions knew; an unknown entry with a meaning is an error."""
    modern = {}
    for key, value in config.items():
        if key in accepted:
            modern[key] = value
        elif key not in names.HINTS and value not in (None, False, [], {}, names.ONLY_VALUES.get(key)):
            raise ModelConfigError(
                f"{label} has an unknown entry '{shorten(key, 100)}' = {shorten(value, 200)} in its config."
            )
    return modern


def accepted_parameters(cls):
    """The keyword arguments that a class takes, those of its base classes included."""
    found = set()
    for base in cls.__mro__:
        init = base.__dict__.get("__init__")
        if init is None or base is object:
            continue
        parameters = inspect.signature(init).parameters.values()
        found.update(p.name for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY))
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return found - {"self"}


def _plain(value):
    """Unwraps the tuples, shapes and arrays of tf.keras configs."""
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        if value.get("class_name") in ("__tuple__", "TensorShape", "ListWrapper") and "items" in value:
            return _plain(value["items"])
        if value.get("type") == "ndarray" and "value" in value:
            return _plain(value["value"])
        if value.get("class_name") == "__numpy__" and isinstance(value.get("config"), dict):
            return _plain(value["config"].get("value"))
        return {key: _plain(item) for key, item in value.items()}
    return value
