"""Counting true and false positives and negatives at many thresholds."""

from enum import Enum

import numpy as np

from keraunos import config, ops
from keraunos.losses.shapes import align_ranks, broadcast_like

# Default threshold with `top_k`: below every score that `_keep_top_k` keeps.
NEG_INF = -1e10


class ConfusionMatrix(Enum):
    """The four counts."""

    TRUE_POSITIVES = "tp"
    FALSE_POSITIVES = "fp"
    TRUE_NEGATIVES = "tn"
    FALSE_NEGATIVES = "fn"


def parse_thresholds(thresholds, default):
    """Thresholds as a list; each must lie in [0, 1]."""
    if thresholds is None:
        return [default]
    thresholds = list(thresholds) if isinstance(thresholds, (list, tuple, np.ndarray)) else [thresholds]
    invalid = [threshold for threshold in thresholds if threshold is None or threshold < 0 or threshold > 1]
    if invalid:
        raise ValueError(f"Threshold values must be in [0, 1]. Received: {invalid}")
    return thresholds


def are_evenly_spaced(thresholds):
    """Whether three or more thresholds divide [0, 1] into equal parts."""
    count = len(thresholds)
    if count < 3:
        return False
    even = np.arange(count, dtype=np.float32) / (count - 1)
    return bool(np.allclose(thresholds, even, atol=config.epsilon()))


def update_counts(
    variables,
    y_true,
    y_pred,
    thresholds,
    top_k=None,
    class_id=None,
    sample_weight=None,
    multi_label=False,
    label_weights=None,
    evenly_spaced=False,
):
    """Adds a batch to the counts.

    Arguments:
        variables: dictionary from `ConfusionMatrix` to the variable of that count, shape `(thresholds,)`, or
            `(thresholds, labels)` with `multi_label`.
        y_true: labels; everything but 0 is positive.
        y_pred: predictions; positive when greater than the threshold.
        thresholds: list of floats.
        top_k: if given, all but the `k` largest predictions of a row are negative.
        class_id: if given, only this column counts.
        sample_weight: one weight per row, or per prediction.
        multi_label: whether columns are counted apart.
        label_weights: one weight per column (only without `multi_label`).
        evenly_spaced: whether the thresholds divide [0, 1] evenly, which allows counting in buckets.
    """
    dtype = next(iter(variables.values())).dtype
    y_true, y_pred = ops.cast(y_true, dtype), ops.cast(y_pred, dtype)
    y_pred, y_true = align_ranks(y_pred, y_true)
    if sample_weight is not None:
        sample_weight = ops.expand_dims(ops.cast(sample_weight, dtype), axis=-1)
        _, sample_weight = align_ranks(y_true, sample_weight, expand_rank_1=False)
    if top_k is not None:
        y_pred = _keep_top_k(y_pred, top_k)
    if class_id is not None:
        if len(y_pred.shape) == 1:
            raise ValueError(
                "When class_id is provided, y_pred must be a 2D array with shape (num_samples, num_classes), "
                f"found shape: {tuple(y_pred.shape)}"
            )
        y_true, y_pred = y_true[..., class_id : class_id + 1], y_pred[..., class_id : class_id + 1]
    weights = _weights(y_pred, sample_weight, label_weights)
    is_positive = ops.cast(ops.not_equal(y_true, 0), dtype)
    positives = is_positive if weights is None else is_positive * weights
    negatives = 1.0 - is_positive if weights is None else (1.0 - is_positive) * weights
    if not multi_label:
        y_pred, positives, negatives = (ops.reshape(x, (-1,)) for x in (y_pred, positives, negatives))
    count = _count_in_buckets if evenly_spaced else _count_at_each_threshold
    counts = {}
    if _wants(variables, "TRUE_POSITIVES", "FALSE_NEGATIVES"):
        true_positives, total = count(y_pred, positives, thresholds), ops.sum(positives, axis=0)
        counts[ConfusionMatrix.TRUE_POSITIVES] = true_positives
        counts[ConfusionMatrix.FALSE_NEGATIVES] = lambda: total - true_positives
    if _wants(variables, "FALSE_POSITIVES", "TRUE_NEGATIVES"):
        false_positives, rest = count(y_pred, negatives, thresholds), ops.sum(negatives, axis=0)
        counts[ConfusionMatrix.FALSE_POSITIVES] = false_positives
        counts[ConfusionMatrix.TRUE_NEGATIVES] = lambda: rest - false_positives
    for condition, variable in variables.items():
        value = counts[condition]
        variable.assign_add(value() if callable(value) else value)


def confusion_matrix(labels, predictions, num_classes, weights, dtype):
    """Matrix of shape `(num_classes, num_classes)`: weight of each pair (label, prediction). Vectors in range."""
    cell = ops.cast(labels, "int32") * num_classes + ops.cast(predictions, "int32")
    sums = ops.segment_sum(ops.cast(weights, dtype), cell, num_segments=num_classes * num_classes)
    return ops.reshape(sums, (num_classes, num_classes))


def _wants(variables, *names):
    return any(ConfusionMatrix[name] in variables for name in names)


def _weights(y_pred, sample_weight, label_weights):
    """Weights with the shape of `y_pred`, or `None`."""
    weights = None
    if sample_weight is not None:
        weights = broadcast_like(sample_weight, y_pred)
    if label_weights is not None:
        label_weights = broadcast_like(ops.expand_dims(label_weights, 0), y_pred)
        weights = label_weights if weights is None else weights * label_weights
    return weights


def _count_at_each_threshold(y_pred, amounts, thresholds):
    """Sum of the amounts whose prediction is greater, for each threshold: shape `(thresholds, ...)`."""
    thresholds = ops.convert_to_tensor(np.asarray(thresholds, dtype="float64"), dtype=y_pred.dtype)
    thresholds = ops.reshape(thresholds, (-1,) + (1,) * len(y_pred.shape))
    above = ops.cast(ops.greater(ops.expand_dims(y_pred, 0), thresholds), amounts.dtype)
    return ops.sum(above * ops.expand_dims(amounts, 0), axis=1)


def _count_in_buckets(y_pred, amounts, thresholds):
    """As `_count_at_each_threshold` for evenly spaced thresholds, in one pass over the predictions.

    Bucket b holds the predictions in (thresholds[b - 1], thresholds[b]]; threshold t is passed by the buckets above it.
    """
    size = len(thresholds)
    y_pred = ops.clip(y_pred, 0.0, 1.0)
    # A NaN prediction belongs to no bucket: it must show in the result instead of counting as one of them.
    amounts = amounts + y_pred * 0.0
    bucket = ops.cast(ops.clip(ops.ceil(y_pred * (size - 1)), 0, size - 1), "int32")
    if thresholds[0] < 0.0:
        bucket = ops.maximum(bucket, 1)
    if len(y_pred.shape) == 1:
        sums = ops.segment_sum(amounts, bucket, num_segments=size)
    else:
        labels = y_pred.shape[-1]
        bucket = bucket * labels + ops.arange(labels, dtype="int32")
        sums = ops.segment_sum(
            ops.reshape(amounts, (-1,)), ops.reshape(bucket, (-1,)), num_segments=size * labels
        )
        sums = ops.reshape(sums, (size, labels))
    above = ops.flip(ops.cumsum(ops.flip(sums[1:], axis=0), axis=0), axis=0)
    return ops.concatenate([above, ops.zeros_like(sums[:1])], axis=0)


def _keep_top_k(scores, k):
    """Scores with all but the `k` largest of each row set to `NEG_INF`."""
    _, indices = ops.top_k(scores, k)
    kept = ops.sum(ops.one_hot(indices, scores.shape[-1], dtype=scores.dtype), axis=-2)
    return scores * kept + NEG_INF * (1 - kept)
