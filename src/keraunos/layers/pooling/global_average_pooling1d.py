"""GlobalAveragePooling1D layer."""

from keraunos import ops
from keraunos.layers.pooling.base_global_pooling import GlobalAveragePooling


class GlobalAveragePooling1D(GlobalAveragePooling):
    """The mean of each channel of series.

    Args:
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        keepdims: Whether the spatial axes stay, with size 1.

    Call arguments:
        inputs: Tensor of rank 3.
        mask: Mask `(batch, steps)`; steps where it is false do not count.

    Shapes: `(batch, steps, channels)` to `(batch, channels)`.

    Example:

    >>> keraunos.layers.GlobalAveragePooling1D()(keraunos.ops.ones((2, 6, 3))).shape
    (2, 3)
    """

    _rank = 1

    def __init__(self, data_format=None, keepdims=False, **kwargs):
        super().__init__(data_format=data_format, keepdims=keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs, mask=None):
        if mask is None:
            return super().call(inputs)
        (axis,) = self._axes()
        mask = ops.expand_dims(ops.cast(mask, "bool"), 3 - axis)
        total = ops.sum(ops.where(mask, inputs, 0), axis=axis, keepdims=self.keepdims)
        count = ops.sum(ops.cast(mask, inputs.dtype), axis=axis, keepdims=self.keepdims)
        # Without a single valid step: zeros, where Keras has NaN.
        return total / ops.maximum(count, 1)

    def compute_mask(self, inputs, mask=None):
        return None
