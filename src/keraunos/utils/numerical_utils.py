"""Small numeric helpers for preparing data."""

import numpy as np

from keraunos import config, ops
from keraunos.tensor import is_tensor


def normalize(x, axis=-1, order=2):
    """Divides by the norm along an axis; rows of norm 0 stay 0.

    Args:
        x: array or tensor.
        axis: axis along which the norm is taken.
        order: order of the norm, `2` by default, as in `numpy.linalg.norm`.

    Returns:
        Array (for an array) or tensor (for a tensor) of the same shape.

    Example:

    >>> from keraunos.utils import normalize
    >>> import numpy as np
    >>> normalize(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]])
    """
    if is_tensor(x):
        return ops.normalize(x, axis=axis, order=order)
    norms = np.atleast_1d(np.linalg.norm(x, order, axis))
    norms[norms == 0] = 1
    # `axis` can be a tuple for matrix norms.
    return x / np.expand_dims(norms, axis) if np.ndim(x) > 0 else x / norms


def to_categorical(x, num_classes=None):
    """Turns class indices into one-hot rows.

    Args:
        x: array or tensor of integers in `[0, num_classes)`; a last axis of size 1 is dropped.
        num_classes: number of classes; by default the largest index plus one.

    Returns:
        Array (or tensor, for a tensor) of shape `x.shape + (num_classes,)`.

    Example:

    >>> from keraunos.utils import to_categorical
    >>> to_categorical([0, 2])
    array([[1., 0., 0.],
           [0., 0., 1.]])
    """
    return_tensor = is_tensor(x)
    indices = np.array(ops.convert_to_numpy(x) if return_tensor else x)
    if indices.dtype.kind not in "biuf":
        raise ValueError(
            f"to_categorical: `x` must hold integers. Received: dtype={indices.dtype}"
        )
    indices = indices.astype("int64")
    shape = indices.shape
    if len(shape) > 1 and shape[-1] == 1:
        shape = shape[:-1]
    if num_classes is None:
        num_classes = int(indices.max()) + 1 if indices.size else 0
    out_of_range = (indices < 0) | (indices >= num_classes)
    if out_of_range.any():
        raise ValueError(
            f"to_categorical: every value of `x` must be in [0, num_classes). Received: "
            f"value {int(indices[out_of_range][0])}, num_classes={num_classes}"
        )
    result = np.zeros(shape + (num_classes,))
    flat = indices.reshape(-1)
    result.reshape(-1, num_classes)[np.arange(flat.size), flat] = 1
    if return_tensor:
        return ops.convert_to_tensor(result, dtype=config.floatx())
    return result
