"""Which positions of a sequence a query may see."""

from keraunos import ops


def causal_mask(queries, length):
    """Boolean `(1, queries, length)`: true at the query's own position and before."""
    return ops.greater_equal(_positions(queries, -1), _positions(length, -2))


def window_mask(queries, length, window):
    """Boolean `(1, queries, length)`: true within `window - 1` positions of the query's own."""
    return ops.less(ops.abs(_positions(queries, -1) - _positions(length, -2)), window)


def _positions(length, other_axis):
    return ops.expand_dims(ops.expand_dims(ops.arange(length, dtype="int32"), other_axis), 0)


def joined_mask(masks):
    """What all of the masks allow, or `None` when there is none. Each is boolean (or becomes so) or `None`."""
    result = None
    for mask in masks:
        if mask is not None:
            mask = ops.cast(mask, "bool")
            result = mask if result is None else ops.logical_and(result, mask)
    return result


def with_head_axes(mask, rank, axis):
    """`mask` with axes of size 1 before `axis`, until it has the given rank."""
    for _ in range(rank - len(mask.shape)):
        mask = ops.expand_dims(mask, axis=axis)
    return mask
