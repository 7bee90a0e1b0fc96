"""Attention of heads side by side."""

import numpy as np
from primitive_sample import booleans, numbers, sample
from scipy import special

SCALE = 0.6


def seen(q, k, mask, causal):
    """Which scores count, (batch, heads, queries, length)."""
    result = np.ones((q.shape[0], q.shape[2], q.shape[1], k.shape[1]), bool)
    if mask is not None:
        result &= mask
    return result & (np.arange(q.shape[1])[:, None] >= np.arange(k.shape[1])) if causal else result


def scores(q, k, mask, causal):
    low = -0.7 * np.finfo("float64").max
    return np.where(seen(q, k, mask, causal), SCALE * np.einsum("bqhd,bkhd->bhqk", q, k), low)


def statistics(q, k, mask, causal):
    s = scores(q, k, mask, causal)
    peak = s.max(-1, keepdims=True)
    return np.concatenate([peak, 1 / np.exp(s - peak).sum(-1, keepdims=True)], -1)


def attention(q, k, v, mask=None, causal=False):
    y = np.einsum("bhqk,bkhd->bqhd", special.softmax(scores(q, k, mask, causal), -1), v)
    return y, statistics(q, k, mask, causal)


def attention_grad(g, q, k, v, y, statistics, mask=None, causal=False):
    p = np.exp(scores(q, k, mask, causal) - statistics[..., :1]) * statistics[..., 1:]
    into_p = np.einsum("bqhd,bkhd->bhqk", g, v)
    dot = (g * y).sum(-1).transpose(0, 2, 1)[..., None]
    s = np.where(seen(q, k, mask, causal), p * (into_p - dot), 0) * SCALE
    return np.einsum("bhqk,bkhd->bqhd", s, k), np.einsum("bhqk,bqhd->bkhd", s, q), np.einsum("bhqk,bqhd->bkhd", p, g)


def add(shape, length, value_size, mask_shape, causal):
    batch, queries, heads, size = shape
    q, k, v = numbers(*shape, low=-1), numbers(batch, length, heads, size), numbers(batch, length, heads, value_size)
    masks = [] if mask_shape is None else [booleans(*mask_shape)]
    forward = lambda *operands: attention(*operands, causal=causal)  # noqa: E731
    y, found = forward(q, k, v, *masks)
    g = numbers(*y.shape, low=-1)
    sample("attention", [q, k, v, *masks], forward, gradient_of=(0,), scale=SCALE, causal=causal, half=False)
    backward = lambda *operands: attention_grad(*operands, causal=causal)  # noqa: E731
    sample("attention_grad", [g, q, k, v, y, found, *masks], backward, differentiable=(), half=False, scale=SCALE, causal=causal)


for causal in [False, True]:
    add((2, 3, 2, 4), 3, 5, None, causal)
    add((1, 5, 1, 3), 7, 2, None, causal)
    add((2, 3, 2, 2), 4, 3, (2, 1, 3, 4), causal)
    add((2, 3, 2, 2), 3, 2, (1, 2, 1, 3), causal)
    add((1, 1, 1, 1), 1, 1, None, causal)
