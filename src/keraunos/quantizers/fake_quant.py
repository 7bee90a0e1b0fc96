"""Quantization that stays in floats, with a gradient to train through (Jacob et al., 2018)."""

from keraunos import dtypes, ops
from keraunos.ops._dispatch import operations

operation = operations("quantizers")


@operation("inputs", "min_vals", "max_vals")
def fake_quant_with_min_max_vars(inputs, min_vals, max_vals, num_bits=8, narrow_range=False, axis=None):
    """Rounds `inputs` to `2**num_bits` equidistant values between a minimum and a maximum.

    The range is moved a little so that zero is one of the values. Inside it the gradient passes; outside it goes to
    the minimum or the maximum.

    Args:
        inputs: Float tensor.
        min_vals: The minimum, or one for each index of `axis`.
        max_vals: The maximum, likewise.
        num_bits: Number of bits.
        narrow_range: Whether the smallest of the values is left out.
        axis: Axis with a range for each index; `None` for one range.

    Example:

    >>> keraunos.quantizers.fake_quant_with_min_max_vars(
    ...     keraunos.ops.array([-4.0, 0.7, 9.0]), keraunos.ops.array(-1.0), keraunos.ops.array(2.0), num_bits=2
    ... ).numpy().tolist()
    [-1.0, 1.0, 2.0]
    """
    inputs, min_vals, max_vals = (ops.convert_to_tensor(x) for x in (inputs, min_vals, max_vals))
    rank = len(inputs.shape)
    if axis is not None and not -rank <= axis < rank:
        raise ValueError(f"axis {axis} is out of bounds for array of dimension {rank}. Received: axis={axis}")
    axis = axis if axis is None else axis % rank
    largest = (1 << int(num_bits)) - 1
    smallest = 1 if narrow_range else 0
    shape = None if axis is None else (1,) * axis + (-1,) + (1,) * (rank - 1 - axis)
    summed = None if axis is None else [other for other in range(rank) if other != axis]

    @ops.custom_gradient
    def fake_quant(x, low, high):
        bottom, top, scale = _range_with_zero(low, high, smallest, largest)
        if shape is not None:
            bottom, top, scale = (ops.reshape(value, shape) for value in (bottom, top, scale))
        inverse = ops.reciprocal(scale)
        zero = ops.floor(ops.add(ops.multiply(ops.negative(bottom), inverse), 0.5))
        shifted = ops.subtract(ops.clip(ops.cast(x, bottom.dtype), bottom, top), bottom)
        levels = ops.floor(ops.add(ops.subtract(ops.multiply(shifted, inverse), zero), 0.5))
        result = ops.cast(ops.multiply(levels, scale), x.dtype)

        def gradient(upstream):
            inside = ops.logical_and(ops.greater_equal(x, bottom), ops.less_equal(x, top))
            below = ops.sum(ops.where(ops.less_equal(x, bottom), upstream, 0.0), axis=summed)
            above = ops.sum(ops.where(ops.greater_equal(x, top), upstream, 0.0), axis=summed)
            gradient_of_range = (ops.reshape(below, low.shape), ops.reshape(above, high.shape))
            return (ops.where(inside, upstream, 0.0), *gradient_of_range)

        return result, gradient

    return fake_quant(inputs, min_vals, max_vals)


def _range_with_zero(low, high, smallest, largest):
    """The range moved so that a multiple of the scale lies at zero, and the scale."""
    compute_dtype = dtypes.result_type(low.dtype, "float32")
    low, high = ops.cast(low, compute_dtype), ops.cast(high, compute_dtype)
    scale = ops.divide(ops.subtract(high, low), largest - smallest)
    zero = ops.round(ops.clip(ops.subtract(smallest, ops.divide(low, scale)), smallest, largest))
    return ops.multiply(ops.subtract(smallest, zero), scale), ops.multiply(ops.subtract(largest, zero), scale), scale
