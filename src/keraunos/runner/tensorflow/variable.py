"""`tf.Variable`: a Keras variable made the way tensorflow makes one."""

from __future__ import annotations

from typing import Any

import keraunos
from keraunos import ops
from keraunos.runner.tensorflow.arrays import dtype_name


class Variable(keraunos.Variable):
    """A tensor that can be assigned to.

    Args:
        initial_value: Number, list, array, tensor, or a function without arguments that returns one.
        trainable: Whether gradient tapes watch it by themselves.
        name: Its name.
        dtype: Its dtype; that of the value by default.
        shape: Must be the value's shape, if given.

    Example:
        >>> v = Variable([1.0, 2.0])
        >>> v.assign_add([1.0, 1.0])
        >>> v.numpy()
        array([2., 3.], dtype=float32)
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool = True,
        validate_shape: bool = True,
        name: str | None = None,
        dtype: Any = None,
        shape: Any = None,
        **unused: Any,
    ) -> None:
        if initial_value is None:
            raise ValueError("tf.Variable: an initial value must be given. Received: initial_value=None")
        value = initial_value() if callable(initial_value) else initial_value
        tensor = ops.convert_to_tensor(value, dtype=dtype_name(dtype))
        if shape is not None and tuple(shape) != tuple(tensor.shape):
            raise ValueError(
                f"tf.Variable: shape must be that of the value. Received: shape={tuple(shape)} and {tuple(tensor.shape)}"
            )
        super().__init__(tensor, dtype=tensor.dtype, trainable=bool(trainable), name=name)

    def read_value(self) -> Any:
        """The value as a tensor."""
        return self.value
