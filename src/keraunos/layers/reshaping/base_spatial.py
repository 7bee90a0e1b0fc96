"""What the cropping, padding and up-sampling layers share."""

from keraunos import ops
from keraunos.config import standardize_data_format
from keraunos.layers.arguments import standardize_tuple
from keraunos.layers.input_spec import InputSpec
from keraunos.layers.layer import Layer

_ORDINALS = ("1st", "2nd", "3rd")


class SpatialLayer(Layer):
    """A layer that changes the sizes of the axes between batch and channels."""

    _rank = None

    def __init__(self, data_format=None, **kwargs):
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self._rank + 2)

    def _first_axis(self):
        return 2 if self.data_format == "channels_first" else 1

    def _with_spatial(self, shape, spatial):
        """`shape` with other sizes of the spatial axes."""
        first = self._first_axis()
        return (*shape[:first], *spatial, *shape[first + self._rank :])

    def _spatial(self, shape):
        first = self._first_axis()
        return tuple(shape[first : first + self._rank])


def standardize_pairs(value, rank, name, refuse_negative=False):
    """Returns `value` as a tuple of `rank` pairs: an integer is used everywhere, an integer in it for its axis."""
    if isinstance(value, int):
        if refuse_negative and value < 0:
            raise ValueError(f"`{name}` cannot be negative. Received: {name}={value}.")
        return ((value, value),) * rank
    if not hasattr(value, "__len__"):
        raise ValueError(
            f"`{name}` should be either an int, a tuple of {rank} ints (one for both ends of each axis), or a tuple "
            f"of {rank} tuples of 2 ints (one for each end of each axis). Received: {name}={value}."
        )
    if len(value) != rank:
        count = {2: "two", 3: "3"}[rank]
        raise ValueError(f"`{name}` should have {count} elements. Received: {name}={value}.")
    return tuple(
        standardize_tuple(pair, 2, f"{ordinal} entry of {name}", allow_zero=True)
        for ordinal, pair in zip(_ORDINALS, value)
    )


class Cropping(SpatialLayer):
    """Cuts off the ends of the spatial axes; `cropping` holds a pair for each."""

    def _cropped(self, shape, shown):
        sizes = []
        for size, (low, high) in zip(self._spatial(shape), self._pairs()):
            if size is None:
                sizes.append(None)
                continue
            if size - low - high <= 0:
                raise ValueError(f"{self._too_small} Received: {shown}={shape}, cropping={self.cropping}")
            sizes.append(size - low - high)
        return sizes

    _too_small = (
        "Values in `cropping` argument should be smaller than the corresponding spatial dimension of the input."
    )

    def _pairs(self):
        return self.cropping

    def call(self, inputs):
        self._cropped(tuple(inputs.shape), "inputs.shape")
        index = [slice(None)] * self._first_axis()
        for low, high in self._pairs():
            index.append(slice(low, -high if high else None))
        return inputs[tuple(index)]

    def compute_output_shape(self, input_shape):
        return self._with_spatial(input_shape, self._cropped(input_shape, "input_shape"))

    def get_config(self):
        return {**super().get_config(), "cropping": self.cropping, "data_format": self.data_format}


class ZeroPadding(SpatialLayer):
    """Puts zeros at the ends of the spatial axes; `padding` holds a pair for each."""

    def _pairs(self):
        return self.padding

    def call(self, inputs):
        pairs = [(0, 0)] * (self._rank + 2)
        first = self._first_axis()
        pairs[first : first + self._rank] = self._pairs()
        return ops.pad(inputs, tuple(pairs))

    def compute_output_shape(self, input_shape):
        sizes = [
            None if size is None else size + low + high
            for size, (low, high) in zip(self._spatial(input_shape), self._pairs())
        ]
        return self._with_spatial(input_shape, sizes)

    def get_config(self):
        return {**super().get_config(), "padding": self.padding, "data_format": self.data_format}


class UpSampling(SpatialLayer):
    """Repeats every place along the spatial axes; `size` holds a factor for each."""

    def _factors(self):
        return self.size

    def call(self, inputs):
        for axis, factor in enumerate(self._factors(), start=self._first_axis()):
            inputs = ops.repeat(inputs, factor, axis=axis)
        return inputs

    def compute_output_shape(self, input_shape):
        sizes = [
            None if size is None else size * factor for size, factor in zip(self._spatial(input_shape), self._factors())
        ]
        return self._with_spatial(input_shape, sizes)

    def get_config(self):
        return {**super().get_config(), "size": self.size, "data_format": self.data_format}
