"""Multiply layer."""

from keraunos import ops
from keraunos.layers.merging.base_merge import Merge
from keraunos.masking import get_keras_mask, set_keras_mask


class Multiply(Merge):
    """Product of the inputs. Masked entries count as 1, and as 0 where all inputs are masked.

    Shapes: a list of tensors of broadcastable shapes to one tensor.

    Raises:
        ValueError: for shapes that do not fit, with all of them.

    Example:

    >>> float(keraunos.layers.Multiply()([keraunos.ops.ones((1, 2)), keraunos.ops.ones((1, 2))])[0, 0])
    1.0
    """

    def _merge_function(self, inputs):
        masks = [get_keras_mask(x) for x in inputs]
        has_output_mask = all(mask is not None for mask in masks)
        output = output_mask = None
        for x, mask in zip(inputs, masks):
            if mask is not None:
                mask = ops.broadcast_to(ops.expand_dims(mask, -1), ops.shape(x))
                x = ops.where(mask, x, ops.cast(1, x.dtype))
                if has_output_mask:
                    output_mask = mask if output_mask is None else ops.logical_or(output_mask, mask)
            output = x if output is None else ops.multiply(output, x)
        if has_output_mask:
            output = ops.where(output_mask, output, ops.cast(0, output.dtype))
            set_keras_mask(output, ops.any(output_mask, axis=-1, keepdims=False))
        return output


def multiply(inputs, **kwargs):
    """Functional form of `Multiply`: `Multiply(**kwargs)(inputs)`.

    Args:
        inputs: List of tensors.
        **kwargs: Arguments of every layer.
    """
    return Multiply(**kwargs)(inputs)
