"""Learning rate schedules."""

from keraunos.identifiers import from_config
from keraunos.optimizers.schedules.learning_rate_schedule import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
)

ALL_OBJECTS = (
    LearningRateSchedule,
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    PiecewiseConstantDecay,
    PolynomialDecay,
)
ALL_OBJECTS_DICT = {cls.__name__: cls for cls in ALL_OBJECTS}


def serialize(learning_rate_schedule):
    """Dictionary from which `deserialize` makes the schedule again."""
    from keraunos import serialization

    return serialization.serialize_keras_object(learning_rate_schedule)


def deserialize(config, custom_objects=None):
    """Schedule from the dictionary that `serialize` returned."""
    return from_config(config, "decay", ALL_OBJECTS_DICT, custom_objects)
