"""GroupedQueryAttention layer."""

from keraunos import ops
from keraunos.layers.attention.head_attention import HeadAttention, check_value_and_key
from keraunos.layers.core.einsum_dense import EinsumDense
from keraunos.tensor import KerasTensor


class GroupedQueryAttention(HeadAttention):
    """Attention in which groups of query heads share a head of keys and values (Ainslie et al., 2023).

    One head of keys and values is multi-query attention; as many as there are query heads is multi-head attention.

    Args:
        head_dim: Size of each head.
        num_query_heads: Number of heads of the query.
        num_key_value_heads: Number of heads of key and value; divides `num_query_heads`.
        dropout: Part of the weights that is dropped while training.
        use_bias: Whether the projections have biases.
        sliding_window: A query sees only positions within `sliding_window - 1` of its own.
        flash_attention: Accepted for Keras's sake: attention never keeps all weights when it need not.
        kernel_initializer, bias_initializer: Initializers of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: Penalties of the projections.
        kernel_constraint, bias_constraint: Projections of the weights after each update.
        use_gate: Whether a sigmoid of a further projection of the query scales the heads' results.
        seed: Seed of the dropout.

    Call arguments: those of `MultiHeadAttention`, for tensors of rank 3.

    Raises:
        ValueError: if the heads do not divide.

    Example:

    >>> x = keraunos.ops.ones((1, 5, 8))
    >>> keraunos.layers.GroupQueryAttention(head_dim=4, num_query_heads=4, num_key_value_heads=2)(x, x).shape
    (1, 5, 8)
    """

    def __init__(
        self,
        head_dim,
        num_query_heads,
        num_key_value_heads,
        dropout=0.0,
        use_bias=True,
        sliding_window=None,
        flash_attention=None,
        kernel_initializer="glorot_uniform",
        bias_initializer="zeros",
        kernel_regularizer=None,
        bias_regularizer=None,
        activity_regularizer=None,
        kernel_constraint=None,
        bias_constraint=None,
        use_gate=False,
        seed=None,
        **kwargs,
    ):
        super().__init__(
            dropout,
            use_bias,
            sliding_window,
            flash_attention,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            use_gate,
            seed,
            **kwargs,
        )
        if num_query_heads % num_key_value_heads != 0:
            raise ValueError(
                "`num_query_heads` must be divisible by `num_key_value_heads`. "
                f"Received: num_query_heads={num_query_heads}, num_key_value_heads={num_key_value_heads}"
            )
        self.head_dim = head_dim
        self.num_query_heads = num_query_heads
        self.num_key_value_heads = num_key_value_heads
        self.num_repeats = num_query_heads // num_key_value_heads
        self._return_attention_scores = False

    @property
    def sliding_window(self):
        """How far a query sees, or `None`."""
        return self._sliding_window

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        check_value_and_key(value_shape, key_shape)
        self.feature_dim = query_shape[-1]
        heads = self.num_query_heads, self.head_dim
        shared_heads = self.num_key_value_heads, self.head_dim
        self._query_dense = self._projection("query", "bqm,muh->bquh", query_shape, heads, "uh")
        self._key_dense = self._projection("key", "bkm,mvh->bkvh", key_shape, shared_heads, "vh")
        if self.use_gate:
            self._gate_dense = self._projection("gate", "bqm,muh->bquh", query_shape, heads, "uh", "sigmoid")
        self._value_dense = self._projection("value", "bkm,mvh->bkvh", value_shape, shared_heads, "vh")
        self._build_weighting(-1)
        joined = (None, None, *heads)
        self._output_dense = self._projection("attention_output", "bquh,uhm->bqm", joined, (self.feature_dim,), "m")

    def _projection(self, name, equation, shape, sizes, bias_axes, activation=None):
        layer = EinsumDense(
            equation,
            output_shape=(None, *sizes),
            activation=activation,
            bias_axes=bias_axes if self.use_bias else None,
            name=name,
            **self._projection_arguments(),
        )
        layer.build(shape)
        return layer

    def call(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        self._return_attention_scores = return_attention_scores
        key = value if key is None else key
        masks = query_mask, value_mask, key_mask, attention_mask
        further = {}
        if self._is_causal_alone(GroupedQueryAttention, use_causal_mask, *masks):
            further["use_causal_mask"] = True
        else:
            attention_mask = self._compute_attention_mask(query, value, *masks, use_causal_mask=use_causal_mask)
        query, key, value, gate = self._project(query, key, value)
        key, value = (ops.repeat(x, self.num_repeats, axis=2) for x in (key, value))
        outputs, weights = self._compute_attention(
            query, key, value, attention_mask=attention_mask, training=training, **further
        )
        outputs = self._finish(outputs, gate)
        return (outputs, weights) if return_attention_scores else outputs

    def _compute_attention(
        self, query, key, value, attention_mask=None, training=None, use_causal_mask=False
    ):
        """`(outputs, weights)` of projections with equally many heads; a subclass may attend in another way."""
        equations = "bquh,bkuh->buqk", "buqk,bkuh->bquh"
        wants_scores = self._return_attention_scores
        return self._attend(query, key, value, attention_mask, training, wants_scores, use_causal_mask, equations)

    def compute_output_shape(self, query_shape, value_shape, key_shape=None):
        if query_shape[-1] != value_shape[-1]:
            raise ValueError(
                "The last dimension of `query_shape` and `value_shape` must be equal, but are "
                f"{query_shape[-1]}, {value_shape[-1]}. Received: query_shape={query_shape}, value_shape={value_shape}"
            )
        check_value_and_key(value_shape, value_shape if key_shape is None else key_shape)
        return query_shape

    def compute_output_spec(
        self,
        query,
        value,
        key=None,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        return_attention_scores=False,
        training=None,
        use_causal_mask=False,
    ):
        shape = self.compute_output_shape(query.shape, value.shape, None if key is None else key.shape)
        outputs = KerasTensor(shape, dtype=self.compute_dtype)
        if not return_attention_scores:
            return outputs
        length = (value if key is None else key).shape[1]
        weights = (query.shape[0], self.num_query_heads, query.shape[1], length)
        return outputs, KerasTensor(weights, dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "head_dim": self.head_dim,
            "num_query_heads": self.num_query_heads,
            "num_key_value_heads": self.num_key_value_heads,
            "use_bias": self.use_bias,
            "use_gate": self.use_gate,
            "sliding_window": self._sliding_window,
            "dropout": self.dropout,
            **self._shared_config(),
        }
