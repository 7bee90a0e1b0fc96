"""Two 4-bit integers in a byte."""

from keraunos import ops
from keraunos.dtypes import standardize_dtype

_LOW_BITS = 0x0F
_SIGN_BIT = 8


def pack_int4(arr, axis=0, dtype="int8"):
    """Packs neighbours along `axis` into one byte each: the first in the low four bits, the second in the high ones.

    Args:
        arr: Tensor of `dtype` with values from -8 to 7 (`"int8"`) or 0 to 15 (`"uint8"`).
        axis: Axis to pack; an odd size is filled up with a zero.
        dtype: `"int8"` or `"uint8"`.

    Returns:
        `(packed, shape of packed, size of the axis before)`.

    Raises:
        ValueError: for another `dtype`.
        TypeError: if `arr` has another dtype.

    Example:

    >>> packed, shape, length = keraunos.quantizers.pack_int4(keraunos.ops.array([1, -2, 3], dtype="int8"))
    >>> packed.numpy().tolist(), shape, length
    ([-31, 3], (2,), 3)
    """
    _check_byte_dtype(dtype)
    arr = ops.convert_to_tensor(arr)
    if standardize_dtype(arr.dtype) != dtype:
        raise TypeError(f"Expected {dtype} tensor for packing, got {standardize_dtype(arr.dtype)}.")
    axis = axis + arr.ndim if axis < 0 else axis
    length = arr.shape[axis]
    # Bits are moved unsigned; the cast at the end only reads them differently.
    values = ops.cast(ops.moveaxis(arr, axis, 0), "uint8")
    if length % 2 == 1:
        values = ops.pad(values, [[0, 1]] + [[0, 0]] * (values.ndim - 1))
    values = ops.bitwise_and(values, ops.array(_LOW_BITS, dtype="uint8"))
    packed = ops.bitwise_or(values[::2], ops.left_shift(values[1::2], ops.array(4, dtype="uint8")))
    packed = ops.moveaxis(ops.cast(packed, dtype), 0, axis)
    return packed, tuple(packed.shape), length


def unpack_int4(packed, orig_len, axis=0, dtype="int8"):
    """Undoes `pack_int4`.

    Args:
        packed: Bytes, `"int8"` or `"uint8"`.
        orig_len: Size of the axis before packing.
        axis: The packed axis.
        dtype: `"int8"` for values from -8 to 7, `"uint8"` for 0 to 15.

    Raises:
        ValueError: for another `dtype`.
        TypeError: if `packed` are no bytes.

    Example:

    >>> packed = keraunos.ops.array([-31, 3], dtype="int8")
    >>> keraunos.quantizers.unpack_int4(packed, 3).numpy().tolist()
    [1, -2, 3]
    """
    _check_byte_dtype(dtype)
    packed = ops.convert_to_tensor(packed)
    if standardize_dtype(packed.dtype) not in ("int8", "uint8"):
        raise TypeError(f"Expected int8 or uint8 tensor for unpacking, got {packed.dtype}")
    axis = axis + packed.ndim if axis < 0 else axis
    values = ops.cast(packed, "uint8")
    low = ops.bitwise_and(values, ops.array(_LOW_BITS, dtype="uint8"))
    high = ops.right_shift(values, ops.array(4, dtype="uint8"))
    shape = tuple(packed.shape)
    both = ops.stack([low, high], axis=axis + 1)
    both = ops.cast(ops.reshape(both, (*shape[:axis], 2 * shape[axis], *shape[axis + 1 :])), dtype)
    both = both[(slice(None),) * axis + (slice(0, orig_len),)]
    if dtype == "uint8":
        return both
    # Moves 8..15 to -8..-1, the two's complement of four bits.
    sign = ops.array(_SIGN_BIT, dtype="int8")
    return ops.subtract(ops.bitwise_xor(both, sign), sign)


def _check_byte_dtype(dtype):
    if dtype not in ("int8", "uint8"):
        raise ValueError(f"Expected dtype to be 'int8' or 'uint8', but got '{dtype}'.")
