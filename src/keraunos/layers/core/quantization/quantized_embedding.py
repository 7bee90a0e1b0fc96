"""The quantized computation of `Embedding`: each row of the table has scales of its own."""

import math

from keraunos import ops
from keraunos.layers.core.quantization.quantized_matrix import QuantizedMatrix
from keraunos.quantizers import AbsMaxQuantizer, abs_max_quantize_grouped_with_zero_point, pack_int4, unpack_int4
from keraunos.quantizers.quantization_config import QuantizationConfig
from keraunos.quantizers.zero_point import dequantize_with_sz_map

_INT4_RANGE = (-8, 7)


class QuantizedEmbedding(QuantizedMatrix):
    """Mix-in of `Embedding`."""

    _lora_matrix = "embeddings"

    @property
    def variable_serialization_spec(self):
        """Dictionary from quantization mode to the names of the variables in the order of files."""
        return {
            None: ["embeddings"],
            "int8": ["embeddings", "embeddings_scale"],
            "int4": ["embeddings", "embeddings_scale", "embeddings_zero", "g_idx"],
        }

    def _quantization_mode_error(self, mode):
        return NotImplementedError(
            f"Invalid quantization mode. Expected one of ('int8', 'int4'). Received: quantization_mode={mode}"
        )

    def quantized_build(self, embeddings_shape, mode, config=None):
        """Creates the variables of a quantization mode.

        Args:
            embeddings_shape: Shape of the float table.
            mode: The mode.
            config: A `QuantizationConfig`, or `None` for what the dtype policy says.

        Raises:
            NotImplementedError: for a mode that the layer does not have.
        """
        self._build_mode(embeddings_shape, mode, config)

    def _build_quantized(self, shape):
        """Creates the variables of the quantization mode, if any. Returns whether a float table is needed."""
        mode = self.quantization_mode
        if mode is not None:
            self.quantized_build(shape, mode, self.quantization_config)
        return mode is None

    @property
    def embeddings(self):
        """The table: a variable, the sum of it and its adaptation, or its integers, unpacked."""
        if not self.built:
            raise AttributeError("You must build the layer before accessing `embeddings`.")
        if self.quantization_mode == "int4":
            return self._adapted(self._unpacked_embeddings())
        return self._adapted(self._embeddings)

    def _quantized_rows(self, mode, matrix, config):
        """The integers of a float matrix, unpacked, its scales and its zero points (`None` without blocks)."""
        block_size = self._block_size(config) if mode == "int4" else None
        if block_size is not None:
            # Blocks are of rows there, of columns here.
            parts = abs_max_quantize_grouped_with_zero_point(ops.transpose(matrix), block_size, _INT4_RANGE)
            return [ops.transpose(part) for part in parts]
        default = AbsMaxQuantizer(axis=-1, value_range=_INT4_RANGE if mode == "int4" else (-127, 127))
        integers, scale = QuantizationConfig.weight_quantizer_or_default(config, default)(matrix)
        return integers, ops.squeeze(scale, axis=-1), None

    def _quantized_values(self, mode, matrix, config):
        integers, scale, zero = self._quantized_rows(mode, matrix, config)
        if mode == "int4":
            integers = pack_int4(integers, axis=-1)[0]
        values = {"embeddings": integers, "embeddings_scale": scale}
        return values if zero is None else {**values, "embeddings_zero": zero}

    def _int8_build(self, embeddings_shape, config=None):
        self._add_integers("_embeddings", "embeddings", embeddings_shape)
        self.embeddings_scale = self._add_scale("embeddings_scale", embeddings_shape[:1])

    def _int4_build(self, embeddings_shape, config=None):
        rows, columns = self._matrix_shape = embeddings_shape
        self._add_integers("_embeddings", "embeddings", (rows, (columns + 1) // 2))
        block_size = self._int4_block_size = self._block_size(config)
        if block_size is None:
            self.embeddings_scale = self._add_scale("embeddings_scale", (rows,))
            return
        scale_shape = (rows, math.ceil(columns / block_size))
        self.embeddings_scale = self._add_scale("embeddings_scale", scale_shape)
        self._add_integers("embeddings_zero", "embeddings_zero", scale_shape)
        self.g_idx = self.add_weight(
            name="g_idx",
            shape=(columns,),
            initializer=lambda shape, dtype: ops.floor_divide(ops.arange(columns, dtype=dtype), block_size),
            dtype="float32",
            trainable=False,
        )

    def _add_integers(self, attribute, name, shape):
        weight = self.add_weight(name=name, shape=shape, initializer="zeros", dtype="int8", trainable=False)
        setattr(self, attribute, weight)

    def _add_scale(self, name, shape):
        return self.add_weight(name=name, shape=shape, initializer="ones", trainable=False)

    def _unpacked_embeddings(self):
        return unpack_int4(self._embeddings, self.output_dim, axis=-1)

    def _float_rows(self, integers, scale, zero):
        """Floats of rows of integers, with the rows of the scales and zero points that belong to them."""
        integers = ops.cast(integers, self.compute_dtype)
        if zero is None:
            rows = ops.divide(integers, ops.expand_dims(scale, axis=-1))
        else:
            rows = dequantize_with_sz_map(integers, scale, zero, self.g_idx)
        return ops.cast(rows, self.compute_dtype)

    def _zeros_of_blocks(self):
        return getattr(self, "embeddings_zero", None) if self.quantization_mode == "int4" else None

    def _float_matrix(self):
        integers = self._embeddings if self.quantization_mode == "int8" else self._unpacked_embeddings()
        return self._float_rows(integers, self.embeddings_scale, self._zeros_of_blocks())

    def _int8_call(self, inputs, training=None):
        return self._look_up(inputs, self._embeddings)

    def _int4_call(self, inputs, training=None):
        indices = self._as_indices(inputs)
        # Only the rows that are asked for are unpacked.
        rows = unpack_int4(self._rows_of(self._embeddings, indices), self.output_dim, axis=-1)
        return self._float_outputs(rows, indices)

    def _look_up(self, inputs, table):
        indices = self._as_indices(inputs)
        return self._float_outputs(self._rows_of(table, indices), indices)

    def _float_outputs(self, rows, indices):
        zeros = self._zeros_of_blocks()
        zeros = None if zeros is None else self._rows_of(zeros, indices)
        outputs = self._float_rows(rows, self._rows_of(self.embeddings_scale, indices), zeros)
        if self.lora_enabled:
            adapted = ops.matmul(self._rows_of(self.lora_embeddings_a, indices), self.lora_embeddings_b)
            outputs = ops.add(outputs, self.lora_alpha / self.lora_rank * adapted)
        return ops.cast(outputs, self.compute_dtype)
