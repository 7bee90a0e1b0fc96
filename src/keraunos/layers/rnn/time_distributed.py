"""TimeDistributed wrapper."""

from keraunos import ops
from keraunos.layers.core.wrapper import Wrapper
from keraunos.layers.layer import Layer


class TimeDistributed(Wrapper):
    """Applies a layer to every timestep, with the same weights.

    Args:
        layer: The layer.

    Call arguments:
        inputs: Tensor `(batch, time, ...)`.
        training: Handed to the layer.
        mask: Mask `(batch, time, ...)`, handed to the layer step by step if it takes one.

    Shapes: `(batch, time, *rest)` to `(batch, time, *what the layer makes of rest)`.

    Example:

    >>> keraunos.layers.TimeDistributed(keraunos.layers.Dense(4))(keraunos.ops.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    def __init__(self, layer, **kwargs):
        if not isinstance(layer, Layer):
            raise ValueError(
                f"Please initialize `TimeDistributed` layer with a `keras.layers.Layer` instance. Received: {layer}"
            )
        super().__init__(layer, **kwargs)
        self.supports_masking = True

    def _step_shape(self, input_shape):
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) < 3:
            raise ValueError(
                "`TimeDistributed` Layer should be passed an `input_shape` with at least 3 dimensions, received: "
                f"{input_shape}"
            )
        return (input_shape[0], *input_shape[2:])

    def compute_output_shape(self, input_shape):
        output_shape = self.layer.compute_output_shape(self._step_shape(input_shape))
        return (output_shape[0], input_shape[1], *output_shape[1:])

    def build(self, input_shape):
        super().build(self._step_shape(input_shape))

    def call(self, inputs, training=None, mask=None):
        if mask is not None:
            _check_mask(tuple(mask.shape), tuple(inputs.shape))
        kwargs = {"training": training} if self.layer._call_has_training_arg else {}
        takes_mask = mask is not None and self.layer._call_has_mask_arg
        steps = inputs.shape[1]
        if steps is None:
            return self._call_on_all_steps(inputs, mask if takes_mask else None, kwargs)
        outputs = []
        for step in range(steps):
            if takes_mask:
                kwargs["mask"] = mask[:, step]
            outputs.append(self.layer.call(inputs[:, step], **kwargs))
        return ops.stack(outputs, axis=1)

    def _call_on_all_steps(self, inputs, mask, kwargs):
        """With an unknown number of steps they become part of the batch."""
        shape = ops.shape(inputs)
        if mask is not None:
            kwargs["mask"] = ops.reshape(mask, (-1, *ops.shape(mask)[2:]))
        outputs = self.layer.call(ops.reshape(inputs, (-1, *shape[2:])), **kwargs)
        return ops.reshape(outputs, (shape[0], shape[1], *ops.shape(outputs)[1:]))

    def get_config(self):
        return super().get_config()


def _check_mask(mask_shape, input_shape):
    if len(mask_shape) < 2:
        raise ValueError(
            "The `mask` passed to the `TimeDistributed` layer must be at least 2D (e.g., `(batch_size, timesteps)`), "
            f"but it has {len(mask_shape)} dimension(s) with shape {mask_shape}."
        )
    for size, mask_size in zip(input_shape[:2], mask_shape[:2]):
        if None not in (size, mask_size) and size != mask_size:
            raise ValueError(
                f"The `mask` passed to the `TimeDistributed` layer has a shape {mask_shape} that is incompatible "
                f"with the input shape {input_shape}. The first two dimensions of the mask (batch size and "
                "timesteps) must match the input's first two dimensions. Expected mask shape prefix: "
                f"({input_shape[0]}, {input_shape[1]})."
            )
