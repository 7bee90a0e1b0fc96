"""The pooling layers."""

import itertools

from case import MASK, case

from keraunos import layers

SIZES = (6, 5, 3)  # of the spatial axes
FORMATS = ("channels_last", "channels_first")
POOLS = (
    (layers.MaxPooling1D, layers.AveragePooling1D),
    (layers.MaxPooling2D, layers.AveragePooling2D),
    (layers.MaxPooling3D, layers.AveragePooling3D),
)
GLOBAL = (
    (layers.GlobalMaxPooling1D, layers.GlobalAveragePooling1D),
    (layers.GlobalMaxPooling2D, layers.GlobalAveragePooling2D),
    (layers.GlobalMaxPooling3D, layers.GlobalAveragePooling3D),
)
ADAPTIVE = (
    (layers.AdaptiveMaxPooling1D, layers.AdaptiveAveragePooling1D),
    (layers.AdaptiveMaxPooling2D, layers.AdaptiveAveragePooling2D),
    (layers.AdaptiveMaxPooling3D, layers.AdaptiveAveragePooling3D),
)
# On torch, Keras repeats the border before it takes the mean; on its other backends it leaves the border out, as we do.
REPEATED_BORDER = "Keras on torch counts a repeated border where the padding differs between the two sides"


def shaped(sizes, channels, data_format):
    return (None, *sizes, channels) if data_format == "channels_last" else (None, channels, *sizes)


def counted(size, pool_size, strides, padding):
    return -(-size // strides) if padding == "same" else (size - pool_size) // strides + 1


def is_uneven(size, pool_size, strides):
    return max(0, (-(-size // strides) - 1) * strides + pool_size - size) % 2 == 1


for rank, classes in enumerate(POOLS, start=1):
    sizes = SIZES[:rank]
    for cls, padding, data_format, (pool_size, strides) in itertools.product(
        classes, ("valid", "same"), FORMATS, ((2, None), (3, 1), (3, 2), (2, 3)) if rank < 3 else ((2, None), (3, 2))
    ):
        step = strides or pool_size
        counts = [counted(size, pool_size, step, padding) for size in sizes]
        is_average = cls.__name__.startswith("Average")
        differs = is_average and padding == "same" and any(is_uneven(size, pool_size, step) for size in sizes)
        case(
            cls,
            pool_size=pool_size,
            strides=strides,
            padding=padding,
            data_format=data_format,
            x=shaped(sizes, 3, data_format),
            y=shaped(counts, 3, data_format),
            differs=REPEATED_BORDER if differs else None,
        )
case(layers.MaxPooling2D, pool_size=(2, 3), strides=(1, 2), x=(None, 4, 7, 1), y=(None, 3, 3, 1))
case(layers.AveragePooling2D, pool_size=(2, 3), strides=(1, 2), x=(None, 4, 7, 1), y=(None, 3, 3, 1))
for rank, classes in enumerate(GLOBAL, start=1):
    for cls, data_format, keepdims in itertools.product(classes, FORMATS, (False, True)):
        kept = (1,) * rank if keepdims else ()
        case(cls, data_format=data_format, keepdims=keepdims, x=shaped(SIZES[:rank], 3, data_format), y=shaped(kept, 3, data_format))
case(layers.GlobalAveragePooling1D, x=(None, 3, 2), y=(None, 2), call=MASK)
case(layers.GlobalAveragePooling1D, data_format="channels_first", keepdims=True, x=(None, 2, 3), y=(None, 2, 1), call=MASK)
for rank, classes in enumerate(ADAPTIVE, start=1):
    for cls, data_format, output_size in itertools.product(classes, FORMATS, (1, 3, 4)):
        case(
            cls,
            output_size=output_size,
            data_format=data_format,
            x=shaped(SIZES[:rank], 2, data_format),
            y=shaped((output_size,) * rank, 2, data_format),
        )
