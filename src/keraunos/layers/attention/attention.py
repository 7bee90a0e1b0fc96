"""Attention layer."""

from keraunos import ops, random
from keraunos.layers.attention.masks import causal_mask
from keraunos.layers.layer import Layer
from keraunos.tensor import KerasTensor


class Attention(Layer):
    """Each query takes the mean of the values, weighted by how well their keys fit (Luong et al., 2015).

    `softmax(scores) @ value`; the scores are `query @ key^T` or, with `score_mode="concat"`,
    `weight * sum(tanh(query + key))` over the features.

    Args:
        use_scale: Whether the scores (with `"concat"`: the sums within) are multiplied by a learned number.
        score_mode: `"dot"` or `"concat"`.
        dropout: Part of the weights that is dropped while training.
        seed: Seed of the dropout.

    Call arguments:
        inputs: List `[query, value]` or `[query, value, key]` of shapes `(batch, queries, dim)`,
            `(batch, length, dim)`, `(batch, length, dim)`; the key is the value when it is not given.
        mask: List of boolean tensors `[query_mask, value_mask]` of shapes `(batch, queries)` and `(batch, length)`.
            Masked queries give zeros; masked values get no weight.
        training: Whether weights are dropped.
        return_attention_scores: Whether the weights, `(batch, queries, length)`, come too.
        use_causal_mask: Whether a query sees only the values at its own position and before.

    Raises:
        ValueError: for another `score_mode`, and for inputs or masks that are no list of two or three.

    Example:

    >>> x = keraunos.ops.ones((1, 2, 3))
    >>> keraunos.layers.Attention()([x, x]).shape
    (1, 2, 3)
    """

    def __init__(self, use_scale=False, score_mode="dot", dropout=0.0, seed=None, **kwargs):
        super().__init__(**kwargs)
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                "Invalid value for argument score_mode. Expected one of {'dot', 'concat'}. "
                f"Received: score_mode={score_mode}"
            )
        self.use_scale = use_scale
        self.score_mode = score_mode
        self.dropout = dropout
        self.seed = seed
        if dropout > 0:
            self.seed_generator = random.SeedGenerator(seed=seed)

    def build(self, input_shape):
        self._validate_inputs(input_shape)
        self.scale = self.concat_score_weight = None
        if self.use_scale:
            self.scale = self.add_weight(name="scale", shape=(), initializer="ones", dtype=self.dtype)
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                name="concat_score_weight", shape=(), initializer="ones", dtype=self.dtype
            )

    def call(self, inputs, mask=None, training=False, return_attention_scores=False, use_causal_mask=False):
        self._validate_inputs(inputs, mask)
        query, value = inputs[:2]
        key = inputs[2] if len(inputs) > 2 else value
        query_mask, value_mask = mask[:2] if mask else (None, None)
        scores = self._calculate_scores(query, key)
        weights = self._weights(scores, self._calculate_score_mask(scores, value_mask, use_causal_mask), training)
        outputs = ops.matmul(weights, value)
        if query_mask is not None:
            outputs = ops.where(ops.expand_dims(query_mask, -1), outputs, ops.cast(0, outputs.dtype))
        return (outputs, weights) if return_attention_scores else outputs

    def _calculate_scores(self, query, key):
        """The scores `(batch, queries, length)`; subclasses may have others."""
        if self.score_mode == "dot":
            scores = ops.matmul(query, ops.swapaxes(key, -2, -1))
            return scores if self.scale is None else scores * self.scale
        sums = ops.expand_dims(query, -2) + ops.expand_dims(key, -3)
        if self.scale is not None:
            sums = self.scale * sums
        return self.concat_score_weight * ops.sum(ops.tanh(sums), axis=-1)

    def _calculate_score_mask(self, scores, v_mask, use_causal_mask):
        """Which scores count, or `None` for all: made to broadcast with the scores when it is causal."""
        if not use_causal_mask:
            return v_mask
        causal = causal_mask(ops.shape(scores)[-2], ops.shape(scores)[-1])
        return causal if v_mask is None else ops.logical_and(ops.expand_dims(v_mask, -2), causal)

    def _weights(self, scores, mask, training):
        if mask is not None:
            mask = ops.expand_dims(mask, -2) if len(mask.shape) == 2 else mask
            # Subtracted, not replaced: a row in which nothing counts has finite weights.
            distance = 65504.0 if scores.dtype == "float16" else 1e9
            scores = ops.where(mask, scores, scores - ops.cast(distance, scores.dtype))
        weights = ops.softmax(scores, axis=-1)
        if training and self.dropout > 0:
            weights = random.dropout(weights, self.dropout, seed=self.seed_generator)
        return weights

    def compute_mask(self, inputs, mask=None):
        self._validate_inputs(inputs, mask)
        return None if mask is None or mask[0] is None else ops.convert_to_tensor(mask[0])

    def compute_output_shape(self, input_shape):
        query_shape, value_shape = input_shape[:2]
        return (*query_shape[:-1], value_shape[-1])

    def compute_output_spec(
        self, inputs, mask=None, return_attention_scores=False, training=None, use_causal_mask=False
    ):
        self._validate_inputs(inputs, mask)
        outputs = KerasTensor(self.compute_output_shape([x.shape for x in inputs]), dtype=self.compute_dtype)
        if not return_attention_scores:
            return outputs
        key = inputs[2] if len(inputs) > 2 else inputs[1]
        return outputs, KerasTensor((*inputs[0].shape[:-1], key.shape[-2]), dtype=self.compute_dtype)

    def _validate_inputs(self, inputs, mask=None):
        name = type(self).__name__
        if not isinstance(inputs, list):
            raise ValueError(
                f"{name} layer must be called on a list of inputs, namely [query, value] or [query, value, key]. "
                f"Received: inputs={inputs}."
            )
        if not 2 <= len(inputs) <= 3:
            raise ValueError(
                f"{name} layer accepts inputs list of length 2 or 3, namely [query, value] or [query, value, key]. "
                f"Received length: {len(inputs)}."
            )
        if mask is None:
            return
        if not isinstance(mask, list):
            raise ValueError(f"{name} layer mask must be a list, namely [query_mask, value_mask]. Received: mask={mask}.")
        if not 2 <= len(mask) <= 3:
            raise ValueError(
                f"{name} layer accepts mask list of length 2 or 3. Received: inputs={inputs}, mask={mask}."
            )

    def get_config(self):
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
            "dropout": self.dropout,
            "seed": self.seed,
        }
