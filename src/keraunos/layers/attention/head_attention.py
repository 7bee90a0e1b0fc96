"""What `MultiHeadAttention` and `GroupQueryAttention` share."""

import math

from keraunos import config as settings
from keraunos import constraints, initializers, ops, regularizers
from keraunos.layers.activations.softmax import Softmax
from keraunos.layers.attention.masks import causal_mask, joined_mask, window_mask, with_head_axes
from keraunos.layers.layer import Layer
from keraunos.layers.regularization.dropout import Dropout
from keraunos.masking import get_keras_mask


class HeadAttention(Layer):
    """Attention of projected queries, keys and values `(batch, length, heads, size)`.

    A subclass builds the projections `_query_dense`, `_key_dense`, `_value_dense`, `_output_dense` and, with
    `use_gate`, `_gate_dense`, and says in `_compute_attention` how they attend.
    """

    def __init__(
        self,
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
    ):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.supports_masking = True
        if sliding_window is not None and (not isinstance(sliding_window, int) or sliding_window <= 0):
            raise ValueError(
                f"`sliding_window` must be `None` or a positive integer. Received: sliding_window={sliding_window}"
            )
        self._dropout = dropout
        self._use_bias = use_bias
        self.use_gate = use_gate
        self.seed = seed
        self._sliding_window = sliding_window
        self._flash_attention = flash_attention or settings.is_flash_attention_enabled()
        if self._flash_attention and dropout > 0:
            raise ValueError(
                "Dropout is not supported when flash attention is enabled. Please set dropout to 0.0 to use flash "
                "attention."
            )
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    @property
    def dropout(self):
        """Part of the weights that is dropped while training."""
        return self._dropout

    @property
    def use_bias(self):
        """Whether the projections have biases."""
        return self._use_bias

    def _projection_arguments(self):
        """Arguments of every projection; each gets initializers of its own, which draw other numbers."""
        return {
            "kernel_initializer": _copy(self.kernel_initializer),
            "bias_initializer": _copy(self.bias_initializer),
            "kernel_regularizer": self.kernel_regularizer,
            "bias_regularizer": self.bias_regularizer,
            "activity_regularizer": self.activity_regularizer,
            "kernel_constraint": self.kernel_constraint,
            "bias_constraint": self.bias_constraint,
            "dtype": self.dtype_policy,
        }

    def _build_weighting(self, axes):
        self._softmax = Softmax(axis=axes, dtype=self.dtype_policy)
        self._dropout_layer = Dropout(rate=self.dropout, dtype=self.dtype_policy, seed=self.seed)

    def _project(self, query, key, value):
        """The projections of all three, and the gate or `None`."""
        query, key, value = (_without_mask(x) for x in (query, key, value))
        gate = self._gate_dense(query) if self.use_gate else None
        return self._query_dense(query), self._key_dense(key), self._value_dense(value), gate

    def _finish(self, outputs, gate):
        return self._output_dense(outputs if gate is None else ops.multiply(outputs, gate))

    def _is_causal_alone(self, base, use_causal_mask, *masks):
        """Whether being causal is all that limits what a query sees; then no mask is made.

        A subclass with a `_compute_attention` of its own expects the mask.
        """
        is_own = type(self)._compute_attention is not base._compute_attention
        is_limited = self._sliding_window is not None or any(mask is not None for mask in masks)
        return use_causal_mask and not is_own and not is_limited

    def _compute_attention_mask(
        self,
        query,
        value,
        query_mask=None,
        value_mask=None,
        key_mask=None,
        attention_mask=None,
        use_causal_mask=False,
    ):
        """What all masks allow: boolean `(batch, queries, length)`, or of more axes, or `None`."""
        lengths = ops.shape(query)[1], ops.shape(value)[1]
        return joined_mask(
            [
                None if query_mask is None else ops.expand_dims(query_mask, -1),
                None if value_mask is None else ops.expand_dims(value_mask, -2),
                None if key_mask is None else ops.expand_dims(key_mask, -2),
                causal_mask(*lengths) if use_causal_mask else None,
                None if self._sliding_window is None else window_mask(*lengths, self._sliding_window),
                attention_mask,
            ]
        )

    def _attend(self, query, key, value, attention_mask, training, wants_scores, use_causal_mask, equations, axes=1):
        """`(outputs, weights)` of projections with equally many heads; without the weights where nobody asks.

        Args:
            equations: of the scores from query and key, and of the outputs from weights and value, for `einsum`.
            axes: number of axes that are attended over.
        """
        if self._flash_attention and wants_scores:
            raise ValueError(
                "Returning attention scores is not supported when flash attention is enabled. Please disable flash "
                "attention to access attention scores."
            )
        scale = 1.0 / math.sqrt(float(query.shape[-1]))
        head_axis = -2 * axes - 1
        if self.dropout == 0 and not wants_scores and len(query.shape) == 4:
            if attention_mask is not None:
                attention_mask = ops.cast(with_head_axes(attention_mask, 4, head_axis), "bool")
            outputs = ops.dot_product_attention(
                query,
                key,
                value,
                mask=attention_mask,
                scale=scale,
                is_causal=use_causal_mask,
                flash_attention=self._flash_attention,
            )
            return outputs, None
        if use_causal_mask:
            causal = causal_mask(ops.shape(query)[1], ops.shape(value)[1])
            attention_mask = joined_mask([attention_mask, causal])
        scores = ops.einsum(equations[0], ops.multiply(query, ops.cast(scale, query.dtype)), key)
        if attention_mask is not None:
            attention_mask = with_head_axes(attention_mask, len(scores.shape), head_axis)
        weights = self._softmax(scores, mask=attention_mask)
        kept = self._dropout_layer(weights, training=training) if self.dropout > 0 else weights
        return ops.einsum(equations[1], kept, value), weights

    def _shared_config(self):
        return {
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
            "seed": self.seed,
        }


def check_value_and_key(value_shape, key_shape):
    """Values and keys are pairs: they may differ in the last size only."""
    if tuple(value_shape[1:-1]) != tuple(key_shape[1:-1]):
        raise ValueError(
            "All dimensions of `value` and `key`, except the last one, must be equal. "
            f"Received: value_shape={value_shape} and key_shape={key_shape}"
        )


def _without_mask(x):
    """`x`, for projections that would say that they drop its mask."""
    return x if get_keras_mask(x) is None else ops.copy(x)


def _copy(initializer):
    if isinstance(initializer, initializers.Initializer):
        return type(initializer).from_config(initializer.get_config())
    return initializer
