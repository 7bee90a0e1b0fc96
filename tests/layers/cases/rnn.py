"""The recurrent layers and the wrappers of sequences."""

from case import case

from keraunos import layers

case(
    layers.TimeDistributed,
    layer=lambda: layers.Dense(2, activation="relu"),
    x=(None, 4, 3),
    y=(None, 4, 2),
    weights=2,
)
