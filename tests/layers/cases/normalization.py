"""The normalization layers."""

from case import MASK, TRAIN, case

from keraunos import layers

case(layers.BatchNormalization, x=(None, 3), y=(None, 3), weights=4)
case(layers.BatchNormalization, x=(None, 3), y=(None, 3), weights=4, call=TRAIN)
case(
    layers.BatchNormalization,
    axis=1,
    scale=False,
    momentum=0.5,
    x=(None, 3, 4),
    y=(None, 3, 4),
    weights=3,
    call=TRAIN,
)
case(layers.BatchNormalization, center=False, x=(None, 2, 2, 3), y=(None, 2, 2, 3), weights=3, call=TRAIN)
case(layers.BatchNormalization, x=(None, 3, 4), y=(None, 3, 4), weights=4, call={**TRAIN, **MASK})
case(layers.LayerNormalization, x=(None, 3), y=(None, 3), weights=2)
case(layers.LayerNormalization, axis=[1, 2], epsilon=1e-5, x=(None, 2, 3), y=(None, 2, 3), weights=2)
case(layers.LayerNormalization, center=False, scale=False, x=(None, 3), y=(None, 3))
case(layers.RMSNormalization, x=(None, 3), y=(None, 3), weights=1)
case(layers.GroupNormalization, groups=2, x=(None, 3, 4), y=(None, 3, 4), weights=2)
case(layers.GroupNormalization, groups=-1, axis=1, x=(None, 3, 4), y=(None, 3, 4), weights=2)
case(layers.GroupNormalization, groups=1, scale=False, x=(None, 4), y=(None, 4), weights=1)
case(layers.UnitNormalization, x=(None, 3), y=(None, 3))
case(layers.UnitNormalization, axis=[1, 2], x=(None, 2, 3), y=(None, 2, 3))
case(layers.SpectralNormalization, layer=lambda: layers.Dense(2), x=(None, 3), y=(None, 2), weights=3)
case(layers.SpectralNormalization, layer=lambda: layers.Dense(2), x=(None, 3), y=(None, 2), weights=3, call=TRAIN)
