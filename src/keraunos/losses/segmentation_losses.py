"""Losses of overlap between regions."""

from keraunos import config, ops
from keraunos.losses.loss_function_wrapper import FunctionLoss
from keraunos.losses.shapes import pair


def dice(y_true, y_pred, axis=None):
    """`1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred))`, sums over `axis` (`None`: everything)."""
    y_true, y_pred = pair("dice", y_true, y_pred)
    intersection = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1 - 2.0 * intersection / (total + config.epsilon())


def tversky(y_true, y_pred, alpha=0.5, beta=0.5, axis=None):
    """`1 - both / (both + alpha * missed + beta * invented)`, sums over `axis` (Salehi et al., 2017)."""
    y_true, y_pred = pair("tversky", y_true, y_pred)
    both = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum((1 - y_pred) * y_true, axis=axis)
    invented = ops.sum(y_pred * (1 - y_true), axis=axis)
    return 1 - both / (both + missed * alpha + invented * beta + config.epsilon())


class Dice(FunctionLoss):
    """One minus the Dice coefficient. See `dice`."""

    _keras_config = ("axis",)

    def __init__(self, reduction="sum_over_batch_size", name="dice", axis=None, dtype=None):
        super().__init__(dice, name=name, reduction=reduction, dtype=dtype, axis=axis)
        self.axis = axis


class Tversky(FunctionLoss):
    """One minus the Tversky index. See `tversky`."""

    _keras_config = ("alpha", "beta", "axis")

    def __init__(
        self, alpha=0.5, beta=0.5, reduction="sum_over_batch_size", name="tversky", axis=None, dtype=None
    ):
        super().__init__(
            tversky, name=name, reduction=reduction, dtype=dtype, alpha=alpha, beta=beta, axis=axis
        )
        self.alpha = alpha
        self.beta = beta
        self.axis = axis
