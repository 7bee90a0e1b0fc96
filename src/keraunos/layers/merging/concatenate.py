"""Concatenate layer."""

from keraunos import ops
from keraunos.layers.merging.base_merge import Merge, check_mask_list


class Concatenate(Merge):
    """Joins the inputs along one axis.

    Args:
        axis: The axis.

    Shapes: a list of tensors that agree in all other axes to one tensor.

    Raises:
        ValueError: for shapes that do not fit, with all of them.

    Example:

    >>> keraunos.layers.Concatenate()([keraunos.ops.ones((2, 3)), keraunos.ops.ones((2, 4))]).shape
    (2, 7)
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self._reshape_required = False

    def build(self, input_shape):
        if len(input_shape) < 1 or not isinstance(input_shape[0], (tuple, list)):
            raise ValueError(
                "A `Concatenate` layer should be called on a list of at least 1 input. "
                f"Received: input_shape={input_shape}"
            )
        shapes = [tuple(shape) for shape in input_shape if shape is not None]
        if not shapes:
            return
        rests = [_without_axis(shape, self.axis) for shape in shapes]
        same_rank = len({len(shape) for shape in shapes}) == 1
        if not same_rank or any(len(set(sizes) - {None}) > 1 for sizes in zip(*rests)):
            raise ValueError(
                "A `Concatenate` layer requires inputs with matching shapes except for the concatenation axis. "
                f"Received: input_shape={input_shape}"
            )

    def _merge_function(self, inputs):
        return ops.concatenate(inputs, axis=self.axis)

    def compute_output_shape(self, input_shape):
        if not isinstance(input_shape, (tuple, list)) or not isinstance(input_shape[0], (tuple, list)):
            raise ValueError(
                f"A `Concatenate` layer should be called on a list of inputs. Received: input_shape={input_shape}"
            )
        output_shape = list(input_shape[0])
        sizes = [shape[self.axis] for shape in input_shape]
        output_shape[self.axis] = None if None in sizes else sum(sizes)
        return tuple(output_shape)

    def compute_mask(self, inputs, mask=None):
        if mask is None:
            return None
        check_mask_list(inputs, mask)
        if all(one is None for one in mask):
            return None
        masks = []
        for x, one in zip(inputs, mask):
            if one is None:
                one = ops.ones_like(x, dtype="bool")
            elif len(one.shape) < len(x.shape):
                one = ops.logical_or(ops.expand_dims(one, axis=-1), ops.zeros_like(x, dtype="bool"))
            masks.append(one)
        return ops.any(ops.concatenate(masks, axis=self.axis), axis=-1, keepdims=False)

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _without_axis(shape, axis):
    axis = axis % len(shape) if shape else 0
    return shape[:axis] + shape[axis + 1 :]


def concatenate(inputs, axis=-1, **kwargs):
    """Functional form of `Concatenate`: `Concatenate(axis, **kwargs)(inputs)`.

    Args:
        inputs: List of tensors.
        axis: The axis.
        **kwargs: Arguments of every layer.
    """
    return Concatenate(axis=axis, **kwargs)(inputs)
