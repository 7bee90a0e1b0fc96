"""Activation functions and their registry."""

import types

from keraunos.activations.activations import (
    celu,
    elu,
    exponential,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
from keraunos.identifiers import could_not_interpret, from_config, from_name

ALL_OBJECTS = (
    celu,
    elu,
    exponential,
    gelu,
    glu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    log_softmax,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softmax,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    sparsemax,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)
ALL_OBJECTS_DICT = {function.__name__: function for function in ALL_OBJECTS}
ALL_OBJECTS_DICT["swish"] = silu
ALL_OBJECTS_DICT["hard_swish"] = hard_silu

swish = silu
hard_swish = hard_silu


def serialize(activation):
    """Name of a built-in function, registered name of a custom one, or the config of an activation object.

    ```python
    keraunos.activations.serialize(keraunos.activations.relu)  # "relu"
    ```
    """
    if activation in ALL_OBJECTS:
        return activation.__name__
    from keraunos import registration, serialization

    config = serialization.serialize_keras_object(activation)
    if "config" not in config:
        raise ValueError(
            f"Unknown activation function '{activation}' cannot be serialized due to invalid function name. Make sure "
            "to use an activation name that matches the references defined in activations.py or use "
            "`@keras.saving.register_keras_serializable()`to register any custom activations. "
            f"config={config}"
        )
    if not isinstance(activation, types.FunctionType):
        return config
    if isinstance(config["config"], str):
        config["config"] = registration.get_registered_name(activation)
        return config
    return config["config"]


def deserialize(config, custom_objects=None):
    """Activation from the name or dictionary that `serialize` returned."""
    return from_config(config, "activation function", ALL_OBJECTS_DICT, custom_objects)


def get(identifier):
    """Activation from a name, a config, or any callable (function, lambda, layer); `None` gives `linear`.

    Raises:
        ValueError: the name is unknown (the message lists the nearest), or the object is not callable.

    ```python
    keraunos.activations.get("relu")
    ```
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        return from_name(identifier, "activation function", ALL_OBJECTS_DICT)
    if isinstance(identifier, dict):
        identifier = deserialize(identifier)
    if not callable(identifier):
        raise could_not_interpret("activation function", identifier, ALL_OBJECTS_DICT)
    return identifier
