"""`Operation`: what stands at a node of the layer graph. Layers are operations with variables."""

from __future__ import annotations

import inspect

from keraunos import config, tree
from keraunos.naming import auto_name
from keraunos.ops.node import Node
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.tensor import KerasTensor, Tensor, any_symbolic_tensors

_CONFIG_TYPES = (str, int, float, bool, type(None))


class Operation:
    """A function that can stand in a layer graph. Subclasses define `call`.

    Args:
        name: optional name without `/`.

    Example:

    >>> class Double(Operation):
    ...     def call(self, x):
    ...         return x * 2
    >>> Double()(KerasTensor((None, 3))).shape
    (None, 3)
    """

    def __new__(cls, *args, **kwargs):
        instance = super().__new__(cls)
        # Past the setattr of layers, which track what they are given.
        attributes = instance.__dict__
        attributes["_auto_config"], attributes["_auto_config_error_args"] = _constructor_config(cls, args, kwargs)
        return instance

    def __init__(self, name=None):
        if name is None:
            name = auto_name(self.__class__.__name__)
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                "Argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name} (of type {type(name)})"
            )
        self.name = name
        self._inbound_nodes = []
        self._outbound_nodes = []

    def __call__(self, *args, **kwargs):
        function = self.symbolic_call if any_symbolic_tensors(args, kwargs) else self._get_computation()
        if not config._is_traceback_filtering_enabled:
            return function(*args, **kwargs)
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise_with_arguments(error, self.call, f"{type(self).__name__}.call()", args, kwargs)

    def _get_computation(self):
        """What a call on tensors runs."""
        return self.call

    def symbolic_call(self, *args, **kwargs):
        """Infers the outputs of a call on KerasTensors and records the call in the layer graph."""
        outputs = self.compute_output_spec(*args, **kwargs)
        Node(operation=self, call_args=args, call_kwargs=kwargs, outputs=outputs)
        return outputs

    def call(self, *args, **kwargs):
        """The computation, on tensors."""
        raise NotImplementedError(f"{type(self).__name__}: `call` is not implemented.")

    def compute_output_spec(self, *args, **kwargs):
        """The outputs as KerasTensors, by running `call` without values."""
        try:
            return compute_output_spec(self._get_computation(), *args, **kwargs)
        except Exception as error:
            message = (
                f"Could not automatically infer the output shape / dtype of '{self.name}' "
                f"(of type {type(self).__name__}). Either the `{type(self).__name__}.call()` method is incorrect, or "
                f"you need to implement the `{type(self).__name__}.compute_output_spec() / compute_output_shape()` "
                f"method. Error encountered:\n\n{error}"
            )
            raise _same_error(error, message).with_traceback(error.__traceback__) from None

    def get_config(self):
        """The constructor's arguments as a dict, where they are plain values."""
        if type(self).get_config is not Operation.get_config and not getattr(self.get_config, "_is_default", False):
            # A subclass's own get_config asks for what is common to all.
            return {"name": self.name}
        if self._auto_config is None:
            raise NotImplementedError(_no_config_message(self))
        result = {"name": self.name, **self._auto_config}
        parameters = inspect.signature(self.__init__).parameters
        takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
        if "name" not in parameters and not takes_any:
            del result["name"]
        return result

    # Marks "not overridden", also for subclasses that pass it on under their own name.
    get_config._is_default = True

    @classmethod
    def from_config(cls, config):
        """An operation from `get_config()`'s result."""
        if isinstance(config.get("dtype"), dict):
            from keraunos import dtype_policies

            policy = dtype_policies.deserialize(config["dtype"])
            if not isinstance(policy, dtype_policies.DTypePolicyMap) and policy.quantization_mode is None:
                policy = policy.name
            config = {**config, "dtype": policy}
        try:
            return cls(**config)
        except Exception as error:
            raise TypeError(
                f"Error when deserializing class '{cls.__name__}' using config={config}.\n\n"
                f"Exception encountered: {error}"
            ) from error

    def __repr__(self):
        return f"<Operation name={self.name}>"

    @property
    def input(self):
        """The input of the first call: a KerasTensor, or a list of several."""
        return self._get_node_attribute_at_index(0, "input_tensors", "input")

    @property
    def output(self):
        """The output of the first call: a KerasTensor, or a list of several."""
        return self._get_node_attribute_at_index(0, "output_tensors", "output")

    def _get_node_attribute_at_index(self, node_index, attr, attr_name):
        if not self._inbound_nodes:
            raise AttributeError(
                f"The layer {self.name} has never been called and thus has no defined {attr_name}."
            )
        if node_index >= len(self._inbound_nodes):
            raise ValueError(
                f"Asked to get {attr_name} at node {node_index}, but the operation has only "
                f"{len(self._inbound_nodes)} inbound nodes."
            )
        values = getattr(self._inbound_nodes[node_index], attr)
        return values[0] if isinstance(values, list) and len(values) == 1 else values

    def _obj_type(self):
        return "Operation"


# ------------------------------------------------------------------ config from constructor arguments

_signatures = {}


def _signature(cls):
    """The parameters of `cls.__init__` without `self`, or `None` where a config cannot give them back."""
    init = cls.__init__
    found = _signatures.get(init)
    if found is None:
        signature = inspect.signature(init)
        parameters = list(signature.parameters.values())[1:]
        found = _signatures[init] = signature.replace(parameters=parameters)
    return found


def _constructor_config(cls, args, kwargs):
    """`(config or None, whether positional-only or variadic arguments are to blame)`."""
    signature = _signature(cls)
    try:
        bound = signature.bind(*args, **kwargs)
    except TypeError:
        return None, False  # __init__ itself is about to say so
    bound.apply_defaults()
    result = {}
    for name, value in bound.arguments.items():
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.POSITIONAL_ONLY or (kind is inspect.Parameter.VAR_POSITIONAL and value):
            return None, True
        if kind is inspect.Parameter.VAR_KEYWORD:
            result.update(value)
        elif kind is not inspect.Parameter.VAR_POSITIONAL:
            result[name] = value
    result.pop("name", None)
    for value in result.values():
        if type(value) not in _CONFIG_TYPES and not all(isinstance(x, _CONFIG_TYPES) for x in tree.flatten(value)):
            return None, False
    return tree.map_structure(lambda x: x, result), False


_EXAMPLE = """
class CustomLayer(keraunos.layers.Layer):
    def __init__(self, arg1, arg2, **kwargs):
        super().__init__(**kwargs)
        self.arg1 = arg1
        self.arg2 = arg2

    def get_config(self):
        return {**super().get_config(), "arg1": self.arg1, "arg2": self.arg2}
"""


def _no_config_message(operation):
    name = type(operation).__name__
    if operation._auto_config_error_args:
        return (
            f"Object {name} was created by passing positional only or variadic positional arguments (e.g., `*args`) "
            "to `__init__()`, which is not supported by the automatic config generation. Please remove all "
            "positional only and variadic arguments from `__init__()` or override `get_config()` and `from_config()` "
            f"to make the object serializable.\n\nExample:\n{_EXAMPLE}"
        )
    return (
        f"Object {name} was created by passing non-serializable argument values in `__init__()`, and therefore the "
        "object must override `get_config()` in order to be serializable. Please implement `get_config()`.\n\n"
        f"Example:\n{_EXAMPLE}"
    )


# ------------------------------------------------------------------ errors that say what was called


def _same_error(error, message):
    """An exception of the same type with another message (`RuntimeError` where the type needs more than one)."""
    try:
        return type(error)(message)
    except Exception:
        return RuntimeError(message)


def raise_with_arguments(error, function, object_name, args, kwargs):
    """Raises `error` again, its message extended by what was called with which arguments. The innermost call wins."""
    if getattr(error, "_keras_call_info_injected", False):
        raise error
    lines = []
    try:
        arguments = inspect.signature(function).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):
        arguments = {}
    for name, value in arguments.items():
        try:
            text = str(tree.map_structure(_describe, value))
        except Exception:
            text = f"<{type(value).__name__}>"
        lines.append(f"  • {name}={text[:400]}")
    if isinstance(error, KeyError) and error.args:
        text = str(error.args[0])
    else:
        text = str(error)
    message = f"Exception encountered when calling {object_name}.\n\n\x1b[1m{text}\x1b[0m"
    if lines:
        message += f"\n\nArguments received by {object_name}:\n" + "\n".join(lines)
    new = _same_error(error, message)
    try:
        new._keras_call_info_injected = True
    except AttributeError:
        pass
    raise new.with_traceback(error.__traceback__) from None


def _describe(value):
    if isinstance(value, Tensor):
        return f"tensor(shape={tuple(value.shape)}, dtype={value.dtype})"
    if hasattr(value, "shape") and hasattr(value, "dtype") and not isinstance(value, KerasTensor):
        return f"{type(value).__name__}(shape={tuple(value.shape)}, dtype={value.dtype})"
    return value
