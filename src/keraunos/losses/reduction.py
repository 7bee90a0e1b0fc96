"""From one loss value per sample to a number: masks, sample weights and the reduction."""

from keraunos import ops
from keraunos.losses.shapes import align_ranks

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


def standardize_reduction(reduction):
    """`reduction` itself, or a `ValueError` that lists the allowed ones."""
    if reduction not in REDUCTIONS:
        raise ValueError(
            f"Invalid value for argument `reduction`. Expected one of {REDUCTIONS}. Received: reduction={reduction}"
        )
    return reduction


def reduce_weighted_values(values, sample_weight=None, mask=None, reduction="sum_over_batch_size", dtype=None):
    """Applies mask and sample weights to loss values, then the reduction.

    Arguments:
        values: tensor of losses.
        sample_weight: tensor that broadcasts to `values`, or `None`.
        mask: boolean tensor that broadcasts to `values`, or `None`; masked values do not count in a mean.
        reduction: one of `REDUCTIONS`.
        dtype: dtype of the result; that of `values` by default.
    """
    standardize_reduction(reduction)
    values = ops.convert_to_tensor(values, dtype=dtype)
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight, dtype=values.dtype)
    sample_weight = apply_mask(sample_weight, mask, dtype=values.dtype, reduction=reduction)
    if sample_weight is not None:
        values, sample_weight = align_ranks(values, sample_weight)
        _require_broadcastable(values, sample_weight)
        values = values * sample_weight
    return reduce_values(values, sample_weight, reduction)


def reduce_values(values, sample_weight=None, reduction="sum_over_batch_size"):
    """Sum or mean of all values; values without axes, or none at all, pass unchanged."""
    shape = tuple(values.shape)
    if reduction in (None, "none") or shape in ((), (0,)):
        return values
    if reduction == "sum" or 0 in shape:
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(sample_weight))
    return ops.mean(values)


def apply_mask(sample_weight, mask, dtype, reduction):
    """Sample weights that are 0 where `mask` is false.

    For the mean reductions the rest is scaled up so that dividing by the full count gives the mean of the kept values.
    """
    if mask is None:
        return sample_weight
    mask = ops.cast(mask, dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        total = ops.cast(ops.size(mask), dtype)
        mask = mask * ops.divide_no_nan(total, ops.sum(mask))
    if sample_weight is None:
        return mask
    mask, sample_weight = align_ranks(mask, ops.cast(sample_weight, dtype))
    return sample_weight * mask


def _require_broadcastable(values, sample_weight):
    """Weights may repeat along axes of the values; values may not repeat along axes of the weights."""
    shape, weight_shape = tuple(values.shape), tuple(sample_weight.shape)
    fits = len(weight_shape) <= len(shape) and all(
        weight in (1, None) or size is None or size == weight
        for size, weight in zip(reversed(shape), reversed(weight_shape))
    )
    if shape and not fits:
        raise ValueError(
            "`sample_weight` must have the shape of the loss values or broadcast to it. "
            f"Received: sample_weight.shape={weight_shape} for loss values of shape {shape}"
        )
