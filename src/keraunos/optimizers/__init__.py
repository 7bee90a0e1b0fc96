"""Optimizers: how variables follow their gradients."""

from keraunos.identifiers import could_not_interpret, from_config
from keraunos.optimizers import legacy, schedules
from keraunos.optimizers.adadelta import Adadelta
from keraunos.optimizers.adafactor import Adafactor
from keraunos.optimizers.adagrad import Adagrad
from keraunos.optimizers.adam import Adam
from keraunos.optimizers.adamax import Adamax
from keraunos.optimizers.adamw import AdamW
from keraunos.optimizers.ftrl import Ftrl
from keraunos.optimizers.lamb import Lamb
from keraunos.optimizers.lion import Lion
from keraunos.optimizers.loss_scale_optimizer import LossScaleOptimizer
from keraunos.optimizers.multi_optimizer import MultiOptimizer, OptimizerMap
from keraunos.optimizers.muon import Muon
from keraunos.optimizers.nadam import Nadam
from keraunos.optimizers.optimizer import Optimizer
from keraunos.optimizers.rmsprop import RMSprop
from keraunos.optimizers.schedule_free_adamw import ScheduleFreeAdamW
from keraunos.optimizers.sgd import SGD

ALL_OBJECTS = (
    Optimizer,
    Adam,
    SGD,
    RMSprop,
    Adadelta,
    AdamW,
    Adagrad,
    Adamax,
    Adafactor,
    Muon,
    MultiOptimizer,
    OptimizerMap,
    Nadam,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    ScheduleFreeAdamW,
)
ALL_OBJECTS_DICT = {cls.__name__.lower(): cls for cls in ALL_OBJECTS}


def serialize(optimizer):
    """Dictionary from which `deserialize` makes the optimizer again."""
    from keraunos import serialization

    return serialization.serialize_keras_object(optimizer)


def deserialize(config, custom_objects=None):
    """Optimizer from the dictionary that `serialize` returned; built-in class names in any case."""
    if isinstance(config, str):
        config = {"class_name": config, "config": {}}
    name = config["class_name"]
    builtin = ALL_OBJECTS_DICT.get(name.lower())
    is_custom = bool(config.get("registered_name")) or name in (custom_objects or {})
    if builtin is not None and not is_custom:
        return builtin.from_config(dict(config["config"]))
    if set(config) == {"class_name", "config"} and not config["config"]:
        found = from_config(name, "optimizer", ALL_OBJECTS_DICT, custom_objects)
        return found() if isinstance(found, type) else found
    return from_config(config, "optimizer", ALL_OBJECTS_DICT, custom_objects)


def get(identifier):
    """Optimizer from a name (in any case), a config or an optimizer; `None` stays `None`.

    ```python
    keraunos.optimizers.get("adam")
    ```

    Raises:
        ValueError: the name is unknown (the message lists the nearest), or the object is no optimizer.
    """
    if identifier is None:
        return None
    found = deserialize(identifier) if isinstance(identifier, (str, dict)) else identifier
    if not isinstance(found, Optimizer):
        raise could_not_interpret("optimizer", identifier, [cls.__name__ for cls in ALL_OBJECTS])
    return found
