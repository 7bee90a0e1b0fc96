"""Objects to config dictionaries and back.

A config selects from the closed table of built-in classes (`class_table.py`) and from what the application
registered. Nothing is imported by name and no stored code is ever run, whatever the arguments say.
"""

import contextlib
import threading
import types

import numpy as np

from keraunos import registration
from keraunos.class_table import table
from keraunos.errors import ModelConfigError, ModelFormatError, UnsafeModelError, shorten

MAX_DEPTH = 200
_TOO_DEEP = f"A config may be nested at most {MAX_DEPTH} levels deep."
_PLAIN_TYPES = (str, int, float, bool)
_REGISTER_HINT = (
    "Make sure custom classes and functions are decorated with "
    "`@keras.saving.register_keras_serializable()` and imported, or pass them in `custom_objects`."
)


class SerializableDict:
    """Keyword arguments that serialize on demand (the automatic config of an operation)."""

    def __init__(self, **config):
        self.config = config

    def serialize(self):
        return serialize_keras_object(self.config)


# ---------------------------------------------------------------------------------------------------------
# Shared objects


class _Sharing(threading.local):
    def __init__(self):
        self.configs = None
        self.objects = None


_sharing = _Sharing()


class ObjectSharingScope:
    """Keeps objects that occur twice one object: across `serialize` and `deserialize` calls inside it."""

    def __enter__(self):
        self._outer = (_sharing.configs, _sharing.objects)
        _sharing.configs, _sharing.objects = {}, {}
        return self

    def __exit__(self, *exception):
        _sharing.configs, _sharing.objects = self._outer


def _record_serialized(obj, config):
    if _sharing.configs is None:
        return
    first = _sharing.configs.setdefault(id(obj), (config, obj))[0]
    if first is not config:
        config["shared_object_id"] = first["shared_object_id"] = id(obj)


# ---------------------------------------------------------------------------------------------------------
# Writing


def serialize_keras_object(obj):
    """Returns the config of an object: plain Python data from which `deserialize_keras_object` makes it again.

    Args:
        obj: A layer, model, loss, metric, optimizer, ..., a tensor, a named function, or a structure of them.

    Raises:
        TypeError: when an object has no `get_config()`.

    Example:

    >>> keraunos.saving.serialize_keras_object(keraunos.initializers.Zeros())["class_name"]
    'Zeros'
    """
    if obj is None or isinstance(obj, _PLAIN_TYPES):
        return obj
    if isinstance(obj, (list, tuple)):
        items = [serialize_keras_object(item) for item in obj]
        return tuple(items) if isinstance(obj, tuple) else items
    if isinstance(obj, dict):
        return serialize_dict(obj)
    special = _serialize_special(obj)
    if special is not None:
        return special
    if type(obj).__module__ == "numpy":
        return obj.item()
    return _serialize_instance(obj)


def serialize_dict(obj):
    """Serializes the values of a dictionary."""
    return {key: serialize_keras_object(value) for key, value in obj.items()}


def _serialize_special(obj):
    """Configs of values that are neither plain nor instances of a class with a config."""
    from keraunos.tensor import KerasTensor, is_tensor

    if isinstance(obj, bytes):
        return {"class_name": "__bytes__", "config": {"value": obj.decode("utf-8")}}
    if isinstance(obj, slice):
        parts = {name: serialize_keras_object(getattr(obj, name)) for name in ("start", "stop", "step")}
        return {"class_name": "__slice__", "config": parts}
    if obj is Ellipsis:
        return {"class_name": "__ellipsis__", "config": {}}
    if isinstance(obj, KerasTensor):
        history = getattr(obj, "_keras_history", None)
        if history:
            history = [history[0].name, *history[1:]]
        return {
            "class_name": "__keras_tensor__",
            "config": {"shape": obj.shape, "dtype": obj.dtype, "keras_history": history},
        }
    if is_tensor(obj):
        return {"class_name": "__tensor__", "config": {"value": np.asarray(obj).tolist(), "dtype": obj.dtype}}
    if isinstance(obj, np.ndarray) and obj.ndim > 0:
        return {"class_name": "__numpy__", "config": {"value": obj.tolist(), "dtype": obj.dtype.name}}
    if isinstance(obj, types.FunctionType) and obj.__name__ == "<lambda>":
        # Only the fact is stored: byte code would never be run again.
        return {"class_name": "__lambda__", "config": {"value": None}}
    return None


def _serialize_instance(obj):
    try:
        inner_config = _config_of(obj)
    except RecursionError:
        raise ModelConfigError(f"{_TOO_DEEP} Received: {type(obj).__name__} with a deeper one.") from None
    cls = type(obj)
    name = table.name_of(cls)
    if name is not None:
        module, class_name, is_private = name
        registered_name = class_name if is_private else None
    else:
        module, class_name = cls.__module__, cls.__name__
        registered_name = registration.get_registered_name(cls)
    config = {
        "module": None if module == "__main__" else module,
        "class_name": class_name,
        "config": inner_config,
        "registered_name": registered_name,
    }
    if hasattr(obj, "get_build_config"):
        build_config = obj.get_build_config()
        if build_config is not None:
            config["build_config"] = serialize_dict(build_config)
    if hasattr(obj, "get_compile_config"):
        compile_config = obj.get_compile_config()
        if compile_config is not None:
            config["compile_config"] = serialize_dict(compile_config)
    _record_serialized(obj, config)
    return config


def _config_of(obj):
    if isinstance(obj, types.FunctionType):
        return registration.get_registered_name(obj)
    if hasattr(obj, "get_config"):
        config = obj.get_config()
        if not isinstance(config, dict):
            raise TypeError(
                f"The `get_config()` method of {type(obj).__name__} should return a dict. It returned: "
                f"{shorten(config, 200)} (of type {type(config)})"
            )
        return serialize_dict(config)
    if hasattr(obj, "__name__"):
        return registration.get_registered_name(obj)
    raise TypeError(
        f"Cannot serialize object {shorten(obj, 200)} of type {type(obj)}. "
        "To be serializable, a class must implement the `get_config()` method."
    )


# ---------------------------------------------------------------------------------------------------------
# Reading


def deserialize_keras_object(config, custom_objects=None, safe_mode=True, **kwargs):
    """Makes the object that a config describes.

    Args:
        config: Result of `serialize_keras_object`, or plain data with such configs in it.
        custom_objects: Dictionary from name to the application's own classes and functions.
        safe_mode: Accepted as in Keras. Stored lambdas are refused in any case.

    Raises:
        ModelConfigError: (a `ValueError` and a `TypeError`) for an unknown class or a config that does not
            fit its class.
        UnsafeModelError: for a stored lambda.

    Example:

    >>> config = keraunos.saving.serialize_keras_object(keraunos.layers.Dense(3))
    >>> keraunos.saving.deserialize_keras_object(config).units
    3
    """
    module_objects = kwargs.pop("module_objects", None)
    kwargs.pop("printable_module_name", None)
    check_depth(config)
    custom_objects = {
        **(custom_objects or {}),
        **registration.scoped_custom_objects(),
        **registration.get_custom_objects(),
    }
    if module_objects is not None:
        return _deserialize_from_module(config, custom_objects, module_objects)
    return _deserialize(config, custom_objects)


def check_depth(config):
    """Raises when plain data is nested too deeply; needs no stack of its own."""
    level = [config]
    depth = 0
    while level:
        depth += 1
        if depth > MAX_DEPTH:
            raise ModelFormatError(f"{_TOO_DEEP} Received a deeper one.")
        deeper = []
        for item in level:
            if isinstance(item, dict):
                deeper.extend(value for value in item.values() if isinstance(value, (dict, list, tuple)))
            elif isinstance(item, (list, tuple)):
                deeper.extend(value for value in item if isinstance(value, (dict, list, tuple)))
        level = deeper


def _deserialize(config, custom_objects):
    if config is None:
        return None
    if isinstance(config, str) and custom_objects.get(config) is not None:
        return custom_objects[config]
    if isinstance(config, (list, tuple)):
        return [_deserialize(item, custom_objects) for item in config]
    if isinstance(config, _PLAIN_TYPES):
        return config
    if not isinstance(config, dict):
        raise ModelConfigError(f"Could not parse config: {shorten(config, 200)} (of type {type(config)})")
    if "class_name" not in config or "config" not in config:
        return {key: _deserialize(value, custom_objects) for key, value in config.items()}
    class_name = config["class_name"]
    if not isinstance(class_name, str):
        raise ModelConfigError(f"`class_name` in a config must be a string. Received: {shorten(class_name, 200)}")
    if class_name in _SPECIAL_READERS:
        inner_config = config["config"] if config["config"] is not None else {}
        try:
            return _SPECIAL_READERS[class_name](inner_config, custom_objects)
        except (KeyError, IndexError) as error:
            raise ModelConfigError(f"The config of '{class_name}' lacks {error}.") from None
    if class_name == "function":
        return _deserialize_function(config, custom_objects)
    return _deserialize_instance(config, custom_objects)


def _read_keras_tensor(inner_config, custom_objects):
    from keraunos.tensor import KerasTensor

    tensor = KerasTensor(inner_config["shape"], dtype=inner_config["dtype"])
    tensor._pre_serialization_keras_history = inner_config["keras_history"]
    return tensor


def _read_tensor(inner_config, custom_objects):
    from keraunos.tensor import convert_to_tensor

    return convert_to_tensor(_read_numpy(inner_config, custom_objects), dtype=inner_config["dtype"])


def _read_numpy(inner_config, custom_objects):
    dtype = inner_config["dtype"]
    if not isinstance(dtype, str) or "object" in dtype or dtype.startswith("O"):
        raise ModelConfigError(f"An array in a config must have a numeric dtype. Received: dtype={dtype}")
    if dtype == "bfloat16":
        return np.array(inner_config["value"], dtype="float32")
    return np.array(inner_config["value"], dtype=dtype)


def _read_slice(inner_config, custom_objects):
    return slice(*(_deserialize(inner_config[part], custom_objects) for part in ("start", "stop", "step")))


def _refuse_lambda(inner_config, custom_objects):
    supplied = custom_objects.get("<lambda>")
    if supplied is not None:
        return supplied
    raise UnsafeModelError(
        "Requested the deserialization of a Python lambda. Running stored byte code means arbitrary code "
        "execution, so it is disallowed, also with `safe_mode=False`. Pass the function as "
        "`custom_objects={'<lambda>': function}`, or use a named, registered function."
    )


def _refuse_type_spec(inner_config, custom_objects):
    if not isinstance(inner_config, (list, tuple)):
        raise ModelConfigError(
            "Expected 'config' to be a list or a tuple for a __typespec__ class name, "
            f"instead got {type(inner_config)}"
        )
    raise ModelConfigError("A TensorFlow type specification cannot be deserialized without TensorFlow.")


_SPECIAL_READERS = {
    "__keras_tensor__": _read_keras_tensor,
    "__tensor__": _read_tensor,
    "__numpy__": _read_numpy,
    "__bytes__": lambda inner_config, custom_objects: inner_config["value"].encode("utf-8"),
    "__ellipsis__": lambda inner_config, custom_objects: Ellipsis,
    "__slice__": _read_slice,
    "__lambda__": _refuse_lambda,
    "__typespec__": _refuse_type_spec,
}


def _deserialize_function(config, custom_objects):
    name = config["config"]
    if not isinstance(name, str):
        raise ModelConfigError(
            f"Expected 'config' to be a non-null str for a function class name, instead got {type(name)}"
        )
    found = registration.get_registered_object(name, custom_objects=custom_objects)
    if found is not None:
        return found
    module = config.get("module")
    found = table.find_function(module, name)
    if found is not None:
        _check_builtin_registered_name(config, name, f"keras function '{name}'")
        return found
    if module == "builtins" and ">" not in name:
        # Keras up to 3.6 wrote registered functions without their package.
        for registered_name, custom_object in custom_objects.items():
            if registered_name.endswith(f">{name}"):
                return custom_object
    raise ModelConfigError(f"Could not locate function '{shorten(name, 200)}'. {_REGISTER_HINT}")


def _deserialize_instance(config, custom_objects):
    class_name = config["class_name"]
    inner_config = config["config"] if config["config"] is not None else {}
    if not isinstance(inner_config, dict):
        raise ModelConfigError(
            f"Expected 'config' to be a dict for {class_name}, instead got {type(inner_config)}"
        )
    shared_id = config.get("shared_object_id")
    if shared_id is not None and not isinstance(shared_id, (int, str)):
        raise ModelConfigError(f"`shared_object_id` must be a number. Received: {shorten(shared_id, 200)}")
    if shared_id is not None and _sharing.objects is not None and shared_id in _sharing.objects:
        return _sharing.objects[shared_id]
    cls = _find_class(config, custom_objects)
    if isinstance(cls, types.FunctionType):
        return cls
    if not hasattr(cls, "from_config"):
        raise ModelConfigError(
            f"Unable to reconstruct an instance of '{class_name}' because the class is missing a "
            "`from_config()` method."
        )
    if class_name == "Lambda":
        inner_config = _with_supplied_function(inner_config, custom_objects)
    with registration.CustomObjectScope(custom_objects):
        instance = _from_config(cls, inner_config, config)
        with _described_errors(cls, config):
            _build_and_compile(instance, config)
    if shared_id is not None and _sharing.objects is not None:
        _sharing.objects[shared_id] = instance
    return instance


def _with_supplied_function(inner_config, custom_objects):
    """Lets the application give the function of a Lambda layer by the name of the layer."""
    supplied = custom_objects.get(inner_config.get("name"))
    function = inner_config.get("function")
    if callable(supplied) and not isinstance(function, str):
        return {**inner_config, "function": supplied}
    return inner_config


def _build_and_compile(instance, config):
    build_config = config.get("build_config")
    if build_config and not getattr(instance, "built", True):
        instance.build_from_config(build_config)
        instance.built = True
    compile_config = config.get("compile_config")
    if compile_config and hasattr(instance, "compile_from_config"):
        instance.compile_from_config(compile_config)
        instance.compiled = True


def _from_config(cls, inner_config, config):
    with _described_errors(cls, config):
        return cls.from_config(inner_config)


@contextlib.contextmanager
def _described_errors(cls, config):
    """Errors about a config say whose config it is. What the application's own classes raise is mostly left alone."""
    try:
        yield
    except (ModelFormatError, NotImplementedError):
        raise
    except RecursionError:
        raise ModelFormatError(f"{describe(config)} is nested too deeply.") from None
    except (TypeError, KeyError, AttributeError) as error:
        raise ModelConfigError(
            f"{describe(config)} could not be deserialized properly. Its config must have exactly the arguments "
            f"of `{cls.__name__}`, and objects in it must be deserialized in its `from_config()`. "
            f"\n\nException encountered: {type(error).__name__}: {shorten(error)}"
        ) from error
    except (ValueError, IndexError, ArithmeticError, AssertionError, MemoryError, RuntimeError) as error:
        if table.name_of(cls) is None:
            raise
        raise ModelConfigError(f"{describe(config)} could not be deserialized properly: {shorten(error)}") from error


def describe(config):
    """Names an object of a config in an error message: its class and its own name."""
    inner_config = config.get("config")
    name = inner_config.get("name") if isinstance(inner_config, dict) else None
    text = f"'{shorten(config.get('class_name'), 100)}'"
    if isinstance(name, str):
        text += f" (name '{shorten(name, 100)}')"
    return text


def _find_class(config, custom_objects):
    class_name = config["class_name"]
    registered_name = config.get("registered_name", class_name)
    if isinstance(registered_name, str):
        found = registration.get_registered_object(registered_name, custom_objects=custom_objects)
        if found is not None:
            return found
    module = config.get("module")
    found = table.find_class(module, class_name)
    if found is not None:
        _check_builtin_registered_name(config, class_name, f"{module}.{class_name}")
        return found
    where = f" of module '{shorten(module, 100)}'" if module else ""
    if isinstance(module, str) and module.split(".")[0] == "keras":
        raise ModelConfigError(
            f"Could not locate class {describe(config)}{where}: keraunos has no such class, or it may not be named "
            f"in a config. If it is your own, {_REGISTER_HINT[0].lower()}{_REGISTER_HINT[1:]}"
        )
    raise ModelConfigError(f"Could not locate class {describe(config)}{where}. {_REGISTER_HINT}")


def _check_builtin_registered_name(config, name, resolved_name):
    """A custom name must never quietly mean a built-in of the same class name."""
    registered_name = config.get("registered_name")
    if registered_name and registered_name not in (name, config["class_name"]):
        raise ModelConfigError(
            f"`registered_name={shorten(registered_name, 200)!r}` was provided in the config of "
            f"{describe(config)}, but '{resolved_name}' resolved to a Keras built-in and does not use registered "
            "names. Register the custom object under that name, or remove `registered_name` from the config."
        )


def _deserialize_from_module(config, custom_objects, module_objects):
    """Makes one of `module_objects`: the road of `losses.get("mse")` and its kin."""
    if config is None:
        return None
    if isinstance(config, str):
        if custom_objects.get(config) is not None:
            return custom_objects[config]
        found = module_objects.get(config)
        if found is None:
            return config
        return found if isinstance(found, types.FunctionType) else found()
    if not isinstance(config, dict):
        return config
    if "class_name" not in config:
        raise ModelConfigError(f"Unknown `config` as a `dict`, config={shorten(config, 500)}")
    class_name = config["class_name"]
    inner_config = config.get("config")
    names = (class_name, config.get("registered_name"), inner_config if isinstance(inner_config, str) else None)
    if any(isinstance(name, str) and name in custom_objects for name in names):
        return _deserialize(config, custom_objects)
    if class_name == "function":
        name = inner_config if config.get("module") == "builtins" else config.get("registered_name")
        found = module_objects.get(name)
        return found if found is not None else name
    if config.get("module", "_") is None:
        raise ModelConfigError(
            f"Cannot deserialize object of type `{class_name}`. If `{class_name}` is a custom class, please "
            "register it using the `@keras.saving.register_keras_serializable()` decorator."
        )
    cls = module_objects.get(class_name)
    if cls is None:
        # A layer as an activation, for one.
        is_built_in = "module" in config and table.find_class(config["module"], class_name) is not None
        return _deserialize(config, custom_objects) if is_built_in else class_name
    _check_builtin_registered_name(config, class_name, class_name)
    if isinstance(cls, types.FunctionType):
        return cls
    with registration.CustomObjectScope(custom_objects):
        return _from_config(cls, inner_config if inner_config is not None else {}, config)
