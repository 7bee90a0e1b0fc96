"""Conv1D layer."""

from keraunos import ops
from keraunos.layers.convolutional.base_conv import BaseConv


class Conv1D(BaseConv):
    """Convolution of series: `activation(convolution(inputs, kernel) + bias)`.

    Args:
        filters: Number of channels of the outputs.
        kernel_size: Size of the window, one number or a tuple of 1.
        strides: Steps of the window, one number or a tuple of 1.
        padding: `"valid"` (none), `"same"` (zeros on both sides) or `"causal"` (zeros before the first step).
        data_format: `"channels_last"`, `"channels_first"`, or `None` for the configured one.
        dilation_rate: Distance between the elements that the kernel touches. Not together with strides above 1.
        groups: Number of groups of channels that are convolved by themselves, each with its share of the filters.
        activation: Activation function, its name, or `None` for none.
        use_bias: Whether a bias is added.
        kernel_initializer, kernel_regularizer, kernel_constraint: Of the kernel, `(*kernel_size, channels / groups,
            filters)`.
        bias_initializer, bias_regularizer, bias_constraint: Of the bias, `(filters,)`.
        activity_regularizer: Penalty on the outputs.
        lora_rank, lora_alpha: See `enable_lora`.

    Shapes: `(batch, steps, channels)` to the same with other sizes and `filters` channels.

    Raises:
        ValueError: for sizes that are not positive, groups that do not divide the channels and the filters, and inputs
            smaller than the window.

    Example:

    >>> keraunos.layers.Conv1D(32, 3, activation="relu")(keraunos.ops.ones((4, 10, 128))).shape
    (4, 8, 32)
    """

    rank = 1
    _paddings = ("valid", "same", "causal")

    def convolution_op(self, inputs, kernel):
        arguments = self._window_arguments()
        if self.padding == "causal":
            before = (self.dilation_rate[0] * (self.kernel_size[0] - 1), 0)
            is_last = self.data_format == "channels_last"
            inputs = ops.pad(inputs, ((0, 0), before, (0, 0)) if is_last else ((0, 0), (0, 0), before))
            arguments["padding"] = "valid"
        return ops.conv(inputs, kernel, **arguments)
