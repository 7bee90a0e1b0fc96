"""Dot layer."""

from keraunos import ops
from keraunos.layers.merging.base_merge import Merge


def batch_dot(x, y, axes=None):
    """Dot product of `x` and `y` along one axis each, for every member of the batch.

    Args:
        x: Tensor of rank 2 or more.
        y: Tensor of rank 2 or more with the same batch size.
        axes: The two axes, one axis for both, or `None` for the last of `x` and the last but one of `y`.

    Shapes: `(batch, *x's other axes, *y's other axes)`, or `(batch, 1)` if there are none.

    Raises:
        ValueError: for ranks, batch sizes or axes that do not fit.
    """
    x_shape, y_shape = tuple(x.shape), tuple(y.shape)
    x_axis, y_axis = _checked_axes(x_shape, y_shape, axes)
    x_ndim, y_ndim = len(x_shape), len(y_shape)
    # Bring the axes to where matmul takes them: last of x, first after the batch of y.
    x = ops.moveaxis(x, x_axis, -1)
    y = ops.moveaxis(y, y_axis, 1)
    x_rest = tuple(ops.shape(x))[1:-1]
    y_rest = tuple(ops.shape(y))[2:]
    batch = ops.shape(x)[0]
    depth = ops.shape(x)[-1]
    x = ops.reshape(x, (batch, -1 if x_rest else 1, depth))
    y = ops.reshape(y, (ops.shape(y)[0], ops.shape(y)[1], -1 if y_rest else 1))
    result = ops.matmul(x, y)
    if x_ndim == 2 and y_ndim == 2:
        return ops.squeeze(result, 1)
    return ops.reshape(result, (batch, *x_rest, *y_rest))


def _checked_axes(x_shape, y_shape, axes):
    received = f"Received inputs with shapes {x_shape} and {y_shape}."
    x_ndim, y_ndim = len(x_shape), len(y_shape)
    if x_ndim < 2 or y_ndim < 2:
        raise ValueError(f"Cannot do batch_dot on inputs with rank < 2. {received}")
    if None not in (x_shape[0], y_shape[0]) and x_shape[0] != y_shape[0]:
        raise ValueError(f"Cannot do batch_dot on inputs with different batch sizes. {received}")
    if axes is None:
        axes = (x_ndim - 1, y_ndim - 1 if y_ndim == 2 else y_ndim - 2)
    elif isinstance(axes, int):
        axes = (axes, axes)
    if any(isinstance(axis, (list, tuple)) for axis in axes):
        raise ValueError(
            f"Multiple target dimensions are not supported. Expected: None, int, (int, int), Provided: {axes} "
        )
    x_axis = axes[0] + x_ndim if axes[0] < 0 else axes[0]
    y_axis = axes[1] + y_ndim if axes[1] < 0 else axes[1]
    if 0 in (x_axis, y_axis):
        raise ValueError(
            "Cannot perform batch_dot over axis 0. If your inputs are not batched, add a dummy batch dimension to "
            "your inputs using keras.ops.expand_dims(x, 0)"
        )
    x_size, y_size = x_shape[x_axis], y_shape[y_axis]
    if None not in (x_size, y_size) and x_size != y_size:
        raise ValueError(
            f"Cannot do batch_dot on inputs with shapes {x_shape} and {y_shape} with axes={[x_axis, y_axis]}. "
            f"x.shape[{x_axis}] != y.shape[{y_axis}] ({x_size} != {y_size})."
        )
    return x_axis, y_axis


class Dot(Merge):
    """Dot product of two inputs along one axis each.

    Args:
        axes: An axis for both, or one axis for each.
        normalize: Whether the inputs are divided by their L2 norms first: then the result is their cosine.

    Raises:
        TypeError: if `axes` is neither an integer nor a list.
        ValueError: for other than two axes, and for shapes that do not fit.

    Example:

    >>> keraunos.layers.Dot(axes=1)([keraunos.ops.ones((2, 3)), keraunos.ops.ones((2, 3))]).shape
    (2, 1)
    """

    def __init__(self, axes, normalize=False, **kwargs):
        super().__init__(**kwargs)
        if not isinstance(axes, int):
            if not isinstance(axes, (list, tuple)):
                raise TypeError(
                    f"Invalid type for argument `axes`: it should be a list or an int. Received: axes={axes}"
                )
            if len(axes) != 2:
                raise ValueError(
                    f"Invalid format for argument `axes`: it should contain two elements. Received: axes={axes}"
                )
            if not isinstance(axes[0], int) or not isinstance(axes[1], int):
                raise ValueError(
                    f"Invalid format for argument `axes`: list elements should be integers. Received: axes={axes}"
                )
        self.axes = axes
        self.normalize = normalize
        self._reshape_required = False

    def _axes_of(self, *shapes):
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        return [axis % len(shape) if axis < 0 else axis for axis, shape in zip(axes, shapes)]

    def build(self, input_shape):
        if len(input_shape) != 2 or not isinstance(input_shape[0], (tuple, list)):
            raise ValueError(
                f"A `Dot` layer should be called on a list of 2 inputs. Received: input_shape={input_shape}"
            )
        shape1, shape2 = input_shape
        if shape1 is None or shape2 is None:
            return
        axis1, axis2 = self._axes_of(shape1, shape2)
        if shape1[axis1] != shape2[axis2]:
            raise ValueError(
                f"Incompatible input shapes: axis values {shape1[axis1]} (at axis {axis1}) != {shape2[axis2]} "
                f"(at axis {axis2}). Full input shapes: {shape1}, {shape2}"
            )

    def _merge_function(self, inputs):
        if len(inputs) != 2:
            raise ValueError(f"A `Dot` layer should be called on exactly 2 inputs. Received: inputs={inputs}")
        x, y = inputs
        axes = self._axes_of(x.shape, y.shape)
        if self.normalize:
            x = ops.normalize(x, axis=axes[0])
            y = ops.normalize(y, axis=axes[1])
        return batch_dot(x, y, axes)

    def compute_output_shape(self, input_shape):
        if not isinstance(input_shape, (tuple, list)) or len(input_shape) != 2:
            raise ValueError(
                f"A `Dot` layer should be called on a list of 2 inputs. Received: input_shape={input_shape}"
            )
        shape1, shape2 = list(input_shape[0]), list(input_shape[1])
        axis1, axis2 = self._axes_of(shape1, shape2)
        del shape1[axis1], shape2[axis2]
        shape = (*shape1, *shape2[1:])
        return shape if len(shape) > 1 else (*shape, 1)

    def compute_mask(self, inputs, mask=None):
        return None

    def get_config(self):
        return {**super().get_config(), "axes": self.axes, "normalize": self.normalize}


def dot(inputs, axes=-1, **kwargs):
    """Functional form of `Dot`: `Dot(axes, **kwargs)(inputs)`.

    Args:
        inputs: List of two tensors.
        axes: An axis for both, or one axis for each.
        **kwargs: Arguments of `Dot`.
    """
    return Dot(axes=axes, **kwargs)(inputs)
