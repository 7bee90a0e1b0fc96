"""The attention layers."""

from case import TRAIN, case

from keraunos import layers

QUERIES = [[True, True, False], [True, False, True]]
VALUES = [[True, True, True, False, False], [False, True, True, False, True]]
PAIRS = [[[True, False, True, True, False]] * 3, [[True] * 5, [False] * 5, [False, True, True, True, True]]]
CAUSAL = {"use_causal_mask": True}
SCORES = {"return_attention_scores": True}

# Three queries, five values.
TWO = [(None, 3, 4), (None, 5, 4)]
THREE = [(None, 3, 4), (None, 5, 6), (None, 5, 4)]
CALLS = [
    {},
    CAUSAL,
    TRAIN,
    SCORES,
    {**SCORES, **CAUSAL},
    {"mask": (QUERIES, VALUES)},
    {"mask": (None, VALUES)},
    {"mask": (QUERIES, None)},
    {"mask": (QUERIES, VALUES), **CAUSAL},
    {"mask": (None, VALUES), **CAUSAL, **SCORES},
]

for call in CALLS:
    for x in (TWO, THREE):
        size = x[1][-1]
        y = [(None, 3, size), (None, 3, 5)] if "return_attention_scores" in call else (None, 3, size)
        case(layers.Attention, x=x, y=y, call=call)
        case(layers.Attention, use_scale=True, score_mode="concat", x=x, y=y, weights=2, call=call)
        case(layers.AdditiveAttention, x=x, y=y, weights=1, call=call)
for use_scale in (False, True):
    for score_mode in ("dot", "concat"):
        weights = use_scale + (score_mode == "concat")
        case(
            layers.Attention, use_scale=use_scale, score_mode=score_mode, seed=1, x=TWO, y=(None, 3, 4), weights=weights
        )
case(layers.AdditiveAttention, use_scale=False, x=TWO, y=(None, 3, 4))
case(layers.Attention, dropout=0.4, x=TWO, y=(None, 3, 4))
case(layers.Attention, dropout=0.4, x=TWO, y=(None, 3, 4), call=TRAIN, is_random=True)

HEAD_CALLS = [
    {},
    CAUSAL,
    SCORES,
    {**CAUSAL, **SCORES},
    {"attention_mask": PAIRS},
    {"attention_mask": PAIRS, **CAUSAL},
    {"attention_mask": PAIRS, **SCORES},
    {"query_mask": QUERIES, "value_mask": VALUES},
    {"key_mask": VALUES, **CAUSAL},
    {"attention_mask": [[mask] for mask in PAIRS]},
]


def heads(cls, x, call, weights, length=5, output=(4,), count=2, **arguments):
    """A case of a layer with heads; the weights of all heads come too where they are asked for."""
    y = (None, *x[0][1:-1], *output)
    if "return_attention_scores" in call:
        y = [y, (None, count, x[0][1], length)]
    case(cls, x=x, y=y, weights=weights, call=call, separate=True, **arguments)


for call in HEAD_CALLS:
    heads(layers.MultiHeadAttention, TWO, call, 8, num_heads=2, key_dim=3)
    heads(layers.MultiHeadAttention, THREE, call, 4, num_heads=2, key_dim=3, value_dim=5, use_bias=False)
    heads(layers.MultiHeadAttention, TWO, call, 10, num_heads=2, key_dim=3, use_gate=True, dropout=0.3)
    heads(layers.MultiHeadAttention, TWO, call, 8, num_heads=2, key_dim=3, sliding_window=2)
    heads(layers.GroupQueryAttention, TWO, call, 8, head_dim=3, num_query_heads=2, num_key_value_heads=1)
    groups = {"head_dim": 2, "num_query_heads": 4, "num_key_value_heads": 2, "use_bias": False, "use_gate": True}
    heads(layers.GroupQueryAttention, TWO, call, 5, count=4, **groups)
for output_shape in (6, (6,), (2, 3)):
    sizes = (output_shape,) if isinstance(output_shape, int) else output_shape
    heads(layers.MultiHeadAttention, TWO, {}, 8, output=sizes, num_heads=2, key_dim=3, output_shape=output_shape)
for num_heads in (1, 3):
    for key_dim in (1, 4):
        heads(layers.MultiHeadAttention, TWO, {}, 8, num_heads=num_heads, key_dim=key_dim)
for groups in (1, 2, 4):
    heads(layers.GroupQueryAttention, TWO, CAUSAL, 8, head_dim=3, num_query_heads=4, num_key_value_heads=groups)
IMAGES = [(None, 2, 3, 4), (None, 2, 3, 4)]
for axes in (None, (1, 2), (2,), 1):
    heads(layers.MultiHeadAttention, IMAGES, {}, 8, num_heads=2, key_dim=3, attention_axes=axes)
heads(layers.MultiHeadAttention, TWO, {}, 8, num_heads=2, key_dim=3, dropout=0.5)
heads(layers.MultiHeadAttention, TWO, TRAIN, 8, num_heads=2, key_dim=3, dropout=0.5, is_random=True)
heads(layers.GroupQueryAttention, TWO, TRAIN, 8, head_dim=3, num_query_heads=2, num_key_value_heads=2, dropout=0.5, is_random=True)
