"""The core layers."""

from case import case

from keraunos import layers


def _double(x):
    return x * 2


case(layers.Dense, units=4, activation="relu", x=(None, 3), y=(None, 4), weights=2)
case(layers.Dense, units=1, use_bias=False, x=(None, 2, 3), y=(None, 2, 1), weights=1)
case(layers.Dense, units=5, activation="softmax", x=(None, 2, 2, 3), y=(None, 2, 2, 5), weights=2)
case(layers.EinsumDense, equation="ab,bc->ac", output_shape=4, bias_axes="c", x=(None, 3), y=(None, 4), weights=2)
case(
    layers.EinsumDense,
    equation="abc,cde->abde",
    output_shape=(None, 2, 4),
    x=(None, 5, 3),
    y=(None, 5, 2, 4),
    weights=1,
)
case(
    layers.EinsumDense,
    equation="...x,xy->...y",
    output_shape=4,
    bias_axes="y",
    activation="tanh",
    x=(None, 2, 3),
    y=(None, 2, 4),
    weights=2,
)
case(layers.Embedding, input_dim=7, output_dim=3, integers=7, x=(None, 4), y=(None, 4, 3), weights=1)
case(layers.Embedding, input_dim=7, output_dim=2, mask_zero=True, integers=7, x=(None,), y=(None, 2), weights=1)
case(layers.ReversibleEmbedding, input_dim=7, output_dim=3, integers=7, x=(None, 4), y=(None, 4, 3), weights=1)
case(
    layers.ReversibleEmbedding,
    input_dim=7,
    output_dim=3,
    tie_weights=False,
    integers=7,
    x=(None, 4),
    y=(None, 4, 3),
    weights=2,
)
case(layers.Identity, x=(None, 3), y=(None, 3))
case(layers.Lambda, function=lambda: _double, x=(None, 3), y=(None, 3))
case(layers.Masking, mask_value=0.0, integers=2, x=(None, 3, 1), y=(None, 3, 1))
