"""Initializers: how variables get their first value."""

import numpy as np

from keraunos.identifiers import from_config, named_classes, resolve
from keraunos.initializers.constant_initializers import STFT, Constant, Identity, Ones, Zeros
from keraunos.initializers.initializer import Initializer
from keraunos.initializers.random_initializers import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomInitializer,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)

ALL_OBJECTS = (
    Initializer,
    Constant,
    Identity,
    Ones,
    STFT,
    Zeros,
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    RandomNormal,
    RandomUniform,
    TruncatedNormal,
    VarianceScaling,
)
ALL_OBJECTS_DICT = named_classes(*ALL_OBJECTS)
ALL_OBJECTS_DICT.update(
    {
        "IdentityInitializer": Identity,
        "STFTInitializer": STFT,
        "OrthogonalInitializer": Orthogonal,
        "normal": RandomNormal,
        "uniform": RandomUniform,
        "one": Ones,
        "zero": Zeros,
    }
)

IdentityInitializer = identity = Identity
STFTInitializer = stft = STFT
OrthogonalInitializer = orthogonal = Orthogonal
constant = Constant
ones = Ones
zeros = Zeros
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling


def serialize(initializer):
    """Dictionary from which `deserialize` makes the initializer again."""
    from keraunos import serialization

    return serialization.serialize_keras_object(initializer)


def deserialize(config, custom_objects=None):
    """Initializer from the dictionary that `serialize` returned, or from a name."""
    found = from_config(config, "initializer", ALL_OBJECTS_DICT, custom_objects)
    return found() if isinstance(found, type) else found


def get(identifier):
    """Initializer from a name, a config, an initializer, a callable, a class or an array.

    ```python
    keraunos.initializers.get("he_normal")
    ```

    Raises:
        ValueError: the name is unknown (the message lists the nearest), or the object is not callable.
    """
    if _is_array(identifier):
        return _value_initializer(identifier)
    return resolve(identifier, "initializer", ALL_OBJECTS_DICT)


def _is_array(value):
    from keraunos import ops

    return isinstance(value, (np.generic, np.ndarray)) or ops.is_tensor(value)


def _value_initializer(value):
    def initialize(shape, dtype=None):
        from keraunos import ops
        from keraunos.dtypes import standardize_dtype

        if tuple(shape) != tuple(value.shape):
            raise ValueError(
                f"Expected `shape` to be {tuple(value.shape)} for direct tensor as initializer. Received shape={shape}"
            )
        return ops.cast(value, standardize_dtype(dtype))

    return initialize
