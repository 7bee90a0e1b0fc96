"""The serialization functions of Keras 2: `{"class_name": ..., "config": ...}`."""

import inspect

from keraunos.registration import get_custom_objects, get_registered_name, get_registered_object


def serialize_keras_object(instance):
    """Returns an object as a config in the form of Keras 2.

    Args:
        instance: object with `get_config`, function, or `None`.

    Returns:
        Dict, the name of the function, or `None`.

    Raises:
        ValueError: if the object has neither a config nor a name.

    Example:

    >>> import keraunos
    >>> keraunos.utils.legacy.serialize_keras_object(keraunos.initializers.Zeros())["class_name"]
    'Zeros'
    """
    if instance is None:
        return None
    if hasattr(instance, "get_config"):
        config = {
            name: serialize_keras_object(value) if callable(value) else value
            for name, value in instance.get_config().items()
        }
        return {"class_name": get_registered_name(type(instance)), "config": config}
    if hasattr(instance, "__name__"):
        return get_registered_name(instance)
    raise ValueError(
        f"serialize_keras_object: {str(instance)[:200]} has neither `get_config()` nor a name"
    )


def deserialize_keras_object(
    identifier, module_objects=None, custom_objects=None, printable_module_name="object"
):
    """Makes an object from a config in the form of Keras 2.

    Args:
        identifier: dict, name of a class or function, function, or `None`.
        module_objects: dict from names to built-in classes and functions.
        custom_objects: the same for the application's own.
        printable_module_name: kind of object, for messages.

    Raises:
        ValueError: if the name is unknown.
    """
    if identifier is None or inspect.isfunction(identifier):
        return identifier
    if isinstance(identifier, str):
        found = _find(identifier, module_objects, custom_objects, printable_module_name)
        return found() if inspect.isclass(found) else found
    if not isinstance(identifier, dict) or not {"class_name", "config"} <= set(identifier):
        raise ValueError(
            f"Could not interpret serialized {printable_module_name}: {str(identifier)[:500]}"
        )
    name = identifier["class_name"]
    found = _find(name, module_objects, custom_objects, printable_module_name)
    if not hasattr(found, "from_config"):
        return found(**identifier["config"])
    if "custom_objects" in inspect.signature(found.from_config).parameters:
        return found.from_config(identifier["config"], custom_objects=custom_objects or {})
    return found.from_config(identifier["config"])


def _find(name, module_objects, custom_objects, kind):
    found = get_registered_object(name, custom_objects, module_objects)
    if found is None:
        found = (custom_objects or {}).get(name, get_custom_objects().get(name))
    if found is None:
        found = (module_objects or {}).get(name)
    if found is None:
        raise ValueError(
            f"Unknown {kind}: '{name}'. Please ensure you are using a `custom_objects` dict that "
            "holds it, or that it is registered."
        )
    return found
