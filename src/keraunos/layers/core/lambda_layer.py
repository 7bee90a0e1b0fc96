"""Lambda layer."""

import inspect

from keraunos import registration, serialization, tree
from keraunos.errors import UnsafeModelError
from keraunos.layers.layer import Layer
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.tensor import KerasTensor


class Lambda(Layer):
    """Wraps a function as a layer.

    Its code is never stored: a config holds the function's registered name. Use
    `keraunos.saving.register_keras_serializable()` on a named function, or write a layer.

    Args:
        function: Takes the inputs, and if it wants `mask` and `training`.
        output_shape: Shape of the outputs without the batch axis, or a function of the input shape. Found by
            tracing if `None`.
        mask: The outputs' mask, or a function of `(inputs, mask)`.
        arguments: More keyword arguments for `function`.

    Example:

    >>> keraunos.layers.Lambda(lambda x: x * 2)(keraunos.ops.ones((2, 3))).shape
    (2, 3)
    """

    def __init__(self, function, output_shape=None, mask=None, arguments=None, **kwargs):
        super().__init__(**kwargs)
        self.arguments = arguments or {}
        self.function = function
        self.supports_masking = mask is not None
        self.mask = mask
        self._output_shape = output_shape
        names = inspect.getfullargspec(function).args
        self._function_takes_training = "training" in names
        self._function_takes_mask = "mask" in names

    def compute_output_shape(self, input_shape):
        if self._output_shape is None:
            return self._traced_output_shape(input_shape)
        if callable(self._output_shape):
            return self._output_shape(input_shape)
        batch_size = tree.flatten(input_shape)[0]
        return tree.map_shape_structure(lambda shape: (batch_size, *shape), self._output_shape)

    def _traced_output_shape(self, input_shape):
        try:
            inputs = tree.map_shape_structure(lambda shape: KerasTensor(shape, dtype=self.compute_dtype), input_shape)
            return tree.map_structure(lambda x: x.shape, compute_output_spec(self.call, inputs))
        except Exception as error:
            raise NotImplementedError(
                "We could not automatically infer the shape of the Lambda's output. Please specify the "
                "`output_shape` argument for this Lambda layer."
            ) from error

    def call(self, inputs, mask=None, training=None):
        kwargs = dict(self.arguments)
        if self._function_takes_mask:
            kwargs["mask"] = mask
        if self._function_takes_training:
            kwargs["training"] = training
        return self.function(inputs, **kwargs)

    def compute_mask(self, inputs, mask=None):
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def get_config(self):
        config = {**super().get_config(), "function": self._name_function(self.function)}
        if self._output_shape is not None:
            config["output_shape"] = self._name_function(self._output_shape)
        if self.mask is not None:
            config["mask"] = self._name_function(self.mask)
        config["arguments"] = serialization.serialize_keras_object(self.arguments)
        return config

    def _name_function(self, value):
        is_anonymous = getattr(value, "__name__", None) == "<lambda>"
        if callable(value) and is_anonymous and not registration.is_registered(value):
            raise NotImplementedError(
                f"Lambda layer '{self.name}': the code of a lambda is never stored. Use a named function that is "
                "registered with `keras.saving.register_keras_serializable()`, or a subclass of `Layer`."
            )
        return serialization.serialize_keras_object(value)

    @classmethod
    def from_config(cls, config, custom_objects=None, safe_mode=None):
        config = dict(config)
        name = config.get("name")
        for key in ("function", "output_shape", "mask", "arguments"):
            value = config.get(key)
            if value is None or callable(value):
                continue
            _refuse_stored_code(value, name, custom_objects)
            config[key] = serialization.deserialize_keras_object(value, custom_objects=custom_objects)
        if isinstance(config["function"], str):
            raise ValueError(
                f"Lambda layer '{name}': function '{config['function']}' is unknown. Pass it in `custom_objects`."
            )
        shape = config.get("output_shape")
        if isinstance(shape, list) and all(isinstance(size, (int, type(None))) for size in shape):
            config["output_shape"] = tuple(shape)
        # Files of older Keras name where the code came from.
        for key in ("function_type", "module", "output_shape_type", "output_shape_module"):
            config.pop(key, None)
        return cls(**config)


def _refuse_stored_code(value, name, custom_objects):
    """Byte code in a config is never run; the application may supply the function as "<lambda>" instead."""
    is_new_form = isinstance(value, dict) and value.get("class_name") == "__lambda__"
    is_old_form = isinstance(value, (list, tuple)) and len(value) == 3 and isinstance(value[0], str)
    if not (is_new_form or is_old_form):
        return
    known = {**(custom_objects or {}), **registration.scoped_custom_objects()}
    if is_new_form and "<lambda>" in known:
        return
    raise UnsafeModelError(
        f"Lambda layer '{name}': requested the deserialization of a `Lambda` layer whose `function` is a Python "
        "lambda. This carries a potential risk of arbitrary code execution and thus it is disallowed. Pass the "
        f"function as `custom_objects={{'{name}': function}}`, or use a registered function."
    )
