"""The quantized computation of `Dense` and `EinsumDense`."""

from keraunos import ops
from keraunos.layers.core.quantization.calibrated_product import CalibratedProduct
from keraunos.layers.core.quantization.float8_product import Float8Product
from keraunos.layers.core.quantization.integer_product import IntegerProduct
from keraunos.layers.core.quantization.quantized_matrix import QuantizedMatrix

_FLOAT8_NAMES = [
    f"{part}_{kind}" for part in ("inputs", "kernel", "outputs_grad") for kind in ("scale", "amax_history")
]


class QuantizedProduct(IntegerProduct, Float8Product, CalibratedProduct, QuantizedMatrix):
    """Mix-in of layers that multiply inputs by a kernel, in all quantization modes."""

    @property
    def variable_serialization_spec(self):
        """Dictionary from quantization mode to the names of the variables in the order of files."""
        return {
            None: ["kernel", "bias"],
            "int8": ["kernel", "bias", "kernel_scale"],
            "int4": ["kernel", "bias", "kernel_scale", "kernel_zero", "g_idx"],
            "float8": ["kernel", "bias", *_FLOAT8_NAMES],
            "gptq": ["bias", "quantized_kernel", "kernel_scale", "kernel_zero", "g_idx"],
            "awq": ["bias", "quantized_kernel", "kernel_scale", "kernel_zero", "awq_scales", "g_idx"],
        }

    def quantized_build(self, kernel_shape, mode, config=None):
        """Creates the variables of a quantization mode.

        Args:
            kernel_shape: Shape of the float kernel.
            mode: The mode.
            config: A `QuantizationConfig`, or `None` for what the dtype policy says.

        Raises:
            NotImplementedError: for a mode that the layer does not have.
        """
        self._build_mode(kernel_shape, mode, config)

    def _build_quantized(self, kernel_shape):
        """Creates the variables of the quantization mode, if any. Returns whether a float kernel is needed too."""
        mode = self.quantization_mode
        if mode is not None:
            self.quantized_build(kernel_shape, mode, self.quantization_config)
        return mode in (None, "float8")

    def _finish(self, x, bias=None):
        """Adds the bias, or another one in its place, and applies the activation."""
        bias = self.bias if bias is None else bias
        if bias is not None:
            x = ops.add(x, bias)
        if self.activation is not None:
            x = self.activation(x)
        return x

    @property
    def kernel(self):
        """The kernel: a variable, the sum of it and its adaptation, or its integers, unpacked."""
        if not self.built:
            raise AttributeError("You must build the layer before accessing `kernel`.")
        mode = self.quantization_mode
        if mode is None:
            return self._adapted(self._kernel)
        if mode == "int4":
            return self._adapted(ops.reshape(self._unpacked_int4_kernel(), self._matrix_shape))
        return self._adapted(self._calibrated_integers() if self._is_calibrated() else getattr(self, "_kernel", None))
