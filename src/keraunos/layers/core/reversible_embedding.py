"""ReversibleEmbedding layer."""

from keraunos import ops
from keraunos.layers.core.embedding import Embedding
from keraunos.layers.core.quantization.quantized_reversible_embedding import QuantizedReversibleEmbedding
from keraunos.masking import set_keras_mask
from keraunos.tensor import KerasTensor


class ReversibleEmbedding(QuantizedReversibleEmbedding, Embedding):
    """An embedding that can also turn vectors back into scores of the indices.

    Args:
        input_dim, output_dim: As in `Embedding`.
        tie_weights: Whether the way back uses the same table, transposed.
        embeddings_initializer, embeddings_regularizer, embeddings_constraint, mask_zero: As in `Embedding`.
        reverse_dtype: Dtype of the way back, or `None` for the compute dtype.
        logit_soft_cap: Scores `x` become `cap * tanh(x / cap)`, or stay as they are if `None`.

    Call arguments:
        inputs: Indices, or with `reverse` vectors of length `output_dim`.
        reverse: Direction.

    Example:

    >>> layer = keraunos.layers.ReversibleEmbedding(10, 4)
    >>> vectors = layer(keraunos.ops.zeros((2, 3), dtype="int32"))
    >>> layer(vectors, reverse=True).shape
    (2, 3, 10)
    """

    def __init__(
        self,
        input_dim,
        output_dim,
        tie_weights=True,
        embeddings_initializer="uniform",
        embeddings_regularizer=None,
        embeddings_constraint=None,
        mask_zero=False,
        reverse_dtype=None,
        logit_soft_cap=None,
        **kwargs,
    ):
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
            mask_zero=mask_zero,
            **kwargs,
        )
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap

    def build(self, input_shape=None):
        super().build(input_shape)
        if not self.tie_weights and self.quantization_mode is None:
            self.reverse_embeddings = self.add_weight(
                shape=(self.output_dim, self.input_dim),
                initializer=self.embeddings_initializer,
                name="reverse_embeddings",
                trainable=True,
            )

    def call(self, inputs, reverse=False):
        if not reverse:
            return self._masked(super().call(inputs), inputs)
        kernel = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        if self.reverse_dtype is not None:
            inputs = ops.cast(inputs, self.reverse_dtype)
            kernel = ops.cast(kernel, self.reverse_dtype)
        return self._soft_capped(ops.matmul(inputs, kernel))

    def quantize(self, mode=None, type_check=True, config=None):
        self._quantize_matrix(ReversibleEmbedding, mode, type_check, config)

    def _masked(self, outputs, inputs):
        mask = super().compute_mask(inputs)
        if mask is not None:
            set_keras_mask(outputs, mask)
        return outputs

    def _soft_capped(self, logits):
        if self.logit_soft_cap is None:
            return logits
        return ops.multiply(ops.tanh(ops.divide(logits, self.logit_soft_cap)), self.logit_soft_cap)

    def compute_mask(self, inputs, mask=None):
        # `call` knows the direction and sets the mask itself.
        return None

    def compute_output_shape(self, input_shape, reverse=False):
        if reverse:
            return (*input_shape[:-1], self.input_dim)
        return (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs, reverse=False):
        return KerasTensor(self.compute_output_shape(inputs.shape, reverse), dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "tie_weights": self.tie_weights,
            "reverse_dtype": self.reverse_dtype,
            "logit_soft_cap": self.logit_soft_cap,
        }
