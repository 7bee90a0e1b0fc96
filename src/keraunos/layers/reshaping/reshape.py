"""Reshape layer."""

import math
import operator

from keraunos import ops
from keraunos.layers.layer import Layer
from keraunos.tensor import KerasTensor


class Reshape(Layer):
    """Gives the axes after the batch axis another shape.

    Args:
        target_shape: The new shape without the batch axis; one size may be -1, it is found from the others.

    Raises:
        ValueError: for more than one -1, other negative sizes, or a number of elements that does not fit.

    Example:

    >>> keraunos.layers.Reshape((3, 4))(keraunos.ops.ones((2, 12))).shape
    (2, 3, 4)
    """

    def __init__(self, target_shape, **kwargs):
        super().__init__(**kwargs)
        self.target_shape = _checked_target(tuple(target_shape))
        self.built = True

    def call(self, inputs):
        target = self._resolved(inputs.shape[1:])
        batch_size = inputs.shape[0]
        if batch_size is None:
            # -1 needs no size at run time, but finds none where there are no elements.
            batch_size = ops.shape(inputs)[0] if None in target or 0 in target else -1
        return ops.reshape(inputs, (batch_size, *(-1 if size is None else size for size in target)))

    def _resolved(self, shape):
        """The target shape with -1 replaced by its size, or by `None` while that is unknown."""
        shape, target = tuple(shape), self.target_shape
        known = math.prod(size for size in target if size != -1)
        if None in shape:
            return tuple(None if size == -1 else size for size in target)
        total = math.prod(shape)
        if -1 not in target:
            if total != known:
                raise ValueError(
                    f"The total size of the tensor must be unchanged. Received: input_shape={shape}, "
                    f"target_shape={target}"
                )
            return target
        if known == 0 or total % known:
            raise ValueError(
                "The total size of the tensor must be unchanged, however, the input size cannot by divided by the "
                f"specified dimensions in target_shape. Received: input_shape={shape}, target_shape={target}"
            )
        return tuple(total // known if size == -1 else size for size in target)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self._resolved(input_shape[1:]))

    def compute_output_spec(self, inputs):
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "target_shape": self.target_shape}


def _checked_target(target):
    sizes = []
    for size in target:
        if not hasattr(size, "__index__") or operator.index(size) < -1:
            raise ValueError(
                "Each dimension in `target_shape` must be a non-negative integer, or `-1` for a single unknown "
                f"dimension. Received: target_shape={target}."
            )
        sizes.append(operator.index(size))
    if sizes.count(-1) > 1:
        raise ValueError(
            f"There must be at most one unknown dimension (-1) in `target_shape`. Received: target_shape={target}."
        )
    return tuple(sizes)
