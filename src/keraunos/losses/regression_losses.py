"""Losses of numbers against numbers."""

import math

from keraunos import config, ops
from keraunos.losses.loss_function_wrapper import FunctionLoss
from keraunos.losses.shapes import pair


def mean_squared_error(y_true, y_pred):
    """`mean(square(y_true - y_pred), axis=-1)`.

    ```python
    keraunos.losses.mean_squared_error([[0.0, 1.0]], [[1.0, 1.0]])  # [0.5]
    ```
    """
    y_true, y_pred = pair("mean_squared_error", y_true, y_pred)
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true, y_pred):
    """`mean(abs(y_true - y_pred), axis=-1)`."""
    y_true, y_pred = pair("mean_absolute_error", y_true, y_pred)
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true, y_pred):
    """`100 * mean(abs((y_true - y_pred) / y_true), axis=-1)`; targets below epsilon count as epsilon."""
    y_true, y_pred = pair("mean_absolute_percentage_error", y_true, y_pred)
    relative = (y_true - y_pred) / ops.maximum(ops.abs(y_true), config.epsilon())
    return 100.0 * ops.mean(ops.abs(relative), axis=-1)


def mean_squared_logarithmic_error(y_true, y_pred):
    """`mean(square(log(y_true + 1) - log(y_pred + 1)), axis=-1)`; values below epsilon count as epsilon."""
    y_true, y_pred = pair("mean_squared_logarithmic_error", y_true, y_pred)
    first = ops.log(ops.maximum(y_pred, config.epsilon()) + 1.0)
    second = ops.log(ops.maximum(y_true, config.epsilon()) + 1.0)
    return ops.mean(ops.square(first - second), axis=-1)


def cosine_similarity(y_true, y_pred, axis=-1):
    """`-sum(unit(y_true) * unit(y_pred), axis)`: -1 for the same direction, 1 for opposite ones, 0 for zeros."""
    y_true, y_pred = pair("cosine_similarity", y_true, y_pred)
    return -ops.sum(ops.normalize(y_true, axis=axis) * ops.normalize(y_pred, axis=axis), axis=axis)


def huber(y_true, y_pred, delta=1.0):
    """Mean over the last axis of `error^2 / 2` up to `delta`, and of `delta * abs(error) - delta^2 / 2` beyond it."""
    y_true, y_pred = pair("huber", y_true, y_pred)
    delta = ops.convert_to_tensor(delta, dtype=y_pred.dtype)
    error = y_pred - y_true
    size = ops.abs(error)
    values = ops.where(size <= delta, 0.5 * ops.square(error), delta * size - 0.5 * ops.square(delta))
    return ops.mean(values, axis=-1)


def log_cosh(y_true, y_pred):
    """`mean(log(cosh(y_pred - y_true)), axis=-1)`, in the form `x + softplus(-2x) - log(2)` that does not overflow."""
    y_true, y_pred = pair("log_cosh", y_true, y_pred)
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(error * -2.0) - math.log(2.0), axis=-1)


class MeanSquaredError(FunctionLoss):
    """Mean of squared errors. See `mean_squared_error`.

    ```python
    model.compile(optimizer="sgd", loss=keraunos.losses.MeanSquaredError())
    ```
    """

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_error", dtype=None):
        super().__init__(mean_squared_error, name=name, reduction=reduction, dtype=dtype)


class MeanAbsoluteError(FunctionLoss):
    """Mean of absolute errors. See `mean_absolute_error`."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_error", dtype=None):
        super().__init__(mean_absolute_error, name=name, reduction=reduction, dtype=dtype)


class MeanAbsolutePercentageError(FunctionLoss):
    """Mean of absolute errors in percent of the target. See `mean_absolute_percentage_error`."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_absolute_percentage_error", dtype=None):
        super().__init__(mean_absolute_percentage_error, name=name, reduction=reduction, dtype=dtype)


class MeanSquaredLogarithmicError(FunctionLoss):
    """Mean of squared errors of logarithms. See `mean_squared_logarithmic_error`."""

    def __init__(self, reduction="sum_over_batch_size", name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(mean_squared_logarithmic_error, name=name, reduction=reduction, dtype=dtype)


class CosineSimilarity(FunctionLoss):
    """Negative cosine between target and prediction along `axis`. See `cosine_similarity`."""

    _own_config = {"axis": -1}

    def __init__(self, axis=-1, reduction="sum_over_batch_size", name="cosine_similarity", dtype=None):
        super().__init__(cosine_similarity, name=name, reduction=reduction, dtype=dtype, axis=axis)


class Huber(FunctionLoss):
    """Squared error near 0, absolute error beyond `delta`. See `huber`."""

    _own_config = {"delta": 1.0}

    def __init__(self, delta=1.0, reduction="sum_over_batch_size", name="huber_loss", dtype=None):
        super().__init__(huber, name=name, reduction=reduction, dtype=dtype, delta=delta)


class LogCosh(FunctionLoss):
    """Logarithm of the hyperbolic cosine of the error. See `log_cosh`."""

    def __init__(self, reduction="sum_over_batch_size", name="log_cosh", dtype=None):
        super().__init__(log_cosh, name=name, reduction=reduction, dtype=dtype)
