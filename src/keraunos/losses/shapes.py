"""Targets, predictions and weights: bringing their shapes together, and saying what is wrong when they do not fit."""

from keraunos import ops


def align_ranks(x1, x2, expand_rank_1=True):
    """Adds or removes a last axis of size 1 where the ranks differ by one.

    With `expand_rank_1`, a vector gets the axis; otherwise the other tensor loses it.
    """
    rank1, rank2 = len(x1.shape), len(x2.shape)
    if rank1 == rank2 + 1 and x1.shape[-1] == 1:
        if rank2 == 1 and expand_rank_1:
            return x1, ops.expand_dims(x2, axis=-1)
        return ops.squeeze(x1, axis=-1), x2
    if rank2 == rank1 + 1 and x2.shape[-1] == 1:
        if rank1 == 1 and expand_rank_1:
            return ops.expand_dims(x1, axis=-1), x2
        return x1, ops.squeeze(x2, axis=-1)
    return x1, x2


def pair(name, y_true, y_pred, hint=""):
    """`y_pred` as tensor, `y_true` as tensor of its dtype, both with the same shape.

    Raises:
        ValueError: the shapes differ by more than a last axis of size 1. Broadcasting would silently compare
            each target with each prediction.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype)
    y_true, y_pred = align_ranks(y_true, y_pred)
    require_same_shape(name, y_true, y_pred, hint)
    return y_true, y_pred


def require_same_shape(name, y_true, y_pred, hint=""):
    """Raises a `ValueError` naming both shapes unless they can be equal (unknown sizes fit anything)."""
    if may_be_equal(y_true.shape, y_pred.shape):
        return
    raise ValueError(
        f"{name}: arguments `y_true` and `y_pred` must have the same shape. "
        f"Received: y_true.shape={tuple(y_true.shape)} and y_pred.shape={tuple(y_pred.shape)}" + (f". {hint}" * bool(hint))
    )


def may_be_equal(shape1, shape2):
    """Whether two shapes have the same rank and no two known sizes that differ."""
    if len(shape1) != len(shape2):
        return False
    return all(a is None or b is None or a == b for a, b in zip(shape1, shape2))


def broadcast_like(x, reference):
    """`x` with the shape of `reference`; `x` itself when the shapes are equal already."""
    if tuple(x.shape) == tuple(reference.shape):
        return x
    return ops.broadcast_to(x, ops.shape(reference))
