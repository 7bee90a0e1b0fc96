"""MultiHeadAttention layer."""

import string

from keraunos.layers.attention.head_attention import HeadAttention, check_value_and_key
from keraunos.layers.core.einsum_dense import EinsumDense
from keraunos.masking import get_keras_mask, set_keras_mask
from keraunos.tensor import KerasTensor


class MultiHeadAttention(HeadAttention):
    """Several attentions side by side over learned projections (Vaswani et al., 2017).

    Query, key and value are projected once for each head; each head takes `softmax(query @ key^T / sqrt(key_dim)) @
    value`; a last projection joins the heads.

    Args:
        num_heads: Number of heads.
        key_dim: Size of each head's queries and keys.
        value_dim: Size of each head's values, `key_dim` by default.
        dropout: Part of the weights that is dropped while training.
        use_bias: Whether the projections have biases.
        output_shape: Size, or sizes, of the outputs after the sequence axes; the query's last size by default.
        attention_axes: Axes that are attended over; by default all but those of batch and features.
        sliding_window: A query sees only positions within `sliding_window - 1` of its own.
        flash_attention: Accepted for Keras's sake: attention never keeps all weights when it need not.
        kernel_initializer, bias_initializer: Initializers of the projections.
        kernel_regularizer, bias_regularizer, activity_regularizer: Penalties of the projections.
        kernel_constraint, bias_constraint: Projections of the weights after each update.
        use_gate: Whether a sigmoid of a further projection of the query scales the heads' results.
        seed: Seed of the dropout.

    Call arguments:
        query: Tensor `(batch, queries, dim)`.
        value: Tensor `(batch, length, dim)`.
        key: Tensor `(batch, length, dim)`; the value by default.
        query_mask: Not looked at: the mask that the query carries counts, and travels on.
        value_mask, key_mask: Boolean tensors `(batch, length)`; by default the masks that the inputs carry.
        attention_mask: Boolean tensor that broadcasts to `(batch, heads, queries, length)`; one of rank 3 has no axis
            of heads.
        return_attention_scores: Whether the weights `(batch, heads, queries, length)` come too.
        training: Whether weights are dropped.
        use_causal_mask: Whether a query sees only its own position and those before.

    Raises:
        ValueError: for sizes that are not positive integers, and for value and key of different lengths.

    Example:

    >>> x = keraunos.ops.ones((1, 5, 8))
    >>> keraunos.layers.MultiHeadAttention(num_heads=2, key_dim=4)(x, x).shape
    (1, 5, 8)
    """

    def __init__(
        self,
        num_heads,
        key_dim,
        value_dim=None,
        dropout=0.0,
        use_bias=True,
        output_shape=None,
        attention_axes=None,
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
        _check_size("num_heads", num_heads, "a positive integer")
        _check_size("key_dim", key_dim, "a positive integer")
        if value_dim is not None:
            _check_size("value_dim", value_dim, "a positive integer or `None`")
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
        self._num_heads = num_heads
        self._key_dim = key_dim
        self._value_dim = value_dim or key_dim
        self._output_shape = _checked_output_shape(output_shape)
        if isinstance(attention_axes, int):
            attention_axes = (attention_axes,)
        elif attention_axes and not isinstance(attention_axes, (list, tuple)):
            raise ValueError(
                f"`attention_axes` must be an int, list, or tuple. Received: attention_axes={attention_axes}"
            )
        self._attention_axes = attention_axes

    @property
    def num_heads(self):
        """Number of heads."""
        return self._num_heads

    @property
    def key_dim(self):
        """Size of each head's queries and keys."""
        return self._key_dim

    @property
    def value_dim(self):
        """Size of each head's values."""
        return self._value_dim

    @property
    def attention_axes(self):
        """Axes that are attended over; `None` before the layer is built stands for all."""
        return self._attention_axes

    @property
    def query_dense(self):
        """The projection of the query."""
        return self._query_dense

    @property
    def key_dense(self):
        """The projection of the key."""
        return self._key_dense

    @property
    def value_dense(self):
        """The projection of the value."""
        return self._value_dense

    @property
    def output_dense(self):
        """The projection that joins the heads."""
        return self._output_dense

    def build(self, query_shape, value_shape, key_shape=None):
        key_shape = value_shape if key_shape is None else key_shape
        check_value_and_key(value_shape, key_shape)
        heads = (self.num_heads, self.key_dim), (self.num_heads, self.value_dim)
        self._query_dense = self._projection("query", query_shape, 1, heads[0])
        self._key_dense = self._projection("key", key_shape, 1, heads[0])
        if self.use_gate:
            self._gate_dense = self._projection("gate", query_shape, 1, heads[1], activation="sigmoid")
        self._value_dense = self._projection("value", value_shape, 1, heads[1])
        rank = len(value_shape) + 1
        if self._attention_axes is None:
            self._attention_axes = tuple(range(1, rank - 2))
        else:
            self._attention_axes = tuple(axis if axis >= 0 else rank - 1 + axis for axis in self._attention_axes)
        count = len(self._attention_axes)
        self._equations = _attention_equations(rank, self._attention_axes)
        score_rank = rank - 1 + count
        self._build_weighting(tuple(range(score_rank - count, score_rank)))
        sizes = self._output_shape or (query_shape[-1],)
        joined = (*query_shape[:-1], self.num_heads, self.value_dim)
        self._output_dense = self._projection("attention_output", joined, 2, sizes)

    def _projection(self, name, shape, bound, sizes, activation=None):
        """A layer from the last `bound` axes of `shape` to axes of these sizes, built."""
        letters = string.ascii_lowercase
        free, inner = letters[: len(shape) - bound], letters[len(shape) - bound : len(shape)]
        outer = letters[len(shape) : len(shape) + len(sizes)]
        layer = EinsumDense(
            f"{free}{inner},{inner}{outer}->{free}{outer}",
            output_shape=(*[None] * (len(free) - 1), *sizes),
            activation=activation,
            bias_axes=outer if self.use_bias else None,
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
        key = value if key is None else key
        # As in Keras, only the mask that the query itself carries counts.
        query_mask = get_keras_mask(query)
        masks = query_mask, value_mask, key_mask, attention_mask
        further = {}
        if self._is_causal_alone(MultiHeadAttention, use_causal_mask, *masks):
            further["use_causal_mask"] = True
        else:
            attention_mask = self._compute_attention_mask(query, value, *masks, use_causal_mask=use_causal_mask)
        query, key, value, gate = self._project(query, key, value)
        outputs, weights = self._compute_attention(
            query, key, value, attention_mask, training, return_attention_scores, **further
        )
        outputs = self._finish(outputs, gate)
        if query_mask is not None:
            set_keras_mask(outputs, query_mask)
        return (outputs, weights) if return_attention_scores else outputs

    def _compute_attention(
        self,
        query,
        key,
        value,
        attention_mask=None,
        training=None,
        return_attention_scores=False,
        use_causal_mask=False,
    ):
        """`(outputs, weights)` of projected query, key and value; a subclass may attend in another way."""
        return self._attend(
            query,
            key,
            value,
            attention_mask,
            training,
            return_attention_scores,
            use_causal_mask,
            self._equations,
            len(self._attention_axes),
        )

    def compute_output_shape(self, query_shape, value_shape, key_shape=None):
        check_value_and_key(value_shape, value_shape if key_shape is None else key_shape)
        return (*query_shape[:-1], *(self._output_shape or query_shape[-1:]))

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
        weights = (query.shape[0], self.num_heads, query.shape[1], value.shape[1])
        return outputs, KerasTensor(weights, dtype=self.compute_dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "num_heads": self.num_heads,
            "key_dim": self.key_dim,
            "value_dim": self.value_dim,
            "dropout": self.dropout,
            "use_bias": self.use_bias,
            "output_shape": self._output_shape,
            "attention_axes": self._attention_axes,
            "use_gate": self.use_gate,
            "sliding_window": self._sliding_window,
            **self._shared_config(),
        }


def _check_size(name, size, rule):
    if not isinstance(size, int) or size <= 0:
        raise ValueError(f"Received an invalid value for argument `{name}`, expected {rule}. Received: {name}={size}")


def _checked_output_shape(output_shape):
    if not output_shape:
        return output_shape
    if isinstance(output_shape, int):
        return (output_shape,)
    if not isinstance(output_shape, (list, tuple)):
        raise ValueError(
            f"Invalid `output_shape`: {output_shape}. When specified, the `output_shape` should be of type tuple, "
            "list, or int."
        )
    return tuple(output_shape)


def _attention_equations(rank, axes):
    """Of the scores (batch axes, heads, attended axes of query and of key) and of the outputs, for projections of a rank."""
    query = string.ascii_lowercase[:rank]
    further = iter(string.ascii_lowercase[rank:])
    key = "".join(next(further) if axis in axes else letter for axis, letter in enumerate(query))
    batch = "".join(query[axis] for axis in range(rank - 1) if axis not in axes)
    scores = batch + "".join(query[axis] for axis in axes) + "".join(key[axis] for axis in axes)
    return f"{query},{key}->{scores}", f"{scores},{key}->{query}"
