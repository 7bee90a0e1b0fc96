"""Layers to configs and back."""

from keraunos import serialization
from keraunos.layers.layer import Layer


def serialize(layer):
    """Returns the config of a layer, from which `deserialize` makes it again.

    Example:

    >>> keraunos.layers.serialize(keraunos.layers.Flatten())["class_name"]
    'Flatten'
    """
    return serialization.serialize_keras_object(layer)


def deserialize(config, custom_objects=None):
    """Makes a layer from its config.

    Args:
        config: Result of `serialize`.
        custom_objects: Dictionary from name to the application's own classes and functions.

    Raises:
        ValueError: if the config is not that of a layer.

    Example:

    >>> config = keraunos.layers.serialize(keraunos.layers.Dense(3))
    >>> keraunos.layers.deserialize(config).units
    3
    """
    layer = serialization.deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(layer, Layer):
        raise ValueError(
            "`keras.layers.deserialize` was passed a `config` object that is not a `keras.layers.Layer`. "
            f"Received: {config}"
        )
    return layer
