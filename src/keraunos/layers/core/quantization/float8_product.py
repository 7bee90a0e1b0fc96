"""Products in emulated float8, whose scales follow the largest values of late (Micikevicius et al., 2022)."""

from keraunos import ops
from keraunos.dtype_policies import QuantizedFloat8DTypePolicy
from keraunos.quantizers import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from keraunos.quantizers.float8 import float8_max

_FORWARD = "float8_e4m3fn"
_BACKWARD = "float8_e5m2"


class Float8Product:
    """Mix-in of layers that multiply inputs by a kernel.

    Inputs and kernel are rounded on the way forward, the gradient of the outputs on the way back. The next scales and
    histories travel as the gradients of their variables, which optimizers put in place of the values.
    """

    def _float8_build(self, kernel_shape=None, config=None):
        length = getattr(
            self._own_policy(), "amax_history_length", QuantizedFloat8DTypePolicy.default_amax_history_length
        )
        for part in ("inputs", "kernel", "outputs_grad"):
            for kind, shape, initializer in (("scale", (), "ones"), ("amax_history", (length,), "zeros")):
                weight = self.add_weight(
                    name=f"{part}_{kind}",
                    shape=shape,
                    initializer=initializer,
                    dtype="float32",
                    trainable=True,
                    autocast=False,
                    overwrite_with_gradient=True,
                )
                setattr(self, f"{part}_{kind}", weight)

    def _float8_call(self, inputs, training=None):
        if self.lora_enabled:
            raise NotImplementedError("Currently, `_float8_call` doesn't support LoRA")
        rounded_inputs = self._round_forward(inputs, self.inputs_scale, self.inputs_amax_history, training)
        kernel = ops.convert_to_tensor(self._kernel)
        rounded_kernel = self._round_forward(kernel, self.kernel_scale, self.kernel_amax_history, training)
        x = self._multiply(rounded_inputs, rounded_kernel)
        x = self._round_gradient(x, self.outputs_grad_scale, self.outputs_grad_amax_history)
        bias = self.bias
        if bias is not None and self.compute_dtype == "float32":
            # As on hardware with float8, which adds in 16 bits.
            bias = ops.cast(ops.cast(bias, "bfloat16"), "float32")
        return self._finish(x, bias)

    def _round_forward(self, x, scale, amax_history, training):
        @ops.custom_gradient
        def rounded(x, scale, amax_history):
            new_scale = new_history = None
            if training:
                new_scale = compute_float8_scale(ops.max(amax_history, axis=0), scale, float8_max(_FORWARD))
                new_history = compute_float8_amax_history(x, amax_history)
            outputs = quantize_and_dequantize(x, scale, _FORWARD, self.compute_dtype)
            return outputs, lambda upstream: (upstream, new_scale, new_history)

        return rounded(x, ops.convert_to_tensor(scale), ops.convert_to_tensor(amax_history))

    def _round_gradient(self, outputs, scale, amax_history):
        @ops.custom_gradient
        def passed_on(outputs, scale, amax_history):
            def gradient(upstream):
                new_scale = compute_float8_scale(ops.max(amax_history, axis=0), scale, float8_max(_BACKWARD))
                new_history = compute_float8_amax_history(upstream, amax_history)
                rounded = quantize_and_dequantize(upstream, scale, _BACKWARD, self.compute_dtype)
                return rounded, new_scale, new_history

            return outputs, gradient

        return passed_on(outputs, ops.convert_to_tensor(scale), ops.convert_to_tensor(amax_history))
