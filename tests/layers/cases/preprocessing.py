"""The preprocessing layers."""

from case import case

from keraunos import layers

case(layers.Rescaling, scale=0.5, offset=1.0, x=(None, 3), y=(None, 3))
case(layers.Rescaling, scale=[0.5, 2.0, 3.0], offset=[1.0, 0.0, -1.0], x=(None, 2, 3), y=(None, 2, 3))
