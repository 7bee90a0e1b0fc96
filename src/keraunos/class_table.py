"""The closed table of the built-in classes and functions that a config may name.

It is read off the public namespaces themselves, one namespace at a time and only when it is needed. A name
in a config is a key of this table; it is never imported, and no function that touches files is in it.
"""

import types

_CLASS_NAMESPACES = (
    "",
    "layers",
    "initializers",
    "regularizers",
    "constraints",
    "losses",
    "metrics",
    "optimizers",
    "optimizers.schedules",
    "dtype_policies",
    "quantizers",
    "random",
)
_FUNCTION_NAMESPACES = (
    "activations",
    "constraints",
    "initializers",
    "losses",
    "metrics",
    "optimizers",
    "regularizers",
)
# What a function namespace offers besides its functions: these read configs themselves.
_NOT_A_MODEL_FUNCTION = frozenset({"get", "serialize", "deserialize"})
# First parts of module names that stand for Keras in files of any age.
_KERAS_ROOTS = frozenset({"keras", "tf_keras", "keraunos"})


class ClassTable:
    """Finds built-in classes by the names that configs use, and the names by class."""

    def __init__(self):
        self._namespace_of = None
        self._classes = {}
        self._functions = {}
        self._names = {}
        self._private = {}
        self._is_named = False

    def set_source(self, namespace_of):
        """Sets the function from a namespace (`"layers"`) to its module, or `None` when there is none."""
        self._namespace_of = namespace_of

    def add_private(self, keras_module, cls, name=None):
        """Adds a class that Keras writes into configs although it is not public."""
        name = name or cls.__name__
        self._private[name] = (keras_module, cls)
        self._is_named = False

    def find_class(self, module, name):
        """The built-in class for a config's module and class name, or `None`."""
        if not isinstance(name, str) or not isinstance(module, str):
            return None
        parts = module.split(".")
        if parts[:2] == ["tensorflow", "keras"]:
            parts = parts[1:]
        if parts[0] not in _KERAS_ROOTS:
            return None
        namespace = ".".join(parts[1:])
        if namespace in _CLASS_NAMESPACES:
            found = self._classes_of(namespace).get(name)
            if found is not None:
                return found
        return self._find_by_family(parts[1:], name)

    def _find_by_family(self, parts, name):
        """Looks up a name whose module is internal to Keras, such as `keras.src.layers.core.dense`."""
        if "schedules" in parts or "learning_rate_schedule" in parts:
            families = ["optimizers.schedules"]
        else:
            families = [part for part in parts if part in _CLASS_NAMESPACES]
        for family in families:
            found = self._classes_of(family).get(name)
            if found is not None:
                return found
        if "models" in parts or "engine" in parts:
            for family in ("", "layers"):
                found = self._classes_of(family).get(name)
                if found is not None:
                    return found
        if "ops" in parts:
            from keraunos.ops.operation_classes import find_operation_class

            return find_operation_class(name)
        if "layers" in parts or "models" in parts or "engine" in parts or not parts:
            return self.find_private(name)
        return None

    def find_private(self, name):
        """The private class of this name, or `None`."""
        return self._private.get(name, (None, None))[1]

    def find_by_class_name(self, name):
        """The class for a bare class name, as configs without modules have it, with its namespace."""
        for namespace in _CLASS_NAMESPACES:
            found = self._classes_of(namespace).get(name)
            if found is not None:
                return namespace, found
        return None, self.find_private(name)

    def find_function(self, module, name):
        """The built-in function of this name, or `None`.

        Args:
            module: `"builtins"`, or the public module of one kind of functions.
            name: Name of the function, never a path.
        """
        if not isinstance(name, str) or not isinstance(module, str):
            return None
        if module == "builtins":
            namespaces = _FUNCTION_NAMESPACES
        else:
            root, _, namespace = module.partition(".")
            if root not in _KERAS_ROOTS or namespace not in _FUNCTION_NAMESPACES:
                return None
            namespaces = (namespace,)
        for namespace in namespaces:
            found = self._functions_of(namespace).get(name)
            if found is not None:
                return found
        return None

    def name_of(self, cls):
        """The `(module, name, is_private)` under which configs name a built-in class, or `None`."""
        if not cls.__module__.startswith("keraunos"):
            return None
        if not self._is_named:
            self._name_all()
        return self._names.get(cls)

    def _name_all(self):
        # First: a namespace that is imported here may add private classes.
        classes = {namespace: self._classes_of(namespace) for namespace in reversed(_CLASS_NAMESPACES)}
        for keras_module, cls in self._private.values():
            self._names[cls] = (keras_module, cls.__name__, True)
        for namespace, found in classes.items():
            # Aliases first, so that the class's own name wins, and the first namespace of the list last.
            members = sorted(found.items(), key=lambda item: item[0] == item[1].__name__)
            for name, cls in members:
                self._names[cls] = (_join("keras", namespace), name, False)
        self._is_named = True

    def classes(self):
        """All public classes of the table, as `{"keras.layers.Dense": Dense, ...}`."""
        return {
            _join("keras", namespace, name): cls
            for namespace in _CLASS_NAMESPACES
            for name, cls in self._classes_of(namespace).items()
        }

    def functions(self):
        """All functions of the table, as `{"keras.activations.relu": relu, ...}`."""
        return {
            _join("keras", namespace, name): function
            for namespace in _FUNCTION_NAMESPACES
            for name, function in self._functions_of(namespace).items()
        }

    def _classes_of(self, namespace):
        if namespace not in self._classes:
            members = self._members(namespace)
            self._classes[namespace] = {
                name: value
                for name, value in members.items()
                if isinstance(value, type) and hasattr(value, "from_config")
            }
        return self._classes[namespace]

    def _functions_of(self, namespace):
        if namespace not in self._functions:
            self._functions[namespace] = {
                name: value
                for name, value in self._members(namespace).items()
                if isinstance(value, types.FunctionType) and name not in _NOT_A_MODEL_FUNCTION
            }
        return self._functions[namespace]

    def _members(self, namespace):
        module = self._namespace_of(namespace) if self._namespace_of else None
        if module is None:
            return {}
        members = {}
        for name in dir(module):
            if name.startswith("_"):
                continue
            value = getattr(module, name, None)
            if value is not None:
                members[name] = value
        return members


def _join(*parts):
    return ".".join(part for part in parts if part)


table = ClassTable()
