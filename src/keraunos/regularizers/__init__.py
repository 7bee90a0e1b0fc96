"""Regularizers: penalties on weights that are added to the loss."""

from keraunos.identifiers import from_config, named_classes, resolve
from keraunos.regularizers.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

ALL_OBJECTS = (Regularizer, L1, L2, L1L2, OrthogonalRegularizer)
ALL_OBJECTS_DICT = named_classes(*ALL_OBJECTS)
ALL_OBJECTS_DICT["l1_l2"] = L1L2

l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer


def serialize(regularizer):
    """Dictionary from which `deserialize` makes the regularizer again."""
    from keraunos import serialization

    return serialization.serialize_keras_object(regularizer)


def deserialize(config, custom_objects=None):
    """Regularizer from the dictionary that `serialize` returned, or from a name."""
    found = from_config(config, "regularizer", ALL_OBJECTS_DICT, custom_objects)
    return found() if isinstance(found, type) else found


def get(identifier):
    """Regularizer from a name, a config, a regularizer, a callable or a class; `None` stays `None`.

    ```python
    keraunos.regularizers.get("l2")
    ```
    """
    return resolve(identifier, "regularizer", ALL_OBJECTS_DICT)
