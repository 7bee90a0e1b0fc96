"""The quantized computation of `ReversibleEmbedding`: the way back multiplies quantized vectors by the integers."""

import math

from keraunos import ops
from keraunos.layers.core.quantization.quantized_embedding import QuantizedEmbedding
from keraunos.quantizers import AbsMaxQuantizer, pack_int4, unpack_int4
from keraunos.quantizers.quantization_config import QuantizationConfig
from keraunos.quantizers.zero_point import dequantize_with_sz_map

_REVERSE_NAMES = {
    None: [""],
    "int8": ["", "_scale"],
    "int4": ["", "_scale", "_zero"],
}


class QuantizedReversibleEmbedding(QuantizedEmbedding):
    """Mix-in of `ReversibleEmbedding`. The table of the way back, if it has one, stands transposed."""

    @property
    def variable_serialization_spec(self):
        """Dictionary from quantization mode to the names of the variables in the order of files."""
        spec = super().variable_serialization_spec
        if self.tie_weights:
            return spec
        return {mode: names + [f"reverse_embeddings{end}" for end in _REVERSE_NAMES[mode]] for mode, names in spec.items()}

    def _quantize_matrix(self, cls, mode, type_check, config):
        reverse = None if self.tie_weights else ops.convert_to_tensor(self.reverse_embeddings)
        super()._quantize_matrix(cls, mode, type_check, config)
        if reverse is None:
            return
        integers, scale, zero = self._quantized_rows(mode, ops.transpose(reverse), config)
        integers = ops.transpose(integers)
        self.reverse_embeddings.assign(pack_int4(integers, axis=0)[0] if mode == "int4" else integers)
        self.reverse_embeddings_scale.assign(ops.transpose(scale))
        if zero is not None:
            self.reverse_embeddings_zero.assign(ops.transpose(zero))

    def _forget_floats(self):
        super()._forget_floats()
        if not self.tie_weights:
            del self.reverse_embeddings

    def _int8_build(self, embeddings_shape, config=None):
        super()._int8_build(embeddings_shape, config)
        rows, columns = embeddings_shape
        self._take_inputs_quantizer(config)
        if not self.tie_weights:
            self._add_integers("reverse_embeddings", "reverse_embeddings", (columns, rows))
            self.reverse_embeddings_scale = self._add_scale("reverse_embeddings_scale", (rows,))

    def _int4_build(self, embeddings_shape, config=None):
        super()._int4_build(embeddings_shape, config)
        rows, columns = embeddings_shape
        self._take_inputs_quantizer(config)
        if self.tie_weights:
            return
        self._add_integers("reverse_embeddings", "reverse_embeddings", ((columns + 1) // 2, rows))
        block_size = self._int4_block_size
        scale_shape = (rows,) if block_size is None else (math.ceil(columns / block_size), rows)
        self.reverse_embeddings_scale = self._add_scale("reverse_embeddings_scale", scale_shape)
        if block_size is not None:
            # In floats, as in the files of Keras.
            self.reverse_embeddings_zero = self.add_weight(
                name="reverse_embeddings_zero", shape=scale_shape, initializer="zeros", trainable=False
            )

    def _take_inputs_quantizer(self, config):
        default = AbsMaxQuantizer(axis=-1)
        self.inputs_quantizer = QuantizationConfig.activation_quantizer_or_default(config, default)

    def _int8_call(self, inputs, reverse=False):
        return self._scores(inputs) if reverse else self._masked(super()._int8_call(inputs), inputs)

    def _int4_call(self, inputs, reverse=False):
        return self._scores(inputs) if reverse else self._masked(super()._int4_call(inputs), inputs)

    def _scores(self, inputs):
        inputs_scale = None
        if self.inputs_quantizer:
            inputs, inputs_scale = self.inputs_quantizer(inputs)
        kernel, scale = self._reverse_kernel()
        logits = ops.cast(ops.matmul(inputs, kernel), self.compute_dtype)
        for divisor in (inputs_scale, scale):
            if divisor is not None:
                logits = ops.divide(logits, divisor)
        return self._soft_capped(logits)

    def _reverse_kernel(self):
        """The matrix of the way back, and the scale that the products are still to be divided by, or `None`."""
        name = "embeddings" if self.tie_weights else "reverse_embeddings"
        table = ops.transpose(self._embeddings) if self.tie_weights else ops.convert_to_tensor(self.reverse_embeddings)
        scale = ops.convert_to_tensor(getattr(self, f"{name}_scale"))
        if self.quantization_mode == "int8":
            return table, scale
        table = unpack_int4(table, self.output_dim, axis=0)
        if self._int4_block_size is None:
            return table, scale
        zero = ops.convert_to_tensor(getattr(self, f"{name}_zero"))
        if self.tie_weights:
            scale, zero = ops.transpose(scale), ops.transpose(zero)
        table = dequantize_with_sz_map(ops.cast(table, self.compute_dtype), scale, zero, self.g_idx, group_axis=0)
        return ops.cast(table, self.compute_dtype), None
