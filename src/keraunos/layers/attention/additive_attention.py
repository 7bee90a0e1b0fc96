"""AdditiveAttention layer."""

from keraunos import ops
from keraunos.layers.attention.attention import Attention


class AdditiveAttention(Attention):
    """Attention whose scores are `sum(scale * tanh(query + key))` over the features (Bahdanau et al., 2014).

    Args:
        use_scale: Whether there is a learned `scale`, one number for each feature.
        dropout: Part of the weights that is dropped while training.
        **kwargs: Arguments of every layer, and the `seed` of the dropout.

    Call arguments: those of `Attention`.

    Example:

    >>> x = keraunos.ops.ones((1, 2, 3))
    >>> keraunos.layers.AdditiveAttention()([x, x]).shape
    (1, 2, 3)
    """

    def __init__(self, use_scale=True, dropout=0.0, **kwargs):
        super().__init__(use_scale=use_scale, dropout=dropout, **kwargs)

    def build(self, input_shape):
        self._validate_inputs(input_shape)
        self.scale = None
        if self.use_scale:
            self.scale = self.add_weight(
                name="scale", shape=(input_shape[0][-1],), initializer="glorot_uniform", dtype=self.dtype
            )

    def _calculate_scores(self, query, key):
        sums = ops.tanh(ops.expand_dims(query, -2) + ops.expand_dims(key, -3))
        return ops.sum(sums if self.scale is None else self.scale * sums, axis=-1)

    def get_config(self):
        config = super().get_config()
        del config["score_mode"]
        return config
