"""Floats from integers that have a scale and a zero point for each group."""

from keraunos import ops


def dequantize_with_sz_map(weights_matrix, scale, zero, g_idx, group_axis=-1):
    """Returns `(weights_matrix - zero) * scale`, where each index along an axis takes those of its group.

    Args:
        weights_matrix: Integers.
        scale: Scales, with one index per group along `group_axis`.
        zero: Zero points, likewise.
        g_idx: Vector: the group of each index of that axis of `weights_matrix`.
        group_axis: The axis of the groups.

    Example:

    >>> integers = keraunos.ops.array([[1, 2, 3]], dtype="int8")
    >>> scale, zero = keraunos.ops.array([[0.5, 2.0]]), keraunos.ops.array([[1, 0]], dtype="int8")
    >>> dequantize_with_sz_map(integers, scale, zero, [0, 0, 1]).numpy().tolist()
    [[0.0, 0.5, 6.0]]
    """
    groups = ops.cast(g_idx, "int32")
    scale = ops.take(scale, groups, axis=group_axis)
    zero = ops.cast(ops.take(zero, groups, axis=group_axis), scale.dtype)
    return ops.multiply(ops.subtract(weights_matrix, zero), scale)
