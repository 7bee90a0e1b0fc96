"""The Keras 3 JSON of a model, completed by the fields that older readers look for and Keras 3 accepts."""

import inspect
import json

from keraunos import config, layers, serialization

_READ_AS_KERAS = "3.15.1"


def keras3_json(model, **kwargs):
    """Returns the architecture of `model` as JSON that Keras 3 loads.

    Keras 3 itself leaves out the version, the backend and penalties on outputs that are not used; all three are read
    without complaint and are written here.

    Args:
        model: A built or unbuilt model.
        **kwargs: Passed to `json.dumps`.
    """
    data = serialization.serialize_keras_object(model)
    _complete(data)
    data.update(keras_version=_READ_AS_KERAS, backend=config.backend())
    return json.dumps(data, **kwargs)


def _complete(data):
    if isinstance(data, list):
        for item in data:
            _complete(item)
    elif isinstance(data, dict):
        if data.get("module") == "keras.layers" and _takes_activity_regularizer(data["class_name"]):
            data["config"].setdefault("activity_regularizer", None)
        for item in data.values():
            _complete(item)


def _takes_activity_regularizer(class_name):
    layer_class = getattr(layers, class_name, None)
    return layer_class is not None and "activity_regularizer" in inspect.signature(layer_class.__init__).parameters
