"""Symmetric quantization: the largest magnitude becomes the largest integer."""

from keraunos import config, dtypes, ops
from keraunos.quantizers.quantizer import Quantizer


def abs_max_quantize(inputs, axis, value_range=(-127, 127), dtype="int8", epsilon=1e-7, to_numpy=False):
    """Rounds `inputs * scale` to integers, where `scale = value_range[1] / (max(abs(inputs)) + epsilon)`.

    Args:
        inputs: Float tensor.
        axis: Axis or axes over which the maximum is taken: they share a scale.
        value_range: Smallest and largest integer.
        dtype: Dtype of the integers.
        epsilon: Keeps the scale finite for zeros.
        to_numpy: Accepted for Keras's sake: there is one memory.

    Returns:
        `(integers, scale)`; the scale has size 1 along `axis` and the dtype of `inputs`.

    Example:

    >>> integers, scale = keraunos.quantizers.abs_max_quantize(np.array([[1.0, -0.5, 0.25]], "float32"), axis=-1)
    >>> integers.numpy().tolist(), scale.shape
    ([[127, -63, 32]], (1, 1))
    """
    inputs = ops.convert_to_tensor(inputs)
    axis = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    largest = ops.max(ops.abs(inputs), axis=axis, keepdims=True)
    scale = ops.cast(ops.divide(value_range[1], ops.add(largest, epsilon)), inputs.dtype)
    outputs = ops.clip(ops.round(ops.multiply(inputs, scale)), value_range[0], value_range[1])
    return ops.cast(outputs, dtype), scale


class AbsMaxQuantizer(Quantizer):
    """`abs_max_quantize` as an object.

    Args:
        axis: Axis or axes that share a scale; better given in the call. The last axis if given nowhere.
        value_range: Smallest and largest integer.
        epsilon: Keeps the scale finite for zeros. `config.epsilon()` if `None`.
        output_dtype: Dtype of the integers.

    Raises:
        ValueError: for a range that int8 does not hold.

    Example:

    >>> integers, scale = keraunos.quantizers.AbsMaxQuantizer()(keraunos.ops.array([[2.0, -0.5]]), axis=-1)
    >>> integers.numpy().tolist()
    [[127, -32]]
    """

    def __init__(self, axis=None, value_range=(-127, 127), epsilon=None, output_dtype="int8"):
        super().__init__(output_dtype=output_dtype)
        self.axis = axis if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)
        self.value_range = tuple(value_range)
        self.epsilon = config.epsilon() if epsilon is None else epsilon
        if output_dtype == "int8" and (value_range[0] < -128 or value_range[1] > 127):
            raise ValueError(
                "Quantizer with output_dtype='int8' requires value_range to be within the interval [-128, 127]. "
                f"Received: value_range={value_range}"
            )

    def __call__(self, x, axis=None, to_numpy=False):
        """Returns the integers and their scale, see `abs_max_quantize`."""
        if axis is None:
            axis = -1 if self.axis is None else self.axis
        return abs_max_quantize(x, axis, self.value_range, self.output_dtype, self.epsilon, to_numpy)

    def get_config(self):
        result = {"value_range": self.value_range, "epsilon": self.epsilon, "output_dtype": self.output_dtype}
        if self.axis is not None:
            result["axis"] = self.axis
        return result


def abs_max_quantize_grouped_with_zero_point(
    inputs, block_size, value_range=(-8, 7), dtype="int8", epsilon=1e-7, to_numpy=False
):
    """Quantizes a matrix by blocks of rows, each with its own scale and zero point per column.

    Args:
        inputs: Matrix, `(rows, columns)`.
        block_size: Number of rows in a block. The last block may be smaller: it is filled up with zeros.
        value_range: Smallest and largest integer.
        dtype: Dtype of the integers.
        epsilon: Keeps the scale above zero for constant columns.
        to_numpy: Accepted for Keras's sake: there is one memory.

    Returns:
        `(integers, scale, zero_point)` of shapes `(rows, columns)`, `(blocks, columns)` and `(blocks, columns)`;
        the floats are about `(integers - zero_point) * scale`.

    Example:

    >>> matrix = np.linspace(0, 1, 12, dtype="float32").reshape(6, 2)
    >>> integers, scale, zero = keraunos.quantizers.abs_max_quantize_grouped_with_zero_point(matrix, block_size=4)
    >>> scale.shape, zero.dtype
    ((2, 2), 'int8')
    """
    inputs = ops.convert_to_tensor(inputs)
    float_dtype = dtypes.standardize_dtype(inputs.dtype)
    rows, columns = inputs.shape
    blocks = -(-rows // block_size)
    smallest, largest = value_range
    padded = ops.pad(inputs, [[0, blocks * block_size - rows], [0, 0]])
    padded = ops.reshape(padded, (blocks, block_size, columns))
    low = ops.min(padded, axis=1, keepdims=True)
    high = ops.max(padded, axis=1, keepdims=True)
    scale = ops.divide(ops.add(ops.subtract(high, low), epsilon), largest - smallest)
    zero = ops.clip(ops.add(ops.round(ops.divide(ops.negative(low), scale)), smallest), smallest, largest)
    outputs = ops.clip(ops.add(ops.round(ops.divide(padded, scale)), zero), smallest, largest)
    outputs = ops.reshape(ops.cast(outputs, dtype), (blocks * block_size, columns))[:rows]
    return outputs, ops.cast(ops.squeeze(scale, axis=1), float_dtype), ops.cast(ops.squeeze(zero, axis=1), "int8")
