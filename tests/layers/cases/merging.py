"""The merging layers."""

from case import case

from keraunos import layers

for merge in (layers.Add, layers.Average, layers.Maximum, layers.Minimum, layers.Multiply):
    case(merge, x=[(None, 3), (None, 3), (None, 3)], y=(None, 3))
    case(merge, x=[(None, 2, 3), (None, 1, 3)], y=(None, 2, 3))
    case(merge, x=[(None, 2, 3), (None, 3)], y=(None, 2, 3))
    case(merge, x=[(None, 3)], y=(None, 3))
case(layers.Subtract, x=[(None, 3), (None, 3)], y=(None, 3))
case(layers.Concatenate, x=[(None, 3), (None, 2)], y=(None, 5))
case(layers.Concatenate, axis=1, x=[(None, 3, 2), (None, 1, 2)], y=(None, 4, 2))
case(layers.Dot, axes=1, x=[(None, 3), (None, 3)], y=(None, 1))
case(layers.Dot, axes=(2, 1), x=[(None, 4, 3), (None, 3, 2)], y=(None, 4, 2))
case(layers.Dot, axes=-1, normalize=True, x=[(None, 4, 3), (None, 2, 3)], y=(None, 4, 2))
case(layers.Dot, axes=(1, 2), x=[(None, 3), (None, 4, 3)], y=(None, 4))
