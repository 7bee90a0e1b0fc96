"""Constraints: projections applied to weights after each update."""

from keraunos.constraints.constraints import Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm
from keraunos.identifiers import from_config, named_classes, resolve

ALL_OBJECTS = (Constraint, MaxNorm, MinMaxNorm, NonNeg, UnitNorm)
ALL_OBJECTS_DICT = named_classes(*ALL_OBJECTS)

max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm


def serialize(constraint):
    """Dictionary from which `deserialize` makes the constraint again."""
    from keraunos import serialization

    return serialization.serialize_keras_object(constraint)


def deserialize(config, custom_objects=None):
    """Constraint from the dictionary that `serialize` returned, or from a name."""
    found = from_config(config, "constraint", ALL_OBJECTS_DICT, custom_objects)
    return found() if isinstance(found, type) else found


def get(identifier):
    """Constraint from a name, a config, a constraint, a callable or a class; `None` stays `None`.

    ```python
    keraunos.constraints.get("non_neg")
    ```
    """
    return resolve(identifier, "constraint", ALL_OBJECTS_DICT)
