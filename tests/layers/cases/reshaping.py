"""The reshaping layers."""

from case import case

from keraunos import layers

case(layers.Flatten, x=(None, 2, 3), y=(None, 6))
case(layers.Flatten, data_format="channels_first", x=(None, 2, 3, 2), y=(None, 12))
case(layers.Flatten, x=(None,), y=(None, 1))
case(layers.Permute, dims=(2, 1), x=(None, 2, 3), y=(None, 3, 2))
case(layers.RepeatVector, n=3, x=(None, 2), y=(None, 3, 2))
case(layers.Reshape, target_shape=(3, 2), x=(None, 6), y=(None, 3, 2))
case(layers.Reshape, target_shape=(-1, 2), x=(None, 2, 3), y=(None, 3, 2))
case(layers.Cropping1D, cropping=(1, 2), x=(None, 5, 2), y=(None, 2, 2))
case(layers.Cropping2D, cropping=((1, 0), (2, 1)), x=(None, 3, 5, 2), y=(None, 2, 2, 2))
case(layers.Cropping2D, cropping=1, data_format="channels_first", x=(None, 2, 3, 4), y=(None, 2, 1, 2))
case(layers.Cropping3D, cropping=((1, 0), (0, 1), (1, 1)), x=(None, 2, 2, 3, 1), y=(None, 1, 1, 1, 1))
case(layers.UpSampling1D, size=2, x=(None, 2, 3), y=(None, 4, 3))
case(layers.UpSampling2D, size=(2, 3), x=(None, 2, 1, 2), y=(None, 4, 3, 2))
case(layers.UpSampling2D, size=2, data_format="channels_first", x=(None, 2, 1, 2), y=(None, 2, 2, 4))
case(layers.UpSampling3D, size=(1, 2, 2), x=(None, 2, 1, 2, 1), y=(None, 2, 2, 4, 1))
case(layers.ZeroPadding1D, padding=(1, 2), x=(None, 2, 2), y=(None, 5, 2))
case(layers.ZeroPadding2D, padding=((1, 0), (2, 1)), x=(None, 1, 2, 2), y=(None, 2, 5, 2))
case(layers.ZeroPadding3D, padding=1, x=(None, 1, 1, 2, 1), y=(None, 3, 3, 4, 1))
