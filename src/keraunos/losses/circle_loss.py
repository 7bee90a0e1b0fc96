"""Metric learning: circle loss."""

from keraunos import ops
from keraunos.losses.loss_function_wrapper import FunctionLoss
from keraunos.masking import set_keras_mask


def circle(y_true, y_pred, ref_labels=None, ref_embeddings=None, remove_diagonal=True, gamma=80, margin=0.4):
    """Circle loss (Sun et al., 2020) of normalized embeddings.

    Arguments:
        y_true: integer labels, shape `(batch,)`.
        y_pred: embeddings of norm 1, shape `(batch, features)`.
        ref_labels, ref_embeddings: what to compare with; the batch itself by default.
        remove_diagonal: whether a sample is not compared with itself.
        gamma: scale.
        margin: relaxation of the optimum.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(y_true, "int32")
    ref_embeddings = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    ref_labels = y_true if ref_labels is None else ops.cast(ref_labels, "int32")
    distances = ops.maximum(1 - ops.matmul(y_pred, ops.transpose(ref_embeddings)), 0.0)
    positive, negative = _pairs(y_true, ref_labels, remove_diagonal)
    positive_scores = -gamma * ops.maximum(margin + distances, 0.0) * (margin - distances)
    negative_scores = gamma * ops.maximum(1 + margin - distances, 0.0) * (1 - margin - distances)
    values = ops.softplus(
        ops.logsumexp(_only(positive, positive_scores), axis=1)
        + ops.logsumexp(_only(negative, negative_scores), axis=1)
    )
    set_keras_mask(values, values > 0)
    return values


def _pairs(labels, ref_labels, remove_diagonal):
    """Boolean matrices: same label, different label."""
    labels, ref_labels = ops.reshape(labels, (-1, 1)), ops.reshape(ref_labels, (1, -1))
    same = ops.equal(labels, ref_labels)
    if not remove_diagonal:
        return same, ops.logical_not(same)
    # Positions by counting ones: the batch size may be unknown while tracing.
    row = ops.cumsum(ops.ones_like(labels), axis=0)
    column = ops.cumsum(ops.ones_like(ref_labels), axis=1)
    return ops.logical_and(same, ops.not_equal(row, column)), ops.logical_not(same)


def _only(mask, scores):
    """Scores where `mask`, elsewhere a number so low that it counts for nothing: -inf would make NaN gradients."""
    lowest = -3e4 if scores.dtype == "float16" else -1e30
    return ops.where(mask, scores, lowest)


class Circle(FunctionLoss):
    """Pulls embeddings of one label together and pushes others apart. See `circle`."""

    _keras_config = ("gamma", "margin", "remove_diagonal")

    def __init__(
        self,
        gamma=80.0,
        margin=0.4,
        remove_diagonal=True,
        reduction="sum_over_batch_size",
        name="circle",
        dtype=None,
    ):
        super().__init__(
            circle,
            name=name,
            reduction=reduction,
            dtype=dtype,
            gamma=gamma,
            margin=margin,
            remove_diagonal=remove_diagonal,
        )
        self.gamma = gamma
        self.margin = margin
        self.remove_diagonal = remove_diagonal
