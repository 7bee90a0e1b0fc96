"""The application's own classes and functions, by the names that configs use for them."""


import threading

_objects_by_name = {}
_names_by_object = {}


class _Scopes(threading.local):
    """Custom objects of the scopes that the running thread is inside of."""

    def __init__(self):
        self.objects = {}


_scopes = _Scopes()


class CustomObjectScope:
    """Makes custom objects known by name while a block runs.

    Args:
        custom_objects: Dictionary from name to class or function.

    Example:

    >>> with keraunos.saving.custom_object_scope({"double": lambda x: 2 * x}):
    ...     layer = keraunos.layers.Activation("double")
    """

    def __init__(self, custom_objects):
        self.custom_objects = custom_objects or {}
        self.backup = None

    def __enter__(self):
        self.backup = _scopes.objects
        _scopes.objects = dict(self.custom_objects)
        return self

    def __exit__(self, *exception):
        _scopes.objects = self.backup


custom_object_scope = CustomObjectScope


def scoped_custom_objects():
    """The custom objects of the innermost `CustomObjectScope` of this thread."""
    return _scopes.objects


def get_custom_objects():
    """Returns the live global dictionary of registered objects, by registered name."""
    return _objects_by_name


def register_keras_serializable(package="Custom", name=None):
    """Registers the decorated class or function under `"package>name"`.

    Args:
        package: First part of the registered name.
        name: Second part. The name of the decorated object if `None`.

    Raises:
        ValueError: when a class has no `get_config()`.

    Example:

    >>> @keraunos.saving.register_keras_serializable("steel")
    ... class Scale(keraunos.layers.Layer):
    ...     def call(self, x):
    ...         return 2 * x
    >>> keraunos.saving.get_registered_name(Scale)
    'steel>Scale'
    """

    def decorator(target):
        registered_name = f"{package}>{target.__name__ if name is None else name}"
        if isinstance(target, type) and not hasattr(target, "get_config"):
            raise ValueError(
                "Cannot register a class that does not have a get_config() method. "
                f"Received: {target.__name__}, registered as '{registered_name}'"
            )
        _objects_by_name[registered_name] = target
        _names_by_object[target] = registered_name
        return target

    return decorator


def is_registered(target):
    """True for an object that `register_keras_serializable` has seen."""
    try:
        return target in _names_by_object
    except TypeError:  # not hashable
        return False


def get_registered_name(obj):
    """Returns the registered name of a class or function, or else its `__name__`."""
    if is_registered(obj):
        return _names_by_object[obj]
    return obj.__name__


def get_registered_object(name, custom_objects=None, module_objects=None):
    """Returns the object known under a name, or `None`.

    Looks into the current `CustomObjectScope`, then into the registered objects, `custom_objects` and
    `module_objects`, in this order.
    """
    for objects in (_scopes.objects, _objects_by_name, custom_objects, module_objects):
        if objects and name in objects:
            return objects[name]
    return None
