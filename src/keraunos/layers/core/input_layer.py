"""`InputLayer` and `Input`."""

import warnings

from keraunos.dtypes import standardize_dtype
from keraunos.layers.layer import Layer
from keraunos.ops.node import Node
from keraunos.tensor import KerasTensor, standardize_shape


class InputLayer(Layer):
    """The start of a layer graph.

    Args:
        shape: Shape without the batch axis.
        batch_size: Size of the batch axis, or `None` for any.
        dtype: Dtype of the input.
        sparse: Not offered: must be false.
        ragged: Not offered: must be false.
        batch_shape: Shape with the batch axis, instead of `shape` and `batch_size`.
        input_tensor: KerasTensor to use instead of making one.
        optional: Whether `None` may be passed for this input.
        name: Name of the layer.
        **kwargs: `input_shape` and `batch_input_shape` of older Keras.

    Raises:
        ValueError: for a missing, doubled or contradictory shape.

    Example:

    >>> keraunos.layers.InputLayer(shape=(3,)).output.shape
    (None, 3)
    """

    def __init__(
        self,
        shape=None,
        batch_size=None,
        dtype=None,
        sparse=None,
        ragged=None,
        batch_shape=None,
        input_tensor=None,
        optional=False,
        name=None,
        **kwargs,
    ):
        super().__init__(name=name)
        if "input_shape" in kwargs:
            warnings.warn("Argument `input_shape` is deprecated. Use `shape` instead.", stacklevel=2)
            shape = kwargs.pop("input_shape")
        if "batch_input_shape" in kwargs:
            batch_shape = kwargs.pop("batch_input_shape")
        if input_tensor is not None:
            _check_agrees(input_tensor, shape, batch_size, batch_shape, dtype, sparse)
            batch_shape = input_tensor.shape
            dtype = input_tensor.dtype
        else:
            batch_shape = _full_shape(shape, batch_size, batch_shape)
        for kind, value in (("sparse", sparse), ("ragged", ragged)):
            if value:
                raise ValueError(f"`{kind}=True` is not supported with the keraunos backend")
        self._batch_shape = standardize_shape(batch_shape)
        self._dtype = standardize_dtype(dtype)
        self.sparse = False
        self.ragged = False
        if input_tensor is None:
            input_tensor = KerasTensor(shape=self._batch_shape, dtype=self._dtype, name=name)
        self._input_tensor = input_tensor
        Node(operation=self, call_args=(), call_kwargs={}, outputs=input_tensor)
        self.built = True
        self.optional = optional

    def call(self):
        """An input computes nothing."""
        return

    @property
    def batch_shape(self):
        """Shape with the batch axis."""
        return self._batch_shape

    @property
    def dtype(self):
        return self._dtype

    def get_config(self):
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def _full_shape(shape, batch_size, batch_shape):
    for name, value in (("shape", shape), ("batch_size", batch_size)):
        if value is not None and batch_shape is not None:
            raise ValueError(f"You cannot pass both `{name}` and `batch_shape` at the same time.")
    if shape is None and batch_shape is None:
        raise ValueError("You must pass a `shape` argument.")
    return batch_shape if shape is None else (batch_size, *standardize_shape(shape))


def _check_agrees(tensor, shape, batch_size, batch_shape, dtype, sparse):
    if not isinstance(tensor, KerasTensor):
        raise ValueError(
            "Argument `input_tensor` must be a KerasTensor. "
            f"Received invalid type: input_tensor={tensor} (of type {type(tensor)})"
        )
    agrees = {
        "batch_size": batch_size is None or tensor.shape[:1] == (batch_size,),
        "shape": shape is None or tuple(shape) == tensor.shape[1:],
        "batch_shape": batch_shape is None or tuple(batch_shape) == tensor.shape,
        "dtype": dtype is None or tensor.dtype == dtype,
        "sparse": sparse is None or tensor.sparse == sparse,
    }
    for name, does_agree in agrees.items():
        if not does_agree:
            raise ValueError(
                f"When providing the `input_tensor` argument, you cannot provide an incompatible `{name}` argument."
            )


def Input(
    shape=None,
    batch_size=None,
    dtype=None,
    sparse=None,
    ragged=None,
    batch_shape=None,
    name=None,
    tensor=None,
    optional=False,
):
    """Makes the KerasTensor from which a functional model starts.

    Args:
        shape: Shape without the batch axis; `None` for unknown sizes.
        batch_size: Size of the batch axis, or `None` for any.
        dtype: Dtype, `floatx()` if `None`.
        sparse: Not offered: must be false.
        ragged: Not offered: must be false.
        batch_shape: Shape with the batch axis, instead of `shape` and `batch_size`.
        name: Name of the input layer.
        tensor: KerasTensor to use instead of making one.
        optional: Whether `None` may be passed for this input.

    Example:

    >>> keraunos.Input((32,)).shape
    (None, 32)
    """
    layer = InputLayer(
        shape=shape,
        batch_size=batch_size,
        dtype=dtype,
        sparse=sparse,
        ragged=ragged,
        batch_shape=batch_shape,
        name=name,
        input_tensor=tensor,
        optional=optional,
    )
    return layer.output
