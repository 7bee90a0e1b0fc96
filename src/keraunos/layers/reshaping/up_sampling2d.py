"""UpSampling2D layer."""

from keraunos import ops
from keraunos.layers.arguments import standardize_tuple
from keraunos.layers.reshaping.base_spatial import UpSampling


class UpSampling2D(UpSampling):
    """Enlarges images.

    Args:
        size: Factor of height and width, or one for each.
        data_format: `"channels_last"` or `"channels_first"`.
        interpolation: `"nearest"` repeats rows and columns; others are those of `keraunos.ops.image.resize`.

    Example:

    >>> keraunos.layers.UpSampling2D(2)(keraunos.ops.ones((2, 3, 4, 1))).shape
    (2, 6, 8, 1)
    """

    _rank = 2

    def __init__(self, size=(2, 2), data_format=None, interpolation="nearest", **kwargs):
        super().__init__(data_format=data_format, **kwargs)
        self.size = standardize_tuple(size, 2, "size")
        self.interpolation = interpolation.lower()

    def call(self, inputs):
        if self.interpolation == "nearest":
            return super().call(inputs)
        height, width = self._spatial(ops.shape(inputs))
        new_size = (height * self.size[0], width * self.size[1])
        return ops.image.resize(inputs, new_size, interpolation=self.interpolation, data_format=self.data_format)

    def get_config(self):
        return {**super().get_config(), "interpolation": self.interpolation}
