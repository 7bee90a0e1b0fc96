"""Products of inputs with a kernel of 8-bit or packed 4-bit integers."""

import math

from keraunos import ops
from keraunos.quantizers import AbsMaxQuantizer, abs_max_quantize_grouped_with_zero_point, pack_int4, unpack_int4
from keraunos.quantizers.quantization_config import QuantizationConfig
from keraunos.quantizers.zero_point import dequantize_with_sz_map

_INT4_RANGE = (-8, 7)


class IntegerProduct:
    """Mix-in of layers that multiply inputs by a kernel.

    Subclasses have `_multiply(inputs, kernel)`, its gradient `_inputs_gradient(upstream, kernel)`, `_finish(outputs)`,
    and say how scales stand: `_inputs_axis` and `_kernel_axis` are the summed axes, `_kernel_scale_for_outputs`,
    `_inputs_scale_for_outputs` and `_scale_for_kernel` move a scale.
    """

    def _quantized_values(self, mode, matrix, config):
        if mode == "int8":
            quantizer = QuantizationConfig.weight_quantizer_or_default(config, AbsMaxQuantizer(axis=self._kernel_axis))
            kernel, scale = quantizer(matrix)
            return {"kernel": kernel, "kernel_scale": self._kernel_scale_for_outputs(scale)}
        flat = ops.reshape(matrix, self._flat_shape(matrix.shape))
        block_size = self._block_size(config)
        if block_size is None:
            default = AbsMaxQuantizer(axis=0, value_range=_INT4_RANGE)
            kernel, scale = QuantizationConfig.weight_quantizer_or_default(config, default)(flat)
            values = {"kernel_scale": ops.squeeze(scale, axis=0)}
        else:
            kernel, scale, zero = abs_max_quantize_grouped_with_zero_point(flat, block_size, _INT4_RANGE)
            values = {"kernel_scale": scale, "kernel_zero": zero}
        return {"kernel": pack_int4(kernel, axis=-1)[0], **values}

    def _float_matrix(self):
        if self.quantization_mode == "int4":
            return self._float_int4_kernel()
        scale = self._scale_for_kernel(ops.convert_to_tensor(self.kernel_scale))
        return ops.divide(ops.cast(self._kernel, self.compute_dtype), scale)

    def _int8_build(self, kernel_shape, config=None):
        self.inputs_quantizer = QuantizationConfig.activation_quantizer_or_default(config, AbsMaxQuantizer())
        self._kernel = self.add_weight(
            name="kernel", shape=kernel_shape, initializer="zeros", dtype="int8", trainable=False
        )
        scale_shape = self._kernel_scale_shape(kernel_shape)
        self.kernel_scale = self.add_weight(name="kernel_scale", shape=scale_shape, initializer="ones", trainable=False)

    def _int8_call(self, inputs, training=None):
        kernel = ops.convert_to_tensor(self._kernel)
        scale = ops.convert_to_tensor(self.kernel_scale)
        if self.inputs_quantizer:
            x = self._multiply_quantized(inputs, kernel, scale)
        else:
            x = ops.divide(self._multiply(inputs, ops.cast(kernel, self.compute_dtype)), scale)
        return self._finish(self._add_adaptation(x, inputs))

    def _int4_build(self, kernel_shape, config=None):
        self.inputs_quantizer = QuantizationConfig.activation_quantizer_or_default(config, None)
        self._matrix_shape = kernel_shape
        rows, columns = self._flat_shape(kernel_shape)
        self._int4_columns = columns
        block_size = self._int4_block_size = self._block_size(config)
        packed_shape = (rows, (columns + 1) // 2)
        self._kernel = self.add_weight(
            name="kernel", shape=packed_shape, initializer="zeros", dtype="int8", trainable=False
        )
        scale_shape = (columns,) if block_size is None else (math.ceil(rows / block_size), columns)
        self.kernel_scale = self.add_weight(name="kernel_scale", shape=scale_shape, initializer="ones", trainable=False)
        if block_size is None:
            return
        self.kernel_zero = self.add_weight(
            name="kernel_zero", shape=scale_shape, initializer="zeros", dtype="int8", trainable=False
        )
        self.g_idx = self.add_weight(
            name="g_idx",
            shape=(rows,),
            initializer=lambda shape, dtype: ops.floor_divide(ops.arange(rows, dtype=dtype), block_size),
            dtype="float32",
            trainable=False,
        )

    def _unpacked_int4_kernel(self):
        return unpack_int4(self._kernel, self._int4_columns, axis=-1)

    def _float_int4_kernel(self):
        kernel = self._unpacked_int4_kernel()
        if self._int4_block_size is None:
            kernel = ops.divide(ops.cast(kernel, self.compute_dtype), self.kernel_scale)
        else:
            kernel = dequantize_with_sz_map(kernel, self.kernel_scale, self.kernel_zero, self.g_idx, group_axis=0)
        return ops.reshape(ops.cast(kernel, self.compute_dtype), self._matrix_shape)

    def _int4_call(self, inputs, training=None):
        kernel = self._float_int4_kernel()
        if self.inputs_quantizer and self._int4_block_size is None:
            x = self._multiply_quantized(inputs, kernel, None)
        else:
            x = self._multiply(inputs, kernel)
        return self._finish(self._add_adaptation(x, inputs))

    def _multiply_quantized(self, inputs, kernel, scale):
        """The product of quantized inputs with `kernel`, divided by the scales; the gradient is that of floats."""

        @ops.custom_gradient
        def product(inputs):
            def gradient(upstream):
                float_kernel = ops.cast(kernel, self.compute_dtype)
                if scale is not None:
                    float_kernel = ops.divide(float_kernel, self._scale_for_kernel(scale))
                return self._inputs_gradient(upstream, float_kernel)

            integers, inputs_scale = self.inputs_quantizer(inputs, axis=self._inputs_axis)
            divisor = self._inputs_scale_for_outputs(inputs_scale)
            if scale is not None:
                divisor = ops.multiply(divisor, scale)
            x = ops.cast(self._multiply(integers, kernel), self.compute_dtype)
            return ops.divide(x, divisor), gradient

        return product(inputs)

    def _add_adaptation(self, x, inputs):
        if not self.lora_enabled:
            return x
        adapted = ops.matmul(self._multiply(inputs, self.lora_kernel_a), self.lora_kernel_b)
        return ops.cast(ops.add(x, self.lora_alpha / self.lora_rank * adapted), self.compute_dtype)
