"""The shapes and dtypes of the arguments that an exported call takes."""

from keraunos import tree
from keraunos.layers import InputSpec
from keraunos.tensor import KerasTensor
from keraunos.tensor import is_tensor


def input_signature_of(model):
    """Returns the specs of the positional arguments of a model's call, with the batch open.

    Args:
        model: The model, built.

    Returns:
        A list of structures of `InputSpec`.

    Raises:
        TypeError: when `model` is no model.
        ValueError: when it was not built, or its inputs are not known because it was never called.
    """
    from keraunos.models import Model, Sequential
    from keraunos.models.functional import Functional

    if not isinstance(model, Model):
        raise TypeError(f"The model must be a `keras.Model`. Received: model={model} of the type {type(model)}")
    if not model.built:
        raise ValueError("The model provided has not yet been built. It must be built before export.")
    if isinstance(model, Functional):
        return [tree.map_structure(as_spec, model._inputs_struct)]
    if isinstance(model, Sequential):
        return [as_spec(x) for x in model.inputs]
    shapes = model._build_shapes_dict
    if not shapes:
        raise ValueError("The model provided has never called. It must be called at least once before export.")
    return [tree.map_shape_structure(lambda shape: InputSpec(model.input_dtype, _open_batch(shape)), given) for given in shapes.values()]


def output_names_of(model):
    """Returns the names of the layers that give the model's outputs, or `None` where Python alone knows them."""
    return getattr(getattr(model, "_functional", None) or model, "output_names", None)


def as_spec(x):
    """An `InputSpec` with an open batch from an `InputSpec` (taken as it is), a `KerasTensor` or a tensor."""
    if isinstance(x, InputSpec):
        if x.shape is None or x.dtype is None:
            raise ValueError(f"The `shape` and `dtype` must be provided. Received: x={x}")
        return x
    if isinstance(x, KerasTensor):
        return InputSpec(dtype=x.dtype, shape=_open_batch(x.shape), name=x.name)
    if is_tensor(x):
        return InputSpec(dtype=x.dtype, shape=_open_batch(x.shape))
    raise TypeError(
        f"Unsupported x={x} of the type ({type(x)}). Supported types are: `keras.InputSpec`, `keras.KerasTensor` and backend tensor."
    )


def _open_batch(shape):
    return (None, *shape[1:]) if len(shape) else ()
