"""Arrays: made, asked for their shape, and moved around."""

from keraunos import ops
from keraunos import random as draws
from keraunos.config import floatx, image_data_format


def arange(start, stop=None, step=1, dtype="int32"):
    """Numbers from `start` up to `stop`, without it."""
    if stop is None:
        start, stop = 0, start
    return ops.arange(start, stop, step, dtype=dtype)


def constant(value, dtype=None, shape=None, name=None):
    """A tensor of a value, filled up to a shape."""
    value = ops.cast(ops.convert_to_tensor(value), dtype or floatx())
    return value if shape is None else ops.broadcast_to(value, shape)


def zeros(shape, dtype=None, name=None):
    """Zeros."""
    return ops.zeros(shape, dtype=dtype or floatx())


def ones(shape, dtype=None, name=None):
    """Ones."""
    return ops.ones(shape, dtype=dtype or floatx())


def zeros_like(x, dtype=None, name=None):
    """Zeros in the shape of `x`."""
    return ops.zeros_like(x, dtype=dtype)


def ones_like(x, dtype=None, name=None):
    """Ones in the shape of `x`."""
    return ops.ones_like(x, dtype=dtype)


def eye(size, dtype=None, name=None):
    """The identity matrix."""
    return ops.eye(size, dtype=dtype or floatx())


def random_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Numbers of a normal distribution."""
    return draws.normal(shape, mean=mean, stddev=stddev, dtype=dtype or floatx(), seed=seed)


def truncated_normal(shape, mean=0.0, stddev=1.0, dtype=None, seed=None):
    """Numbers of a normal distribution, none further than two deviations from the mean."""
    return draws.truncated_normal(shape, mean=mean, stddev=stddev, dtype=dtype or floatx(), seed=seed)


def random_uniform(shape, minval=0.0, maxval=1.0, dtype=None, seed=None):
    """Numbers drawn evenly from a range."""
    return draws.uniform(shape, minval=minval, maxval=maxval, dtype=dtype or floatx(), seed=seed)


def random_bernoulli(shape, p=0.0, dtype=None, seed=None):
    """Ones with probability `p`, else zeros."""
    return ops.cast(ops.less(draws.uniform(shape, seed=seed), p), dtype or floatx())


def dtype(x):
    """The name of the dtype."""
    return x.dtype


def ndim(x):
    """The number of axes."""
    return len(x.shape)


def int_shape(x):
    """The shape as a tuple; `None` for sizes that are not known."""
    return tuple(x.shape)


def count_params(x):
    """The number of elements."""
    return ops.size(x)


def is_sparse(tensor):
    """Whether a tensor is sparse: none is."""
    return False


def to_dense(tensor):
    """The tensor itself, which is dense."""
    return tensor


def cast_to_floatx(x):
    """`x` in the default float dtype."""
    return ops.cast(x, floatx())


def concatenate(tensors, axis=-1):
    """Tensors one after the other along an axis."""
    return ops.concatenate(tensors, axis=axis)


def expand_dims(x, axis=-1):
    """`x` with a new axis of size 1."""
    return ops.expand_dims(x, axis)


def flatten(x):
    """All elements in one row."""
    return ops.reshape(x, (-1,))


def batch_flatten(x):
    """The elements of each row of the batch in one row."""
    return ops.reshape(x, (ops.shape(x)[0], -1))


def permute_dimensions(x, pattern):
    """`x` with its axes in the order of `pattern`."""
    return ops.transpose(x, pattern)


def gather(reference, indices):
    """The rows at `indices`."""
    return ops.take(reference, indices, axis=0)


def reverse(x, axes):
    """`x` backwards along axes."""
    return ops.flip(x, axes)


def repeat(x, n):
    """A matrix `(rows, columns)` as `(rows, n, columns)`."""
    x = ops.convert_to_tensor(x)
    if len(x.shape) != 2:
        raise ValueError(f"repeat: needs a matrix. Received: shape {tuple(x.shape)}")
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x, rep, axis):
    """Every element `rep` times, one after the other, along an axis."""
    return ops.repeat(x, rep, axis=axis)


def _pad_inner(x, padding, data_format):
    data_format = data_format or image_data_format()
    if data_format not in ("channels_first", "channels_last"):
        raise ValueError(f"Unknown data_format: it must be 'channels_first' or 'channels_last'. Received: data_format={data_format}")
    pairs = [tuple(pair) for pair in padding]
    around = [(0, 0), (0, 0), *pairs] if data_format == "channels_first" else [(0, 0), *pairs, (0, 0)]
    return ops.pad(x, around)


def temporal_padding(x, padding=(1, 1)):
    """Zeros before and after the middle axis."""
    return ops.pad(x, [(0, 0), tuple(padding), (0, 0)])


def spatial_2d_padding(x, padding=((1, 1), (1, 1)), data_format=None):
    """Zeros around images."""
    return _pad_inner(x, padding, data_format)


def spatial_3d_padding(x, padding=((1, 1), (1, 1), (1, 1)), data_format=None):
    """Zeros around volumes."""
    return _pad_inner(x, padding, data_format)


def resize_images(x, height_factor, width_factor, data_format, interpolation="nearest"):
    """Images larger by whole factors."""
    first = 2 if data_format == "channels_first" else 1
    size = (ops.shape(x)[first] * height_factor, ops.shape(x)[first + 1] * width_factor)
    return ops.image.resize(x, size, interpolation=interpolation, data_format=data_format)


def resize_volumes(x, depth_factor, height_factor, width_factor, data_format):
    """Volumes larger by whole factors: every element is repeated."""
    first = 2 if data_format == "channels_first" else 1
    for axis, factor in enumerate((depth_factor, height_factor, width_factor), start=first):
        x = ops.repeat(x, factor, axis=axis)
    return x
