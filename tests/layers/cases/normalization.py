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

SHAPES = [(None, 5), (None, 3, 4), (None, 2, 3, 4), (None, 2, 3, 2, 3)]
for shape in SHAPES:
    for axis in sorted({-1, 1}):
        for call in ({}, TRAIN):
            for center, scale in ((True, True), (True, False), (False, True), (False, False)):
                weights = 2 + center + scale
                options = {"center": center, "scale": scale, "momentum": 0.7, "epsilon": 0.01}
                case(layers.BatchNormalization, axis=axis, x=shape, y=shape, weights=weights, call=call, **options)
for options in ({"rms_scaling": False}, {"center": False}, {"scale": False}, {"epsilon": 1e-6}):
    for axis in (-1, 2, [1, 2], [-2, -1], [-1]):
        weights = options.get("center", True) + options.get("scale", True)
        case(layers.LayerNormalization, axis=axis, x=(None, 3, 4), y=(None, 3, 4), weights=weights, **options)
for shape in SHAPES:
    case(layers.LayerNormalization, x=shape, y=shape, weights=2)
    case(layers.RMSNormalization, x=shape, y=shape, weights=1)
    case(layers.RMSNormalization, axis=-1, epsilon=0.01, x=shape, y=shape, weights=1)
    case(layers.UnitNormalization, axis=1, x=shape, y=shape)
case(layers.RMSNormalization, axis=[1, 2], x=(None, 3, 4), y=(None, 3, 4), weights=1)
for groups in (1, 2, 4, -1):
    for axis in (-1, 1):
        for center, scale in ((True, True), (False, False)):
            options = {"center": center, "scale": scale, "epsilon": 0.01}
            shape = (None, 4, 3, 4)
            case(layers.GroupNormalization, groups=groups, axis=axis, x=shape, y=shape, weights=2 * center, **options)
