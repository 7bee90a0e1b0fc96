"""The activation layers."""

from case import MASK, case

from keraunos import layers

case(layers.Activation, activation="tanh", x=(None, 3), y=(None, 3))
case(layers.ELU, alpha=0.7, x=(None, 3), y=(None, 3))
case(layers.LeakyReLU, negative_slope=0.2, x=(None, 3), y=(None, 3))
case(layers.PReLU, x=(None, 2, 3), y=(None, 2, 3), weights=1)
case(layers.PReLU, shared_axes=[1], x=(None, 2, 3), y=(None, 2, 3), weights=1)
case(layers.ReLU, max_value=1.0, negative_slope=0.1, threshold=0.2, x=(None, 3), y=(None, 3))
case(layers.Softmax, x=(None, 3), y=(None, 3))
case(layers.Softmax, axis=[1, 2], x=(None, 2, 3), y=(None, 2, 3))
case(layers.Softmax, x=(None, 3), y=(None, 3), call=MASK)
