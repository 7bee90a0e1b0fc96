"""Base of the layers that merge a list of tensors into one."""

from keraunos import ops
from keraunos.layers.layer import Layer
from keraunos.masking import get_keras_mask, set_keras_mask
from keraunos.tensor import KerasTensor


class Merge(Layer):
    """Merges its inputs element by element; subclasses define `_merge_function`."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def _merge_function(self, inputs):
        raise NotImplementedError(f"{type(self).__name__}: `_merge_function` is not implemented.")

    def build(self, input_shape):
        if not isinstance(input_shape, (tuple, list)) or not input_shape:
            raise ValueError(
                "A merge layer should be called on a list of at least 1 input. "
                f"Full input_shape received: {input_shape}"
            )
        if not isinstance(input_shape[0], (tuple, list)):
            raise ValueError(
                "A merge layer should be called on a list of inputs. "
                f"Received: input_shape={input_shape} (not a list of shapes)"
            )
        batch_sizes = {shape[0] for shape in input_shape if shape} - {None}
        if len(batch_sizes) > 1:
            raise ValueError(
                f"Cannot merge tensors with different batch sizes. Received tensors with shapes {input_shape}"
            )
        _broadcast_rests(input_shape)
        self._reshape_required = None in input_shape or len({len(shape) for shape in input_shape}) > 1

    def call(self, inputs):
        if not isinstance(inputs, (list, tuple)):
            raise ValueError(
                f"A merge layer should be called on a list of inputs. Received: inputs={inputs} (not a list of tensors)"
            )
        if not self._reshape_required:
            return self._merge_function(inputs)
        # Of fewer axes: the missing ones are those after the batch axis.
        ndim = max(len(x.shape) for x in inputs)
        widened = []
        for x in inputs:
            for _ in range(ndim - len(x.shape)):
                x = ops.expand_dims(x, axis=1)
            widened.append(x)
        return self._merge_function(widened)

    def _merge_where_unmasked(self, merge, inputs):
        """Merges pair by pair; where only one of two carries data, that one is taken."""
        output = output_mask = None
        for x in inputs:
            mask = _full_mask(x)
            if output is None:
                output, output_mask = x, mask
                continue
            if mask is not None:
                x = ops.where(mask, x, output)
            if output_mask is not None:
                output = ops.where(output_mask, output, x)
            both_masked = mask is not None and output_mask is not None
            output_mask = ops.logical_or(output_mask, mask) if both_masked else None
            output = merge(output, x)
        if output_mask is not None:
            set_keras_mask(output, ops.any(output_mask, axis=-1, keepdims=False))
        return output

    def compute_output_shape(self, input_shape):
        rest = _broadcast_rests(input_shape)
        batch_sizes = {shape[0] for shape in input_shape if shape is not None} - {None}
        batch_size = batch_sizes.pop() if len(batch_sizes) == 1 else None
        return (batch_size, *rest)

    def compute_output_spec(self, inputs):
        shape = self.compute_output_shape([x.shape for x in inputs])
        return KerasTensor(shape, dtype=self.compute_dtype)

    def compute_mask(self, inputs, mask=None):
        if mask is None:
            return None
        check_mask_list(inputs, mask)
        if any(one is None for one in mask):
            return None
        output_mask = mask[0]
        for one in mask[1:]:
            output_mask = ops.logical_or(output_mask, one)
        return output_mask

    def get_config(self):
        return super().get_config()


def check_mask_list(inputs, mask):
    """Raises unless `inputs` and `mask` are lists of one length."""
    if not isinstance(mask, (tuple, list)):
        raise ValueError(f"`mask` should be a list. Received: mask={mask}")
    if not isinstance(inputs, (tuple, list)):
        raise ValueError(f"`inputs` should be a list. Received: inputs={inputs}")
    if len(mask) != len(inputs):
        raise ValueError(
            "The lists `inputs` and `mask` should have the same length. "
            f"Received: inputs={inputs} of length {len(inputs)}, and mask={mask} of length {len(mask)}"
        )


def _full_mask(x):
    mask = get_keras_mask(x)
    return None if mask is None else ops.broadcast_to(ops.expand_dims(mask, -1), ops.shape(x))


def _broadcast_rests(shapes):
    """The shape without batch axis that the inputs broadcast to."""
    result = None if shapes[0] is None else tuple(shapes[0][1:])
    for shape in shapes[1:]:
        result = _broadcast(result, None if shape is None else tuple(shape[1:]))
    return result


def _broadcast(a, b):
    if a is None or b is None:
        return None
    if len(a) < len(b):
        a, b = b, a
    if not b:
        return a
    sizes = list(a[: -len(b)])
    for i, j in zip(a[-len(b) :], b):
        if i is None or j is None:
            sizes.append(None)
        elif i == 1 or i == j:
            sizes.append(j)
        elif j == 1:
            sizes.append(i)
        else:
            raise ValueError(f"Inputs have incompatible shapes. Received shapes {a} and {b}")
    return tuple(sizes)
