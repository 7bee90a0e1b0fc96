"""The `training_config` of `.h5` files as the arguments of `compile()`."""

import warnings

from keraunos import serialization
from keraunos.class_table import table
from keraunos.errors import ModelConfigError, shorten
from keraunos.saving.legacy_config import accepted_parameters

_REDUCTIONS = {"auto": "sum_over_batch_size"}


def compile_arguments(config, custom_objects=None):
    """Returns the arguments of `compile()` for a config of any version of Keras.

    Raises:
        ModelConfigError: when a class in it is unknown.
    """
    if not isinstance(config, dict):
        raise ModelConfigError(f"A training config must be a dictionary. Received: {type(config)}")
    metrics = config.get("metrics")
    weighted_metrics = config.get("weighted_metrics")
    return {
        "optimizer": _optimizer(config.get("optimizer_config"), custom_objects),
        "loss": _convert(config.get("loss"), "losses", custom_objects),
        "metrics": _convert(_without_outer_list(metrics), "metrics", custom_objects),
        "weighted_metrics": _convert(_without_outer_list(weighted_metrics), "metrics", custom_objects),
        "loss_weights": config.get("loss_weights"),
    }


def compile_model(model, config, label, custom_objects=None):
    """Compiles a model as an older Keras did; a config that cannot be understood leaves it uncompiled, with a warning.

    Returns:
        Whether the model is compiled now.
    """
    try:
        model.compile(**compile_arguments(config, custom_objects))
    except (ValueError, TypeError, KeyError) as error:
        warnings.warn(f"{label}: the model is not compiled: {shorten(error, 300)}", stacklevel=5)
        return False
    if model.built and model.optimizer is not None:
        model.optimizer.build(model.trainable_variables)
    return True


def _without_outer_list(metrics):
    """tf.keras writes one list per output; that of a single output is the list itself."""
    if isinstance(metrics, list) and len(metrics) == 1 and isinstance(metrics[0], list):
        return metrics[0]
    return metrics


def _optimizer(config, custom_objects):
    if config is None or isinstance(config, str):
        return config
    if not isinstance(config, dict):
        raise ModelConfigError(f"An optimizer's config must be a dictionary. Received: {type(config)}")
    name = str(config.get("class_name")).removeprefix("Custom>")
    inner_config = dict(config.get("config") or {})
    cls = table.find_class("keras.optimizers", name)
    if cls is None:
        return serialization.deserialize_keras_object(
            {"module": None, "class_name": name, "config": inner_config, "registered_name": config.get("class_name")},
            custom_objects=custom_objects,
        )
    if "lr" in inner_config:
        inner_config.setdefault("learning_rate", inner_config.pop("lr"))
    decay = inner_config.pop("decay", 0.0)
    if "learning_rate" in inner_config:
        inner_config["learning_rate"] = _learning_rate(inner_config["learning_rate"], decay)
    accepted = accepted_parameters(cls)
    inner_config = {key: value for key, value in inner_config.items() if key in accepted}
    full_config = {"module": "keras.optimizers", "class_name": name, "config": inner_config}
    return serialization.deserialize_keras_object(full_config, custom_objects=custom_objects)


def _learning_rate(rate, decay):
    if isinstance(rate, dict):
        return rate if "module" in rate else {**rate, "module": "keras.optimizers.schedules"}
    if not decay:
        return rate
    schedule = {"initial_learning_rate": rate, "decay_steps": 1, "decay_rate": decay}
    return {"module": "keras.optimizers.schedules", "class_name": "InverseTimeDecay", "config": schedule}


def _convert(value, namespace, custom_objects):
    if isinstance(value, (list, tuple)):
        return [_convert(item, namespace, custom_objects) for item in value]
    if not isinstance(value, dict):
        return _resolve_name(value, custom_objects)
    if "class_name" not in value:
        return {key: _convert(item, namespace, custom_objects) for key, item in value.items()}
    name = str(value["class_name"]).removeprefix("Custom>")
    if "module" in value and not _is_of_keras(value["module"]):
        return serialization.deserialize_keras_object(value, custom_objects=custom_objects)
    config = dict(value.get("config") or {})
    if name in ("MeanMetricWrapper", "LossFunctionWrapper"):
        return config.get("fn")
    cls = table.find_class(f"keras.{namespace}", name)
    if cls is None:
        raise ModelConfigError(f"Unknown class '{shorten(name, 100)}' among the {namespace} of the training config.")
    if "reduction" in config:
        config["reduction"] = _REDUCTIONS.get(config["reduction"], config["reduction"])
    accepted = accepted_parameters(cls)
    config = {key: item for key, item in config.items() if key in accepted}
    return serialization.deserialize_keras_object(
        {"module": f"keras.{namespace}", "class_name": name, "config": config}, custom_objects=custom_objects
    )


def _is_of_keras(module):
    return isinstance(module, str) and module.split(".")[0] in ("keras", "tf_keras", "tensorflow")


def _resolve_name(value, custom_objects):
    if isinstance(value, str) and custom_objects and value in custom_objects:
        return custom_objects[value]
    return value
