"""The regularization layers."""

from case import TRAIN, case

from keraunos import layers

case(layers.ActivityRegularization, l1=0.1, l2=0.2, x=(None, 3), y=(None, 3))
for dropout in (layers.Dropout, layers.AlphaDropout, layers.GaussianDropout):
    case(dropout, rate=0.4, x=(None, 3), y=(None, 3))
    case(dropout, rate=0.4, x=(None, 3), y=(None, 3), call=TRAIN, is_random=True)
    case(dropout, rate=0.0, x=(None, 3), y=(None, 3), call=TRAIN)
case(layers.Dropout, rate=1.0, x=(None, 3), y=(None, 3), call=TRAIN)
case(layers.Dropout, rate=0.5, noise_shape=(None, 1), x=(None, 3), y=(None, 3), call=TRAIN, is_random=True)
case(layers.GaussianNoise, stddev=0.4, x=(None, 3), y=(None, 3))
case(layers.GaussianNoise, stddev=0.4, x=(None, 3), y=(None, 3), call=TRAIN, is_random=True)
case(layers.SpatialDropout1D, rate=0.5, x=(None, 3, 2), y=(None, 3, 2), call=TRAIN, is_random=True)
case(layers.SpatialDropout2D, rate=0.5, x=(None, 2, 2, 3), y=(None, 2, 2, 3), call=TRAIN, is_random=True)
case(layers.SpatialDropout3D, rate=0.5, x=(None, 2, 2, 2, 3), y=(None, 2, 2, 2, 3), call=TRAIN, is_random=True)
case(layers.SpatialDropout1D, rate=0.5, x=(None, 3, 2), y=(None, 3, 2))
