"""How the axes of an einsum stand in its quantized computation."""

import math

from keraunos import ops
from keraunos.layers.core.quantization.quantized_product import QuantizedProduct


class QuantizedEinsum(QuantizedProduct):
    """Mix-in of `EinsumDense`, which has `_einsum_labels()`."""

    _zero_name = "zero_point"

    @property
    def quantization_axis(self):
        """The axes of the inputs that share a scale: those that are summed."""
        labels = self._einsum_labels()
        return labels.summed_axes(labels.inputs)

    _inputs_axis = quantization_axis

    @property
    def _kernel_axis(self):
        labels = self._einsum_labels()
        return labels.summed_axes(labels.kernel)

    def _multiply(self, inputs, kernel):
        return ops.einsum(self.equation, inputs, kernel)

    def _inputs_gradient(self, upstream, kernel):
        return ops.einsum(self._einsum_labels().inputs_gradient_equation, upstream, kernel)

    def _kernel_scale_shape(self, kernel_shape):
        labels = self._einsum_labels()
        return labels.outputs_shape_of(kernel_shape, labels.kernel)

    def _kernel_scale_for_outputs(self, scale):
        labels = self._einsum_labels()
        return labels.to_outputs(scale, labels.kernel)

    def _inputs_scale_for_outputs(self, scale):
        labels = self._einsum_labels()
        return labels.to_outputs(scale, labels.inputs)

    def _scale_for_kernel(self, scale):
        labels = self._einsum_labels()
        return labels.from_outputs(scale, labels.kernel)

    def _flat_shape(self, kernel_shape):
        """Rows: the sizes of the summed axes; columns: the others."""
        summed = self._kernel_axis
        rows = math.prod(kernel_shape[axis] for axis in summed)
        return rows, math.prod(kernel_shape) // rows

    def _calibrated_shape(self, kernel_shape):
        """The matrix that files of Keras hold: the largest axis of a kernel of three is a side of its own."""
        if len(kernel_shape) == 2:
            return tuple(kernel_shape)
        if len(kernel_shape) != 3:
            raise ValueError(
                f"{self.quantization_mode or 'gptq'}: the kernel must have 2 or 3 axes. "
                f"Received: kernel shape {tuple(kernel_shape)}"
            )
        first, second, third = kernel_shape
        return (first, second * third) if first >= max(second, third) else (first * second, third)

    def _gptq_build(self, kernel_shape, config=None):
        super()._gptq_build(kernel_shape, config)
        self.gptq_unpacked_column_size = self._calibrated_columns

    def _quantization_entries(self):
        entries = super()._quantization_entries()
        if self.gptq_unpacked_column_size:
            entries["gptq_unpacked_column_size"] = self.gptq_unpacked_column_size
        return entries
