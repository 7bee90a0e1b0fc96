"""Binds the arguments of a layer call to the signature of `call()` and derives the shapes for `build()`."""

import inspect

from keraunos import tree
from keraunos.tensor import KerasTensor, is_tensor, standardize_shape


def is_tensor_or_symbolic(x, allow_none=False):
    """True for tensors, KerasTensors and, if wanted, `None`."""
    return (allow_none and x is None) or is_tensor(x) or isinstance(x, KerasTensor)


def is_default(method):
    """True for a base-class method that nobody has overridden."""
    return getattr(method, "_is_default", False)


def default(method):
    """Marks a base-class method so that `is_default` recognises it."""
    method._is_default = True
    return method


class CallSpec:
    """The arguments of one call, by name.

    Args:
        signature: `inspect.Signature` of the layer's `call`.
        context_arguments: Names such as `training` that may be passed although `call` does not take them.
        args: Positional arguments of the call.
        kwargs: Keyword arguments; context arguments unknown to `call` are removed from it.

    Raises:
        ValueError: for an argument that nests tensors together with other values.
    """

    def __init__(self, signature, context_arguments, args, kwargs):
        extra = {
            name: kwargs.pop(name) for name in context_arguments if name in kwargs and name not in signature.parameters
        }
        bound = signature.bind(*args, **kwargs)
        self.user_arguments_dict = {**extra, **bound.arguments}
        bound.apply_defaults()
        self.arguments_dict = dict(bound.arguments)
        self.argument_names = list(self.arguments_dict)
        self.tensor_arguments_dict = {}
        self.nested_tensor_argument_names = []
        for name, value in self.arguments_dict.items():
            if is_tensor_or_symbolic(value):
                self.tensor_arguments_dict[name] = value
            elif tree.is_nested(value) and len(value) > 0 and self._holds_tensors(name, value):
                self.tensor_arguments_dict[name] = value
                self.nested_tensor_argument_names.append(name)
        self.tensor_arguments_names = list(self.tensor_arguments_dict)
        self.first_arg = self.arguments_dict[self.argument_names[0]] if self.argument_names else None
        self.eager = all(is_tensor(value) for value in self.tensor_arguments_dict.values())

    @staticmethod
    def _holds_tensors(name, value):
        flat = tree.flatten(value)
        if all(is_tensor_or_symbolic(x, allow_none=True) for x in flat):
            return True
        if any(is_tensor_or_symbolic(x) for x in flat):
            raise ValueError(
                "In a nested call() argument, you cannot mix tensors and non-tensors. "
                f"Received invalid mixed argument: {name}={value}"
            )
        return False

    def shapes(self):
        """Returns `{"inputs_shape": (None, 3), ...}` for the tensor arguments other than `mask`."""
        shapes = {}
        for name, value in self.tensor_arguments_dict.items():
            if name in ("mask", "args", "kwargs"):
                continue
            if name in self.nested_tensor_argument_names:
                shapes[f"{name}_shape"] = tree.map_structure(_shape_or_none, value)
            else:
                shapes[f"{name}_shape"] = _shape_or_none(value)
        return shapes

    def shapes_for(self, method, class_name):
        """Returns the keyword arguments for `build` or `compute_output_shape`.

        A method with one argument gets the shape of the first tensor, whatever its name is. With several
        arguments each must be called `<argument of call>_shape`.

        Raises:
            ValueError: when a name does not follow this rule.
        """
        kinds = (
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.POSITIONAL_ONLY,
            inspect.Parameter.KEYWORD_ONLY,
        )
        names = [name for name, p in inspect.signature(method).parameters.items() if p.kind in kinds]
        shapes = self.shapes()
        if len(names) == 1:
            return {names[0]: next(iter(shapes.values()), None)}
        for name in names:
            self._check_shape_argument(method.__name__, name, class_name)
        return {name: shapes[name] for name in names if name in shapes}

    def _check_shape_argument(self, method_name, name, class_name):
        rule = (
            f"For a `{method_name}()` method with more than one argument, all arguments should have a `_shape` "
            f"suffix and match an argument from `call()`. E.g. `{method_name}(self, foo_shape, bar_shape)` "
        )
        if not name.endswith("_shape"):
            raise ValueError(
                f"{rule} For layer '{class_name}', Received `{method_name}()` argument `{name}`, "
                "which does not end in `_shape`."
            )
        argument = name[: -len("_shape")]
        if argument not in self.arguments_dict:
            raise ValueError(
                f"{rule} For layer '{class_name}', received `{method_name}()` argument `{name}`, but `call()` "
                f"does not have argument `{argument}`."
            )


def _shape_or_none(x):
    return None if x is None else standardize_shape(x.shape)
