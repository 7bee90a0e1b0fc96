"""Softmax layer."""

from keraunos import activations, ops
from keraunos.layers.layer import Layer

# Far enough below any score for exp() to give 0, and still finite in the dtype.
_LOW = {"float16": -3e4}


class Softmax(Layer):
    """`exp(x) / sum(exp(x))` along `axis`; entries where `mask` is false get no weight.

    Args:
        axis: Axis, or list of axes that share one sum.

    Call arguments:
        inputs: Scores.
        mask: Boolean tensor that broadcasts to the scores.

    Example:

    >>> keraunos.layers.Softmax()(keraunos.ops.ones((1, 2))).numpy().tolist()
    [[0.5, 0.5]]
    """

    def __init__(self, axis=-1, **kwargs):
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True
        self._build_at_init()

    def call(self, inputs, mask=None):
        if mask is not None:
            _check_mask_shape(mask.shape, inputs.shape)
            if mask.dtype != "bool":
                mask = ops.greater(mask, ops.cast(0.5, mask.dtype))
            inputs = ops.where(mask, inputs, ops.cast(_LOW.get(inputs.dtype, -1e9), inputs.dtype))
        axis = self.axis
        if isinstance(axis, (tuple, list)):
            axis = axis[0] if len(axis) == 1 else tuple(axis)
        if isinstance(axis, tuple):
            outputs = ops.exp(inputs - ops.logsumexp(inputs, axis=axis, keepdims=True))
        else:
            outputs = activations.softmax(inputs, axis=axis)
        if mask is not None:
            outputs = ops.where(mask, outputs, ops.cast(0.0, outputs.dtype))
        return outputs

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "axis": self.axis}


def _check_mask_shape(mask_shape, input_shape):
    received = f"Received: inputs.shape={input_shape}, mask.shape={mask_shape}"
    if len(mask_shape) > len(input_shape):
        raise ValueError(f"The `mask` must be broadcastable to `inputs` and must not have more dimensions. {received}")
    for mask_size, size in zip(mask_shape[::-1], input_shape[::-1]):
        if mask_size not in (None, 1, size) and size is not None:
            raise ValueError(
                "The `mask` must be broadcastable to `inputs`. Each mask dimension must be 1 or match the "
                f"corresponding input dimension. {received}"
            )
