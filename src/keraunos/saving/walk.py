"""The children of an object whose state is saved, in the order of the store paths of Keras files."""

import inspect
import types
import weakref

# One instance of a base class tells which attributes belong to the base and are therefore not children.
_skipped = {}

# Class -> the names of its attributes that may hold children.
_of_class = weakref.WeakKeyDictionary()


def is_saveable(obj):
    """True for objects that have state of their own: layers, optimizers, metrics, losses."""
    return hasattr(type(obj), "_obj_type")


def walk_saveable(saveable):
    """Yields `(attribute, value)` for every attribute that may hold children.

    The `layers` of Sequential and Functional models come first, then all attributes by name, those with a
    leading underscore last.
    """
    kind = saveable._obj_type()
    skipped = skipped_attributes(kind)
    if kind in ("Sequential", "Functional"):
        yield "layers", saveable.layers
    own = getattr(saveable, "__dict__", {}).keys() - skipped
    names = _names_of_class(type(saveable), skipped).union(name for name in own if not name.startswith("__"))
    for name in sorted(names, key=lambda name: (name.startswith("_"), name)):
        try:
            value = getattr(saveable, name)
        except Exception:  # a property may raise anything
            continue
        yield name, value


def _names_of_class(cls, skipped):
    """What an instance has by its class, without methods: most attributes are methods, and a walk meets every object."""
    names = _of_class.get(cls)
    if names is None:
        methods = (types.FunctionType, classmethod, staticmethod)
        candidates = [name for name in set(dir(cls)) - skipped if not name.startswith("__")]
        names = _of_class[cls] = frozenset(name for name in candidates if not isinstance(inspect.getattr_static(cls, name), methods))
    return names


def skipped_attributes(kind):
    """Names of the attributes that every object of a kind has."""
    if kind not in _skipped:
        _skipped[kind] = _attributes_of_base(kind)
    return _skipped[kind]


def _attributes_of_base(kind):
    if kind == "Metric":
        from keraunos.metrics import Metric

        return set(dir(Metric()))
    if kind == "Optimizer":
        from keraunos.optimizers import Optimizer

        return set(dir(Optimizer(1.0))) - {"variables"}
    if kind == "Loss":
        from keraunos.losses import Loss

        return set(dir(Loss()))
    if kind == "Operation":
        from keraunos.ops.operation import Operation

        return set(dir(Operation()))
    from keraunos.layers import Layer

    names = set(dir(Layer()))
    if kind == "Functional":
        names |= {"operations", "_operations", "_execution_order", "_nodes_by_depth", "_operations_by_depth"}
    elif kind == "Sequential":
        names |= {"_functional", "_functional_of_graph", "_graph", "_names"}
    return names
