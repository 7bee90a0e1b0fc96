"""Models for `pickle` and `copy.deepcopy`: config, weights, and the classes that are not built in."""

from keraunos import registration, serialization
from keraunos.class_table import table
from keraunos.saving.state import collect_state, restore_state


def reduce_model(model):
    """The `__reduce__` of models: they go through their config, as through a file."""
    with serialization.ObjectSharingScope():
        config = serialization.serialize_keras_object(model)
    return _revive, (config, collect_state(model), _custom_classes(model))


def _revive(config, state, custom_objects):
    with serialization.ObjectSharingScope():
        model = serialization.deserialize_keras_object(config, custom_objects=custom_objects)
    restore_state(model, state)
    return model


def _custom_classes(model):
    """The classes of the model and its layers that a config cannot name without registration.

    `pickle` stores a class by where it is found, so only the pickled bytes decide what is imported.
    """
    classes = {}
    for layer in model._flatten_layers():
        cls = type(layer)
        if table.name_of(cls) is None and not registration.is_registered(cls):
            classes[cls.__name__] = cls
    return classes
