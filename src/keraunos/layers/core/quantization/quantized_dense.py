"""How the axes of a matrix product stand in its quantized computation."""

from keraunos import ops
from keraunos.layers.core.quantization.quantized_product import QuantizedProduct


class QuantizedDense(QuantizedProduct):
    """Mix-in of `Dense`: rows of the kernel are summed, each column has a scale."""

    _inputs_axis = -1
    _kernel_axis = 0

    def _multiply(self, inputs, kernel):
        return ops.matmul(inputs, kernel)

    def _inputs_gradient(self, upstream, kernel):
        return ops.matmul(upstream, ops.transpose(kernel))

    def _kernel_scale_shape(self, kernel_shape):
        return kernel_shape[1:]

    def _kernel_scale_for_outputs(self, scale):
        return ops.squeeze(scale, axis=0)

    def _inputs_scale_for_outputs(self, scale):
        return scale

    def _scale_for_kernel(self, scale):
        return scale

    def _flat_shape(self, kernel_shape):
        return tuple(kernel_shape)

    _calibrated_shape = _flat_shape
