"""Scaled dot-product attention."""

from __future__ import annotations

import math

from keraunos.dtypes import promoted, to_float
from keraunos.ops import _dims
from keraunos.ops._arguments import booleans, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, choices, comparisons, elementwise, repeating, shaping
from keraunos.tensor import cast_tensor, execute

operation = operations("nn")


@operation("query", "key", "value", "bias", "mask", "scale")
def dot_product_attention(
    query,
    key,
    value,
    bias=None,
    mask=None,
    scale=None,
    is_causal=False,
    flash_attention=None,
    attn_logits_soft_cap=None,
):
    """`softmax(query key^T * scale + bias) value` per head (Vaswani et al., 2017).

    Args:
        query: `(batch, target length, query heads, size)`.
        key: `(batch, source length, heads, size)`; heads divide the query heads.
        value: like `key`.
        bias: added to the logits, broadcast to `(batch, query heads, target length, source length)`.
        mask: bools of that shape; true takes part.
        scale: the factor of the logits, `1 / sqrt(size)` by default.
        is_causal: whether a position sees only itself and earlier ones.
        flash_attention: kept for Keras's sake.
        attn_logits_soft_cap: `None`.
    """
    if attn_logits_soft_cap is not None:
        raise ValueError(
            "attn_logits_soft_cap is only supported for JAX on TPU. "
            "Set attn_logits_soft_cap=None when not using JAX on TPU."
        )
    query, key, value = tensor(query), tensor(key), tensor(value)
    if not len(query.shape) == len(key.shape) == len(value.shape) == 4:
        raise ValueError(
            "`dot_product_attention` only supports 4D inputs. Received: "
            f"query.shape={tuple(query.shape)}, key.shape={tuple(key.shape)}, value.shape={tuple(value.shape)}."
        )
    dtype = to_float(promoted(query.dtype, key.dtype, value.dtype))
    query, key, value = (cast_tensor(x, dtype) for x in (query, key, value))
    heads, key_heads = query.shape[2], key.shape[2]
    if heads != key_heads and key_heads:
        if heads % key_heads:
            raise ValueError(
                "dot_product_attention: the heads of the key must divide those of the query. "
                f"Received: {heads} query heads, {key_heads} key heads"
            )
        key, value = (repeating.repeat(x, heads // key_heads, axis=2) for x in (key, value))
    scale = 1.0 / math.sqrt(query.shape[3]) if scale is None else scale
    if bias is None and isinstance(scale, (int, float)):
        # Keeps no more than a few rows of scores; a bias, which may want a gradient, has the long way.
        masks = [] if mask is None else [_checked_mask(mask)]
        return execute("attention", [query, key, value, *masks], {"scale": float(scale), "causal": bool(is_causal)})[0]
    query = arithmetic.multiply(shaping.permute(query, (0, 2, 1, 3)), with_dtype(scale, dtype))
    key, value = (shaping.permute(x, (0, 2, 1, 3)) for x in (key, value))
    logits = execute("matmul", [query, key], {"transpose_a": False, "transpose_b": True})
    logits = cast_tensor(logits, promoted(dtype, "float32"))
    if bias is not None:
        logits = arithmetic.add(logits, with_dtype(bias, logits.dtype))
    visible = _visible(logits, mask, is_causal)
    if visible is not None:
        # Finite, so that a row that sees nothing has finite weights and gradients.
        logits = choices.where(visible, logits, -0.7 * elementwise.largest_number(logits.dtype))
    weights = cast_tensor(execute("softmax", [logits], {"axis": 3}), dtype)
    result = execute("matmul", [weights, value], {"transpose_a": False, "transpose_b": False})
    return shaping.permute(result, (0, 2, 1, 3))


def _checked_mask(mask):
    mask = booleans(mask)
    if len(mask.shape) != 4:
        raise ValueError(f"dot_product_attention: `mask` must be of rank 4. Received: mask.shape={tuple(mask.shape)}")
    return mask


def _visible(logits, mask, is_causal):
    visible = None if mask is None else _checked_mask(mask)
    if is_causal:
        rows, columns = _dims.size_of(logits, 2), _dims.size_of(logits, 3)
        row = shaping.expand_dims(_dims.iota(rows, "int32"), 1)
        causal = comparisons.greater_equal(row, _dims.iota(columns, "int32"))
        visible = causal if visible is None else comparisons.logical_and(visible, causal)
    return visible


__all__ = ["dot_product_attention"]
