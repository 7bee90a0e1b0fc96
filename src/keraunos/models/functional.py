"""`Functional`: a model that is a graph of layer calls."""

import warnings

import numpy as np

from keraunos import ops, tree
from keraunos.class_table import table
from keraunos.layers import InputLayer, InputSpec, Layer
from keraunos.masking import get_keras_mask, set_keras_mask
from keraunos.models.graph_cloning import clone_graph_nodes, is_input_keras_tensor
from keraunos.models.model import Model
from keraunos.models.node_runs import node_runs
from keraunos.ops.function import Function
from keraunos.tensor import KerasTensor, Tensor, convert_to_tensor, is_tensor


class Functional(Function, Model):
    """A model defined by its symbolic inputs and outputs.

    `Model(inputs, outputs)` makes one. Inputs may be tensors in the middle of another model; the new model
    shares the layers.

    Args:
        inputs: `Input` tensor, or a (nested) list, tuple or dictionary of them.
        outputs: Tensors computed from `inputs`, in any structure.
        name: Name of the model.
        trainable: Whether the variables of the model are trained.

    Raises:
        ValueError: when a value is not symbolic, an output does not depend on the inputs, or names are used
            twice.

    Example:

    >>> a = keraunos.Input((4,), name="a")
    >>> b = keraunos.Input((4,), name="b")
    >>> model = keraunos.Model({"a": a, "b": b}, keraunos.layers.Dense(2)(a + b))
    >>> model({"a": np.ones((3, 4)), "b": np.ones((3, 4))}).shape
    (3, 2)
    """

    def __init__(self, inputs, outputs, name=None, **kwargs):
        if isinstance(inputs, dict):
            _warn_about_names(inputs)
        trainable = kwargs.pop("trainable", None)
        for kind, tensors in (("inputs", inputs), ("outputs", outputs)):
            for x in tree.flatten(tensors):
                if not isinstance(x, KerasTensor):
                    raise ValueError(
                        f"All `{kind}` values must be KerasTensors. Received: {kind} including invalid value "
                        f"{_brief(x)} of type {type(x)}"
                    )
        if not all(is_input_keras_tensor(x) for x in tree.flatten(inputs)):
            inputs, outputs = clone_graph_nodes(inputs, outputs)
        Function.__init__(self, inputs, outputs, name=name)
        if trainable is not None:
            self.trainable = trainable
        for layer in self.layers:
            self._tracker.track(layer)
        self.build(None)
        # Inputs get the dtype of their own `Input`, not of the model.
        self._convert_input_args = False
        self._allow_non_tensor_positional_args = True
        self.output_names = [x._keras_history.operation.name for x in self._outputs]

    def _lock_state(self):
        """Does nothing: a subclass may attach layers that are not part of the graph."""

    def _obj_type(self):
        return "Functional"

    @property
    def layers(self):
        """The layers of the graph, from the inputs on."""
        return [operation for operation in self._operations if isinstance(operation, Layer)]

    @layers.setter
    def layers(self, _):
        raise AttributeError(
            "`Model.layers` attribute is reserved and should not be used. Please use another name."
        )

    def call(self, inputs, training=None, mask=None, **kwargs):
        inputs = self._standardize_inputs(inputs)
        if mask is not None:
            for x, x_mask in zip(inputs, tree.flatten(mask)):
                if x_mask is not None:
                    set_keras_mask(x, x_mask)
        context = {}
        if training is not None or kwargs:
            context = {name: value for name, value in {"training": training, **kwargs}.items() if value is not None}
        values = {id(ref): x for ref, x in zip(self._inputs, inputs)}
        for run in self._node_runs():
            run.add_outputs(values, context)
        return unpack_singleton(self._outputs_among(values))

    def _node_runs(self):
        runs = self.__dict__.get("_runs")
        if runs is None:
            runs = self.__dict__["_runs"] = node_runs(self._execution_order, self._outputs)
        return runs

    def __getstate__(self):
        state = super().__getstate__()
        state.pop("_runs", None)
        return state

    def _operations_of_call(self):
        return self._operations

    def compute_output_spec(self, inputs, training=None, mask=None):
        return Function.compute_output_spec(self, inputs)

    def compute_output_shape(self, input_shape):
        return Function.compute_output_shape(self, input_shape)

    def build(self, input_shape=None):
        self.built = True

    @property
    def input_shape(self):
        """Shape of the input, or a list of shapes."""
        return _shapes(self._inputs)

    @property
    def output_shape(self):
        """Shape of the output, or a list of shapes."""
        return _shapes(self._outputs)

    @property
    def input(self):
        """The symbolic inputs, in the structure in which they were given."""
        return self._inputs_struct

    @property
    def output(self):
        """The symbolic outputs, in the structure in which they were given."""
        return self._outputs_struct

    @property
    def input_names(self):
        """Names of the inputs, in flat order."""
        return [x.name for x in self._inputs]

    def add_loss(self, loss):
        raise NotImplementedError("A Functional model cannot add a loss; call `add_loss()` in one of its layers.")

    # -------------------------------------------------------------------------------------------------
    # Inputs

    @property
    def input_spec(self):
        if hasattr(self, "_manual_input_spec"):
            return self._manual_input_spec
        if isinstance(self._inputs_struct, dict):
            if not all(isinstance(x, KerasTensor) for x in self._inputs_struct.values()):
                return None  # A nested dictionary is checked when its inputs are standardized.
            return [_spec_of(self._inputs_struct[name], name) for name in sorted(self._inputs_struct)]
        return [_spec_of(x, x._keras_history.operation.name) for x in self._inputs]

    @input_spec.setter
    def input_spec(self, value):
        self._manual_input_spec = value

    def _assert_input_compatibility(self, *args):
        for x, ref in zip(tree.flatten(args[0]), self._inputs):
            if x is None:
                _check_optional(ref)
        # Past `Function`, whose check is stricter, to the one of `Layer`.
        return super(Function, self)._assert_input_compatibility(*args)

    def _standardize_inputs(self, inputs):
        """Brings what the user passed into a flat list of tensors of the right dtype and rank."""
        if type(self._inputs_struct) is KerasTensor:
            x = _tensor_like(inputs, self._inputs_struct)
            if x is not None:
                return [x]
        inputs, must_match = self._pick_inputs_by_name(inputs)
        struct = self._inputs_struct
        if isinstance(struct, dict) and not isinstance(inputs, dict) and list(struct) != sorted(struct):
            must_match = True  # The flat order of a dictionary is not the one in which it was written.
        self._check_structure(inputs, must_match)
        flat = [self._convert_input(x, ref) for x, ref in zip(tree.flatten(inputs), self._inputs)]
        return [self._adjust_rank(index, x) for index, x in enumerate(flat)]

    def _pick_inputs_by_name(self, inputs):
        """Takes inputs passed by name apart for a model whose inputs are not a dictionary.

        Returns:
            The inputs, and whether a structure that still differs is an error instead of a warning.
        """
        struct = self._inputs_struct
        if isinstance(struct, list) and len(struct) == 1 and is_tensor(inputs):
            return [inputs], False
        if not isinstance(inputs, dict) or isinstance(struct, dict):
            return inputs, False
        refs = [struct] if isinstance(struct, KerasTensor) else list(struct)
        if all(isinstance(ref, KerasTensor) and ref.name in inputs for ref in refs):
            return [inputs[ref.name] for ref in refs], False
        return inputs, True

    def _check_structure(self, inputs, must_match):
        struct = self._inputs_struct
        if type(struct) is KerasTensor and type(inputs) in (Tensor, np.ndarray):
            return
        if type(inputs) is list and type(struct) is list and len(inputs) == len(struct) == len(self._inputs):
            if all(not isinstance(x, (list, tuple, dict)) for x in inputs):
                return
        try:
            tree.assert_same_structure(tree.lists_to_tuples(inputs), tree.lists_to_tuples(struct))
        except (ValueError, TypeError):
            expected = tree.map_structure(lambda x: "None" if x is None else x.name, struct)
            received = tree.map_structure(
                lambda x: "None" if x is None else f"Tensor(shape={getattr(x, 'shape', '?')})", inputs
            )
            message = (
                "The structure of `inputs` doesn't match the expected structure.\n"
                f"Expected: {expected}\nReceived: inputs={received}"
            )
            if must_match:
                raise ValueError(message) from None
            warnings.warn(message, stacklevel=2)

    def _convert_input(self, x, ref):
        if x is None:
            _check_optional(ref)
            return None
        return ops.convert_to_tensor(x, dtype=ref.dtype, sparse=ref.sparse)

    def _adjust_rank(self, index, x):
        """Adds or takes away a last axis of size 1."""
        if x is None:
            return None
        ref = self._inputs[index]
        rank, expected = len(x.shape), len(ref.shape)
        if rank == expected:
            return x
        if rank == expected + 1 and x.shape[-1] == 1:
            adjusted = ops.squeeze(x, axis=-1)
        elif rank == expected - 1 and ref.shape[-1] == 1:
            adjusted = ops.expand_dims(x, axis=-1)
        else:
            path = ".".join(str(part) for part in tree.flatten_with_path(self._inputs_struct)[index][0])
            raise ValueError(
                f"Invalid input shape for input {_brief(x)} with name '{ref.name}' and path '{path}'. "
                f"Expected shape {ref.shape}, but input has incompatible shape {tuple(x.shape)}"
            )
        if hasattr(x, "_keras_history"):
            adjusted._keras_history = x._keras_history
        mask = get_keras_mask(x)
        if mask is not None:
            set_keras_mask(adjusted, mask)
        return adjusted

    def get_config(self):
        from keraunos.models.functional_config import functional_config, has_functional_constructor

        if not has_functional_constructor(type(self)):
            return Model.get_config(self)
        return functional_config(self)


def unpack_singleton(x):
    """The item of a list or tuple of one item, or else the argument itself."""
    if isinstance(x, (list, tuple)) and len(x) == 1:
        return x[0]
    return x


def _tensor_like(x, ref):
    """A tensor or array as a tensor of the dtype and rank of `ref`; `None` if that takes more than a conversion."""
    if type(x) not in (Tensor, np.ndarray) or x.ndim != len(ref.shape) or ref.sparse:
        return None
    return convert_to_tensor(x, ref.dtype)


def _shapes(tensors):
    shapes = [x.shape for x in tensors]
    return shapes[0] if len(shapes) == 1 else shapes


def _spec_of(x, name):
    layer = x._keras_history.operation
    return InputSpec(
        shape=(None, *x.shape[1:]) if x.shape else (),
        allow_last_axis_squeeze=True,
        name=name,
        optional=isinstance(layer, InputLayer) and bool(layer.optional),
    )


def _check_optional(ref):
    layer = ref._keras_history.operation if getattr(ref, "_keras_history", None) else None
    if isinstance(layer, InputLayer) and not layer.optional:
        raise ValueError(
            f"The input '{ref.name}' is not optional, but None was passed. Please provide a valid tensor."
        )


def _warn_about_names(inputs):
    for key, x in inputs.items():
        if isinstance(x, KerasTensor) and key != x.name:
            warnings.warn(
                "When providing `inputs` as a dict, all keys in the dict must match the names of the "
                f"corresponding tensors. Received key '{key}' mapping to value {x} which has name '{x.name}'. "
                f"Change the tensor name to '{key}' (via `Input(..., name='{key}')`)",
                stacklevel=3,
            )


def _brief(x):
    """A value in an error message: never the numbers of a whole array."""
    if hasattr(x, "shape") and hasattr(x, "dtype"):
        return f"<{type(x).__name__} shape={tuple(x.shape)} dtype={x.dtype}>"
    text = repr(x)
    return text if len(text) <= 200 else f"{text[:200]}..."


table.add_private("keras.src.models.functional", Functional)
