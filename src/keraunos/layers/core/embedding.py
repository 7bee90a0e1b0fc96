"""Embedding layer."""

import warnings

from keraunos import constraints, initializers, ops, regularizers
from keraunos.dtypes import is_float_dtype
from keraunos.layers.arguments import as_positive_integer
from keraunos.layers.core.lora import LowRankAdaptation, refuse_quantization
from keraunos.layers.layer import Layer
from keraunos.tensor import KerasTensor, execute


class Embedding(LowRankAdaptation, Layer):
    """Replaces each index by its row of a learned table.

    Args:
        input_dim: Number of rows: indices are `0 .. input_dim - 1`.
        output_dim: Length of a row.
        embeddings_initializer: Initializer of the table.
        embeddings_regularizer: Penalty on the table.
        embeddings_constraint: Projection of the table after each update.
        mask_zero: Whether index 0 means "no data" and is masked.
        weights: Initial table.
        lora_rank, lora_alpha: See `enable_lora`.
        quantization_config: Not offered.
        **kwargs: Arguments of every layer, and `input_length` of older Keras, which is ignored.

    Shapes: `(batch, ...)` to `(batch, ..., output_dim)`.

    Raises:
        ValueError: for sizes that are not positive integers, and for NaN among float indices.
        IndexError: for an index out of range.

    Example:

    >>> keraunos.layers.Embedding(10, 4)(keraunos.ops.zeros((2, 3), dtype="int32")).shape
    (2, 3, 4)
    """

    _lora_matrix = "embeddings"

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
        refuse_quantization("Embedding", quantization_config)
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
        if weights is not None:
            self.build()
            self.set_weights(weights if isinstance(weights, list) and len(weights) == 1 else [weights])

    def build(self, input_shape=None):
        if self.built:
            return
        self._embeddings = self.add_weight(
            shape=(self.input_dim, self.output_dim),
            initializer=self.embeddings_initializer,
            name="embeddings",
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            trainable=True,
        )
        self.built = True
        if self.lora_rank:
            self.enable_lora(self.lora_rank, lora_alpha=self.lora_alpha)

    @property
    def embeddings(self):
        """The table: a variable, or the sum of it and its adaptation."""
        if not self.built:
            raise AttributeError("You must build the layer before accessing `embeddings`.")
        return self._adapted(self._embeddings)

    def call(self, inputs):
        inputs = ops.convert_to_tensor(inputs)
        if inputs.dtype not in ("int32", "int64"):
            if is_float_dtype(inputs.dtype):
                self._refuse_nan(inputs)
            inputs = ops.cast(inputs, "int32")
        # Not `ops.take`, where negative indices count from the end: here they are mistakes.
        outputs = execute("gather", [ops.convert_to_tensor(self.embeddings), inputs], {"axis": 0})
        return ops.cast(outputs, dtype=self.compute_dtype)

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
            "quantization_config": None,
            **self._lora_config(),
        }
