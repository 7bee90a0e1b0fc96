"""8-bit floats, emulated: values are rounded to the grid of the 8-bit type and stay in the type they have.

The formats are those of Micikevicius et al., 2022, "FP8 Formats for Deep Learning".
"""

import numpy as np

from keraunos import ops

# Bits of the fraction, exponent of the smallest normal number, largest number.
_FORMATS = {"float8_e4m3fn": (3, -6, 448.0), "float8_e5m2": (2, -14, 57344.0)}


def float8_max(quantized_dtype):
    """Returns the largest number of an 8-bit float type.

    Raises:
        ValueError: for a type other than `"float8_e4m3fn"` and `"float8_e5m2"`.
    """
    return _format(quantized_dtype)[2]


def _format(quantized_dtype):
    name = getattr(quantized_dtype, "__name__", None) or str(quantized_dtype)
    if name not in _FORMATS:
        raise ValueError(f"Expected an 8-bit float dtype, one of {tuple(_FORMATS)}. Received: {quantized_dtype}")
    return _FORMATS[name]


def round_to_float8(x, quantized_dtype):
    """Rounds to the nearest number of an 8-bit float type, ties to the even one.

    Args:
        x: Float tensor within the range of the type.
        quantized_dtype: `"float8_e4m3fn"` or `"float8_e5m2"`.

    Returns:
        A tensor of the dtype of `x`.
    """
    fraction_bits, smallest_exponent, largest = _format(quantized_dtype)
    x = ops.convert_to_tensor(x)
    exact = ops.cast(x, "float32")
    exponents = np.arange(smallest_exponent, int(np.log2(largest)) + 1)
    # Between two powers of two the numbers of the type are equally far apart; below the smallest normal one too.
    powers = np.exp2(exponents[1:]).astype("float32")
    steps = np.exp2(exponents - fraction_bits).astype("float32")
    step = ops.take(ops.convert_to_tensor(steps), ops.digitize(ops.abs(exact), powers))
    return ops.cast(ops.multiply(ops.round(ops.divide(exact, step)), step), x.dtype)


def quantize_and_dequantize(inputs, scale, quantized_dtype, compute_dtype):
    """Rounds `inputs / scale` to an 8-bit float type and multiplies by `scale` again.

    Args:
        inputs: Float tensor.
        scale: What the inputs are divided by; larger results than the type holds are clipped.
        quantized_dtype: `"float8_e4m3fn"` or `"float8_e5m2"`.
        compute_dtype: Dtype of the computation and of the result.

    Example:

    >>> x = keraunos.ops.array([1.0, 1.06, 500.0])
    >>> keraunos.quantizers.quantize_and_dequantize(x, 1.0, "float8_e4m3fn", "float32").numpy().tolist()
    [1.0, 1.0, 448.0]
    """
    largest = float8_max(quantized_dtype)
    scale = ops.cast(scale, compute_dtype)
    x = ops.clip(ops.divide(ops.cast(inputs, compute_dtype), scale), -largest, largest)
    return ops.multiply(round_to_float8(x, quantized_dtype), scale)


def compute_float8_scale(amax, scale, dtype_max, margin=0):
    """The next scale for values whose largest magnitude was `amax`: `amax * 2**margin / dtype_max`.

    Args:
        amax: Largest magnitude of late.
        scale: The present scale; it stays when `amax` is zero or not finite.
        dtype_max: Largest number of the 8-bit type.
        margin: Powers of two to stay away from `dtype_max`.

    Example:

    >>> float(keraunos.quantizers.compute_float8_scale(keraunos.ops.array(896.0), keraunos.ops.array(1.0), 448.0))
    2.0
    """
    amax = ops.convert_to_tensor(amax)
    inverse = ops.reciprocal(scale)
    found = ops.divide(ops.divide(dtype_max, amax), 2**margin)
    found = ops.where(ops.greater(amax, 0.0), found, inverse)
    found = ops.where(ops.isfinite(amax), found, inverse)
    return ops.reciprocal(found)


def compute_float8_amax_history(x, amax_history):
    """Rolls the history of largest magnitudes back by one and puts that of `x` first.

    Args:
        x: Tensor.
        amax_history: Vector.

    Example:

    >>> history = keraunos.ops.array([5.0, 6.0, 7.0])
    >>> keraunos.quantizers.compute_float8_amax_history(keraunos.ops.array([-3.0, 2.0]), history).numpy().tolist()
    [3.0, 7.0, 5.0]
    """
    amax_history = ops.convert_to_tensor(amax_history)
    amax = ops.reshape(ops.cast(ops.max(ops.abs(x)), amax_history.dtype), (1,))
    return ops.scatter_update(ops.roll(amax_history, shift=-1), [[0]], amax)
