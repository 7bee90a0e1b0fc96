"""Correlation of targets and predictions."""

from keraunos import config, ops
from keraunos.losses.shapes import pair
from keraunos.metrics.reduction_metrics import FunctionMetric


def pearson_correlation(y_true, y_pred, axis=-1):
    """Pearson correlation along `axis`: mean product of the standardized values."""
    y_true, y_pred = pair("pearson_correlation", y_true, y_pred)
    return ops.mean(_standardized(y_true, axis) * _standardized(y_pred, axis), axis=axis)


def concordance_correlation(y_true, y_pred, axis=-1):
    """Concordance correlation along `axis`: 1 only where values are equal, not only proportional (Lin, 1989)."""
    y_true, y_pred = pair("concordance_correlation", y_true, y_pred)
    mean_true = ops.mean(y_true, axis=axis, keepdims=True)
    mean_pred = ops.mean(y_pred, axis=axis, keepdims=True)
    variance_true = ops.var(y_true - mean_true, axis=axis, keepdims=True)
    variance_pred = ops.var(y_pred - mean_pred, axis=axis, keepdims=True)
    covariance = (y_true - mean_pred) * (y_pred - mean_pred)
    norm = variance_true + variance_pred + ops.square(mean_true - mean_pred)
    return ops.mean(2 * covariance / (norm + config.epsilon()), axis=axis)


def _standardized(x, axis):
    centered = x - ops.mean(x, axis=axis, keepdims=True)
    return centered / ops.std(centered, axis=axis, keepdims=True)


class PearsonCorrelation(FunctionMetric):
    """Mean Pearson correlation along `axis`.

    ```python
    m = keraunos.metrics.PearsonCorrelation(axis=-1)
    m.update_state([[0, 1, 0.5], [1, 1, 0.2]], [[0.1, 0.9, 0.5], [1, 0.9, 0.2]])
    float(m.result())  # 0.9967
    ```
    """

    _direction = "up"
    _config = ("axis",)

    def __init__(self, name="pearson_correlation", dtype=None, axis=-1):
        super().__init__(fn=pearson_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis


class ConcordanceCorrelation(FunctionMetric):
    """Mean concordance correlation along `axis`."""

    _direction = "up"
    _config = ("axis",)

    def __init__(self, name="concordance_correlation", dtype=None, axis=-1):
        super().__init__(fn=concordance_correlation, name=name, dtype=dtype, axis=axis)
        self.axis = axis
