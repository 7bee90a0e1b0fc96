"""Products with a kernel whose integers were chosen with data: the modes GPTQ and AWQ."""

import math

from keraunos import ops
from keraunos.quantizers import unpack_int4
from keraunos.quantizers.zero_point import dequantize_with_sz_map


class CalibratedProduct:
    """Mix-in of layers that multiply inputs by a kernel.

    Weights of these modes are loaded from files. Until then a layer that was quantized computes with its floats.
    """

    _zero_name = "kernel_zero"

    def _gptq_build(self, kernel_shape, config=None):
        self._calibrated_build(kernel_shape, config)
        self.is_gptq_calibrated = False

    def _awq_build(self, kernel_shape, config=None):
        self._calibrated_build(kernel_shape, config, has_input_scales=True)
        self.is_awq_calibrated = False

    def _calibrated_build(self, kernel_shape, config, has_input_scales=False):
        source = config if hasattr(config, "group_size") else self._own_policy()
        self._matrix_shape = kernel_shape
        self._calibrated_bits = source.weight_bits
        rows, columns = self._calibrated_shape(kernel_shape)
        self._calibrated_columns = columns
        groups = 1 if source.group_size == -1 else math.ceil(rows / source.group_size)
        stored_columns = (columns + 1) // 2 if self._calibrated_bits == 4 else columns
        self.quantized_kernel = self.add_weight(
            name="kernel", shape=(stored_columns, rows), initializer="zeros", dtype="uint8", trainable=False
        )
        self.kernel_scale = self.add_weight(
            name="kernel_scale", shape=(columns, groups), initializer="ones", trainable=False
        )
        self.kernel_zero = self.add_weight(
            name=self._zero_name, shape=(columns, groups), initializer="zeros", dtype="uint8", trainable=False
        )
        if has_input_scales:
            self.awq_scales = self.add_weight(name="awq_scales", shape=(rows,), initializer="ones", trainable=False)
        self.g_idx = self.add_weight(name="g_idx", shape=(rows,), initializer="zeros", dtype="float32", trainable=False)

    def _note_loaded(self, mode):
        self.is_gptq_calibrated = mode == "gptq"
        self.is_awq_calibrated = mode == "awq"

    def _is_calibrated(self):
        return bool(getattr(self, f"is_{self.quantization_mode}_calibrated", False))

    def _calibrated_integers(self):
        if self._calibrated_bits != 4:
            return self.quantized_kernel
        return unpack_int4(self.quantized_kernel, self._calibrated_columns, axis=0, dtype="uint8")

    def _gptq_call(self, inputs, training=None):
        kernel = self._calibrated_kernel() if self._is_calibrated() else self._kernel
        return self._finish(self._multiply(inputs, kernel))

    _awq_call = _gptq_call

    def _calibrated_kernel(self):
        integers = self._calibrated_integers()
        kernel = dequantize_with_sz_map(integers, self.kernel_scale, self.kernel_zero, self.g_idx)
        kernel = ops.transpose(kernel)
        if self.quantization_mode == "awq":
            kernel = ops.divide(kernel, ops.expand_dims(self.awq_scales, -1))
        return ops.reshape(ops.cast(kernel, self.compute_dtype), self._matrix_shape)
