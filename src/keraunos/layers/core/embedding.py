"""Embedding layer."""

import warnings

from keraunos import constraints, initializers, ops, regularizers
from keraunos.dtypes import is_float_dtype
from keraunos.layers.arguments import as_positive_integer
from keraunos.layers.core.quantization.quantized_embedding import QuantizedEmbedding
from keraunos.layers.layer import Layer
from keraunos.tensor import KerasTensor, execute


class Embedding(QuantizedEmbedding, Layer):
    """Replaces each index by its row of a learned table.

    The gradients of a row that occurs several times are summed before an optimizer sees them, as in Keras on JAX and
    torch. Keras on TensorFlow squares each of them by itself in Adam and its kin, and so takes other steps.

    Args:
        input_dim: Number of rows: indices are `0 .. input_dim - 1`.
        output_dim: Length of a row.
        embeddings_initializer: Initializer of the table.
        embeddings_regularizer: Penalty on the table.
        embeddings_constraint: Projection of the table after each update.
        mask_zero: Whether index 0 means "no data" and is masked.
        weights: Initial table.
        lora_rank, lora_alpha: See `enable_lora`.
        quantization_config: A `keraunos.quantizers.QuantizationConfig`, for a quantized `dtype`. See `quantize`.
        **kwargs: Arguments of every layer, and `input_length` of older Keras, which is ignored.

    Shapes: `(batch, ...)` to `(batch, ..., output_dim)`.

    Raises:
        ValueError: for sizes that are not positive integers, and for NaN among float indices.
        IndexError: for an index out of range.

    Example:

    >>> keraunos.layers.Embedding(10, 4)(keraunos.ops.zeros((2, 3), dtype="int32")).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        weights=None,
        lora_rank=None,
        lora_alpha=None,
        quantization_config=None,
        **kwargs,
    ):
        for name, value in (("input_dim", input_dim), ("output_dim", output_dim)):
            if as_positive_integer(value) is None:
                raise ValueError(
                    f"`{name}` must be a positive integer. Received: {name}={value} (of type {type(value).__name__})."
                )
        if kwargs.pop("input_length", None) is not None:
            warnings.warn("Argument `input_length` is deprecated. Just remove it.", stacklevel=2)
        super().__init__(**kwargs)
        self.input_dim = as_positive_integer(input_dim)
        self.output_dim = as_positive_integer(output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False
        self._take_lora_arguments(lora_rank, lora_alpha)
        self.quantization_config = quantization_config
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape=None):
        if self.built:
            return
        shape = (self.input_dim, self.output_dim)
        if self._build_quantized(shape):
            self._embeddings = self.add_weight(
                shape=shape,
                initializer=self.embeddings_initializer,
                name="embeddings",
                regularizer=self.embeddings_regularizer,
                constraint=self.embeddings_constraint,
                trainable=True,
            )
        self.built = True
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    def call(self, inputs):
        outputs = self._rows_of(self.embeddings, self._as_indices(inputs))
        return ops.cast(outputs, dtype=self.compute_dtype)

    def quantize(self, mode=None, type_check=True, config=None):
        self._quantize_matrix(Embedding, mode, type_check, config)

    def _as_indices(self, inputs):
        inputs = ops.convert_to_tensor(inputs)
        if inputs.dtype in ("int32", "int64"):
            return inputs
        if is_float_dtype(inputs.dtype):
            self._refuse_nan(inputs)
        return ops.cast(inputs, "int32")

    def _rows_of(self, table, indices):
        # Not `ops.take`, where negative indices count from the end: here they are mistakes.
        return execute("gather", [ops.convert_to_tensor(table), indices], {"axis": 0})

    def _refuse_nan(self, inputs):
        if not inputs.is_symbolic and bool(ops.any(ops.isnan(inputs))):
            raise ValueError(f"Embedding layer '{self.name}': indices must not be NaN.")

    def compute_mask(self, inputs, mask=None):
        return ops.not_equal(inputs, 0) if self.mask_zero else None

    def compute_output_shape(self, input_shape):
        return (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs):
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(self.embeddings_initializer),
            "embeddings_regularizer": regularizers.serialize(self.embeddings_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            **self._quantization_entries(),
            **self._lora_config(),
        }
