"""Metrics of numbers against numbers."""

import warnings

from keraunos import initializers, ops
from keraunos.losses.regression_losses import (
    cosine_similarity as negative_cosine_similarity,
)
from keraunos.losses.regression_losses import (
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from keraunos.losses.shapes import align_ranks, broadcast_like, require_same_shape
from keraunos.metrics.metric import Metric
from keraunos.metrics.reduction_metrics import FunctionMetric, Mean


class MeanSquaredError(FunctionMetric):
    """Mean of squared errors.

    ```python
    m = keraunos.metrics.MeanSquaredError()
    m.update_state([[0, 1], [0, 0]], [[1, 1], [0, 0]])
    float(m.result())  # 0.25
    ```
    """

    def __init__(self, name="mean_squared_error", dtype=None):
        super().__init__(fn=mean_squared_error, name=name, dtype=dtype)


class MeanAbsoluteError(FunctionMetric):
    """Mean of absolute errors."""

    def __init__(self, name="mean_absolute_error", dtype=None):
        super().__init__(fn=mean_absolute_error, name=name, dtype=dtype)


class MeanAbsolutePercentageError(FunctionMetric):
    """Mean of absolute errors in percent of the target."""

    def __init__(self, name="mean_absolute_percentage_error", dtype=None):
        super().__init__(fn=mean_absolute_percentage_error, name=name, dtype=dtype)


class MeanSquaredLogarithmicError(FunctionMetric):
    """Mean of squared errors of logarithms."""

    def __init__(self, name="mean_squared_logarithmic_error", dtype=None):
        super().__init__(fn=mean_squared_logarithmic_error, name=name, dtype=dtype)


class RootMeanSquaredError(Mean):
    """Square root of the mean of squared errors."""

    _direction = "down"

    def __init__(self, name="root_mean_squared_error", dtype=None):
        super().__init__(name=name, dtype=dtype)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: targets, predictions, and weights."""
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        y_true, y_pred = align_ranks(y_true, y_pred)
        require_same_shape(self.name, y_true, y_pred)
        return super().update_state(ops.square(y_pred - y_true), sample_weight=sample_weight)

    def result(self):
        return ops.sqrt(super().result())


def cosine_similarity(y_true, y_pred, axis=-1):
    """`sum(unit(y_true) * unit(y_pred), axis)`: 1 for the same direction."""
    return -negative_cosine_similarity(y_true, y_pred, axis=axis)


class CosineSimilarity(FunctionMetric):
    """Mean cosine between targets and predictions along `axis`."""

    _direction = "up"

    def __init__(self, name="cosine_similarity", dtype=None, axis=-1):
        super().__init__(fn=cosine_similarity, name=name, dtype=dtype, axis=axis)

    def get_config(self):
        config = super().get_config()
        if self._fn_kwargs["axis"] != -1:
            config["axis"] = self._fn_kwargs["axis"]
        return config


class LogCoshError(FunctionMetric):
    """Mean logarithm of the hyperbolic cosine of the error."""

    def __init__(self, name="logcosh", dtype=None):
        super().__init__(fn=log_cosh, name=name, dtype=dtype)


class R2Score(Metric):
    """Coefficient of determination: `1 - sum of squared errors / sum of squares around the mean`.

    Arguments:
        class_aggregation: `"uniform_average"`, `"variance_weighted_average"` or `None` (one value per column).
        num_regressors: number of independent variables, for the adjusted score; 0 for the plain one.
        name, dtype: as for `Metric`.

    ```python
    m = keraunos.metrics.R2Score()
    m.update_state([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]])
    float(m.result())  # 0.5714
    ```
    """

    _direction = "up"

    def __init__(self, class_aggregation="uniform_average", num_regressors=0, name="r2_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        allowed = (None, "uniform_average", "variance_weighted_average")
        if class_aggregation not in allowed:
            raise ValueError(
                f"Invalid value for argument `class_aggregation`. Expected one of {allowed}. "
                f"Received: class_aggregation={class_aggregation}"
            )
        if num_regressors < 0:
            raise ValueError(
                "Invalid value for argument `num_regressors`. Expected a value >= 0. "
                f"Received: num_regressors={num_regressors}"
            )
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable(shape=(), initializer=initializers.Zeros(), name="num_samples")
        self._built = False

    def _build(self, y_true_shape, y_pred_shape):
        received = f"y_pred.shape={tuple(y_pred_shape)} and y_true.shape={tuple(y_true_shape)}"
        if len(y_pred_shape) != 2 or len(y_true_shape) != 2:
            raise ValueError(
                f"R2Score expects 2D inputs with shape (batch_size, output_dim). Received input shapes: {received}."
            )
        if y_pred_shape[-1] is None or y_true_shape[-1] is None:
            raise ValueError(
                "R2Score expects 2D inputs with shape (batch_size, output_dim), with output_dim fully defined "
                f"(not None). Received input shapes: {received}."
            )
        shape = (y_pred_shape[-1],)
        self.squared_sum = self.add_variable(shape, initializers.Zeros(), name="squared_sum")
        self.sum = self.add_variable(shape, initializers.Zeros(), name="sum")
        self.total_mse = self.add_variable(shape, initializers.Zeros(), name="residual")
        self.count = self.add_variable(shape, initializers.Zeros(), name="count")
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: targets and predictions of shape `(batch, columns)`, and weights."""
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        y_true, y_pred = align_ranks(y_true, y_pred)
        if not self._built:
            self._build(y_true.shape, y_pred.shape)
        weights = ops.convert_to_tensor(1.0 if sample_weight is None else sample_weight, dtype=self.dtype)
        if len(weights.shape) == 1:
            weights = ops.expand_dims(weights, axis=1)
        weights = broadcast_like(weights, y_true)
        weighted = y_true * weights
        self.sum.assign_add(ops.sum(weighted, axis=0))
        self.squared_sum.assign_add(ops.sum(y_true * weighted, axis=0))
        self.total_mse.assign_add(ops.sum(ops.square(y_true - y_pred) * weights, axis=0))
        self.count.assign_add(ops.sum(weights, axis=0))
        self.num_samples.assign_add(ops.cast(ops.size(y_true), self.num_samples.dtype))

    def result(self):
        around_mean = self.squared_sum - self.sum * (self.sum / self.count)
        raw = 1 - self.total_mse / around_mean
        raw = ops.where(ops.isinf(raw), 0.0, raw)
        if self.class_aggregation == "uniform_average":
            score = ops.mean(raw)
        elif self.class_aggregation == "variance_weighted_average":
            score = ops.sum(around_mean * raw) / ops.sum(around_mean)
        else:
            score = raw
        return score if self.num_regressors == 0 else self._adjusted(score)

    def _adjusted(self, score):
        """Score with a penalty for regressors; the plain one while there are too few samples."""
        samples = ops.convert_to_tensor(self.num_samples)
        freedom = samples - self.num_regressors - 1.0
        self._warn_if_fallback(freedom)
        has_freedom = freedom > 0
        adjusted = 1.0 - (1.0 - score) * (samples - 1.0) / ops.where(has_freedom, freedom, 1.0)
        return ops.where(has_freedom, adjusted, score)

    def _warn_if_fallback(self, freedom):
        if getattr(freedom, "is_symbolic", False):
            return
        if float(freedom) < 0:
            warnings.warn(
                "More independent predictors than datapoints in adjusted R2 score. Falling back to standard R2 score.",
                stacklevel=4,
            )
        elif float(freedom) == 0:
            warnings.warn(
                "Division by zero in Adjusted R2 score. Falling back to standard R2 score.", stacklevel=4
            )

    def get_config(self):
        return {
            **super().get_config(),
            "class_aggregation": self.class_aggregation,
            "num_regressors": self.num_regressors,
        }
