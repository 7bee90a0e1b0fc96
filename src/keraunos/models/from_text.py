"""Models from the text forms of their configs."""

from keraunos.errors import ModelFormatError, shorten


def model_from_json(json_string, custom_objects=None):
    """Makes a model from the result of `to_json()`, of Keras 1, 2 or 3. Weights are freshly initialized.

    Args:
        json_string: JSON text.
        custom_objects: Dictionary from name to the application's own classes and functions.

    Raises:
        ModelFormatError: (a `ValueError`) when the text is not the config of a model.

    Example:

    >>> model = keraunos.Sequential([keraunos.Input((8,)), keraunos.layers.Dense(4)])
    >>> keraunos.models.model_from_json(model.to_json()).output_shape
    (None, 4)
    """
    from keraunos.saving.json_format import read_json

    return model_from_config(read_json(json_string, "model_from_json"), custom_objects=custom_objects)


def model_from_yaml(yaml_string, custom_objects=None):
    """Makes a model from the result of `to_yaml()`, of Keras 1 or 2. Weights are freshly initialized.

    Only plain data is read. Tags that make Python objects are refused.

    Args:
        yaml_string: YAML text.
        custom_objects: Dictionary from name to the application's own classes and functions.

    Raises:
        ModelFormatError: (a `ValueError`) when the text is not the config of a model.
        UnsafeModelError: when it has a tag that would make a Python object.
        ImportError: when PyYAML is not installed.
    """
    from keraunos.saving.yaml_format import read_yaml

    return model_from_config(read_yaml(yaml_string), custom_objects=custom_objects)


def model_from_config(config, custom_objects=None):
    """Makes a model from its config as plain Python data.

    Args:
        config: Dictionary with `class_name` and `config`.
        custom_objects: Dictionary from name to the application's own classes and functions.

    Raises:
        ModelFormatError: when it is not the config of a model.
    """
    from keraunos.models.model import Model
    from keraunos.saving.legacy_config import deserialize_any, written_by

    if not isinstance(config, dict) or "class_name" not in config:
        raise ModelFormatError(
            "A model config must be a dictionary with the keys 'class_name' and 'config'. "
            f"Received: {shorten(config, 200)}"
        )
    with written_by(config.get("keras_version")):
        model = deserialize_any(config, custom_objects=custom_objects)
    if not isinstance(model, Model) and not hasattr(model, "get_config"):
        raise ModelFormatError(f"The config does not describe a model but a {type(model).__name__}.")
    return model
