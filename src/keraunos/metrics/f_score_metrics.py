"""F-scores: means of precision and recall."""

from keraunos import config, initializers, ops
from keraunos.metrics.metric import Metric

_AVERAGES = (None, "micro", "macro", "weighted")


class FBetaScore(Metric):
    """`(1 + beta^2) * precision * recall / (beta^2 * precision + recall)` per class.

    Arguments:
        average: `None` (one value per class), `"micro"` (all counts together), `"macro"` (mean of the classes) or
            `"weighted"` (mean weighted by the number of positives).
        beta: positive float; how much recall counts more than precision.
        threshold: float in (0, 1]: predictions above it are positive; `None`: the largest of each row is.
        name, dtype: as for `Metric`.

    ```python
    m = keraunos.metrics.FBetaScore(beta=2.0, threshold=0.5)
    m.update_state([[1, 1, 1], [1, 0, 0], [1, 1, 0]], [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]])
    m.result()  # [0.3846, 0.9091, 0.8333]
    ```
    """

    _direction = "up"

    def __init__(self, average=None, beta=1.0, threshold=None, name="fbeta_score", dtype=None):
        super().__init__(name=name, dtype=dtype)
        if average not in _AVERAGES:
            raise ValueError(
                f"Invalid `average` argument value. Expected one of: {{None, 'micro', 'macro', 'weighted'}}. "
                f"Received: average={average}"
            )
        if not isinstance(beta, float):
            raise ValueError(
                f"Invalid `beta` argument value. It should be a Python float. Received: beta={beta} of type "
                f"'{type(beta)}'"
            )
        if beta <= 0.0:
            raise ValueError(f"Invalid `beta` argument value. It should be > 0. Received: beta={beta}")
        if threshold is not None:
            if not isinstance(threshold, float):
                raise ValueError(
                    "Invalid `threshold` argument value. It should be a Python float. Received: "
                    f"threshold={threshold} of type '{type(threshold)}'"
                )
            if threshold > 1.0 or threshold <= 0.0:
                raise ValueError(
                    "Invalid `threshold` argument value. It should verify 0 < threshold <= 1. "
                    f"Received: threshold={threshold}"
                )
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self.axis = None if average == "micro" else 0
        self._built = False

    def _build(self, y_true_shape, y_pred_shape):
        received = f"y_pred.shape={tuple(y_pred_shape)} and y_true.shape={tuple(y_true_shape)}"
        if len(y_pred_shape) != 2 or len(y_true_shape) != 2:
            raise ValueError(
                "FBetaScore expects 2D inputs with shape (batch_size, output_dim). Received input shapes: "
                f"{received}."
            )
        if y_pred_shape[-1] is None or y_true_shape[-1] is None:
            raise ValueError(
                "FBetaScore expects 2D inputs with shape (batch_size, output_dim), with output_dim fully defined "
                f"(not None). Received input shapes: {received}."
            )
        shape = () if self.average == "micro" else (y_pred_shape[-1],)
        for count in ("true_positives", "false_positives", "false_negatives", "intermediate_weights"):
            variable = self.add_variable(shape, initializers.Zeros(), dtype=self.dtype, name=count)
            setattr(self, count, variable)
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: one-hot or multi-hot labels, scores, and weights per row."""
        y_true = ops.convert_to_tensor(y_true, dtype=self.dtype)
        y_pred = ops.convert_to_tensor(y_pred, dtype=self.dtype)
        if not self._built:
            self._build(y_true.shape, y_pred.shape)
        if self.threshold is None:
            largest = ops.max(y_pred, axis=-1, keepdims=True)
            is_positive = ops.logical_and(y_pred >= largest, ops.abs(y_pred) > 1e-9)
        else:
            is_positive = y_pred > self.threshold
        predicted = ops.cast(is_positive, self.dtype)
        if sample_weight is not None:
            sample_weight = ops.expand_dims(ops.convert_to_tensor(sample_weight, dtype=self.dtype), 1)
        self._add(self.true_positives, predicted * y_true, sample_weight)
        self._add(self.false_positives, predicted * (1 - y_true), sample_weight)
        self._add(self.false_negatives, (1 - predicted) * y_true, sample_weight)
        self._add(self.intermediate_weights, y_true, sample_weight)

    def _add(self, variable, values, sample_weight):
        if sample_weight is not None:
            values = values * sample_weight
        variable.assign_add(ops.sum(values, axis=self.axis))

    def result(self):
        epsilon = config.epsilon()
        found = ops.convert_to_tensor(self.true_positives)
        precision = found / (found + self.false_positives + epsilon)
        recall = found / (found + self.false_negatives + epsilon)
        beta_squared = self.beta**2
        score = precision * recall / (beta_squared * precision + recall + epsilon) * (1 + beta_squared)
        if self.average == "weighted":
            weights = self.intermediate_weights / (ops.sum(self.intermediate_weights) + epsilon)
            return ops.sum(score * weights)
        return score if self.average is None else ops.mean(score)

    def get_config(self):
        return {
            **super().get_config(),
            "average": self.average,
            "beta": self.beta,
            "threshold": self.threshold,
        }


class F1Score(FBetaScore):
    """Harmonic mean of precision and recall: `FBetaScore` with `beta=1`."""

    def __init__(self, average=None, threshold=None, name="f1_score", dtype=None):
        super().__init__(average=average, beta=1.0, threshold=threshold, name=name, dtype=dtype)

    def get_config(self):
        result = super().get_config()
        del result["beta"]
        return result
