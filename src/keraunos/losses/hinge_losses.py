"""Maximum-margin losses."""

from keraunos import ops
from keraunos.losses.loss_function_wrapper import FunctionLoss
from keraunos.losses.shapes import pair


def hinge(y_true, y_pred):
    """`mean(max(1 - y_true * y_pred, 0), axis=-1)` with targets -1 and 1; targets 0 and 1 are converted."""
    y_true, y_pred = pair("hinge", y_true, y_pred)
    return ops.mean(_margins(y_true, y_pred), axis=-1)


def squared_hinge(y_true, y_pred):
    """`mean(square(max(1 - y_true * y_pred, 0)), axis=-1)` with targets as for `hinge`."""
    y_true, y_pred = pair("squared_hinge", y_true, y_pred)
    return ops.mean(ops.square(_margins(y_true, y_pred)), axis=-1)


def categorical_hinge(y_true, y_pred):
    """`max(neg - pos + 1, 0)`: `pos` is the score of the true class, `neg` the best of the others (one-hot targets)."""
    y_true, y_pred = pair("categorical_hinge", y_true, y_pred)
    pos = ops.sum(y_true * y_pred, axis=-1)
    neg = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(neg - pos + 1.0, 0.0)


def _margins(y_true, y_pred):
    is_binary = ops.all(ops.logical_or(ops.equal(y_true, 0), ops.equal(y_true, 1)))
    y_true = ops.where(is_binary, 2.0 * y_true - 1.0, y_true)
    return ops.maximum(1.0 - y_true * y_pred, 0.0)


class Hinge(FunctionLoss):
    """Mean distance to the margin. See `hinge`."""

    def __init__(self, reduction="sum_over_batch_size", name="hinge", dtype=None):
        super().__init__(hinge, name=name, reduction=reduction, dtype=dtype)


class SquaredHinge(FunctionLoss):
    """Mean squared distance to the margin. See `squared_hinge`."""

    def __init__(self, reduction="sum_over_batch_size", name="squared_hinge", dtype=None):
        super().__init__(squared_hinge, name=name, reduction=reduction, dtype=dtype)


class CategoricalHinge(FunctionLoss):
    """Margin between the true class and the best other one. See `categorical_hinge`."""

    def __init__(self, reduction="sum_over_batch_size", name="categorical_hinge", dtype=None):
        super().__init__(categorical_hinge, name=name, reduction=reduction, dtype=dtype)
