"""Area under a curve over thresholds."""

import numpy as np

from keraunos import activations, config, initializers, ops
from keraunos.metrics.confusion import ConfusionMatrix, are_evenly_spaced, update_counts
from keraunos.metrics.metric import Metric

_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "majoring", "minoring")


class AUC(Metric):
    """Area under the ROC, precision-recall or precision-recall-gain curve, as a Riemann sum.

    Arguments:
        num_thresholds: number of thresholds that divide [0, 1] evenly.
        curve: `"ROC"`, `"PR"` or `"PRGAIN"`.
        summation_method: `"interpolation"`, `"majoring"` or `"minoring"`.
        name, dtype: as for `Metric`.
        thresholds: own thresholds instead of even ones.
        multi_label: whether the area is computed for each column and averaged.
        num_labels: number of columns, with `multi_label`.
        label_weights: weights of the columns.
        from_logits: whether predictions are logits.

    ```python
    m = keraunos.metrics.AUC(num_thresholds=3)
    m.update_state([0, 0, 1, 1], [0, 0.5, 0.3, 0.9])
    float(m.result())  # 0.75
    ```
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds=200,
        curve="ROC",
        summation_method="interpolation",
        name=None,
        dtype=None,
        thresholds=None,
        multi_label=False,
        num_labels=None,
        label_weights=None,
        from_logits=False,
    ):
        self.curve = _choice(curve, "AUC curve", _CURVES)
        self.summation_method = _choice(summation_method, "AUC summation method", _SUMMATIONS)
        self._init_from_thresholds = thresholds is not None
        if thresholds is not None:
            self.num_thresholds = len(thresholds) + 2
            inner = sorted(thresholds)
            self._evenly_spaced = are_evenly_spaced(np.array([0.0] + inner + [1.0]))
        else:
            if num_thresholds <= 1:
                raise ValueError(
                    f"Argument `num_thresholds` must be an integer > 1. Received: num_thresholds={num_thresholds}"
                )
            self.num_thresholds = num_thresholds
            inner = [(i + 1) * 1.0 / (num_thresholds - 1) for i in range(num_thresholds - 2)]
            self._evenly_spaced = True
        # The outer thresholds lie outside [0, 1], so that predictions of exactly 0 and 1 fall between them.
        self._thresholds = np.array([0.0 - config.epsilon()] + inner + [1.0 + config.epsilon()])
        super().__init__(name=name, dtype=dtype)
        self.multi_label = multi_label
        self.num_labels = num_labels
        if num_labels and not multi_label:
            raise ValueError("`num_labels` is needed only when `multi_label` is True.")
        self.label_weights = None
        if label_weights is not None:
            self.label_weights = ops.convert_to_tensor(label_weights, dtype=self.dtype)
        self._from_logits = from_logits
        self._built = False
        if not multi_label:
            self._build(None)
        elif num_labels:
            self._build((None, num_labels))

    @property
    def thresholds(self):
        """All thresholds, the outer ones included."""
        return list(self._thresholds)

    def _build(self, shape):
        variable_shape = (self.num_thresholds,)
        if self.multi_label:
            if len(shape) != 2:
                raise ValueError(
                    f"`y_pred` must have rank 2 when `multi_label=True`. Found rank {len(shape)}. "
                    f"Full shape received for `y_pred`: {tuple(shape)}"
                )
            variable_shape = (self.num_thresholds, shape[1])
        for condition in ("true_positives", "false_positives", "true_negatives", "false_negatives"):
            variable = self.add_variable(variable_shape, initializers.Zeros(), name=condition)
            setattr(self, condition, variable)
        self._built = True

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: labels, predictions in [0, 1], and weights."""
        y_pred = ops.convert_to_tensor(y_pred)
        if not self._built:
            self._build(y_pred.shape)
        if self._from_logits:
            y_pred = activations.sigmoid(y_pred)
        update_counts(
            {
                ConfusionMatrix.TRUE_POSITIVES: self.true_positives,
                ConfusionMatrix.TRUE_NEGATIVES: self.true_negatives,
                ConfusionMatrix.FALSE_POSITIVES: self.false_positives,
                ConfusionMatrix.FALSE_NEGATIVES: self.false_negatives,
            },
            y_true,
            y_pred,
            self._thresholds,
            evenly_spaced=self._evenly_spaced,
            sample_weight=sample_weight,
            multi_label=self.multi_label,
            label_weights=None if self.multi_label else self.label_weights,
        )

    def result(self):
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()
        x, y = self._points()
        left, right = y[:-1], y[1:]
        if self.summation_method == "interpolation":
            heights = (left + right) / 2.0
        elif self.summation_method == "minoring":
            heights = ops.minimum(left, right)
        else:
            heights = ops.maximum(left, right)
        return self._total((x[:-1] - x[1:]) * heights)

    def _points(self):
        """Coordinates of the curve at each threshold."""
        tp, fp = ops.convert_to_tensor(self.true_positives), ops.convert_to_tensor(self.false_positives)
        tn, fn = ops.convert_to_tensor(self.true_negatives), ops.convert_to_tensor(self.false_negatives)
        recall = ops.divide_no_nan(tp, tp + fn)
        if self.curve == "ROC":
            return ops.divide_no_nan(fp, fp + tn), recall
        if self.curve == "PR":
            return recall, ops.divide_no_nan(tp, tp + fp)
        # Precision-recall-gain (Flach and Kull, 2015).
        scale = ops.divide_no_nan(tp + fn, tn + fp)
        nothing_found = ops.equal(tp, 0.0)
        recall_gain = ops.where(nothing_found, 0.0, 1.0 - scale * ops.divide_no_nan(fn, tp))
        precision_gain = ops.where(nothing_found, 1.0, 1.0 - scale * ops.divide_no_nan(fp, tp))
        return ops.maximum(recall_gain, 0.0), precision_gain

    def interpolate_pr_auc(self):
        """Area under the precision-recall curve with true positives interpolated (Davis and Goadrich, 2006)."""
        tp, fp = ops.convert_to_tensor(self.true_positives), ops.convert_to_tensor(self.false_positives)
        found = tp + fp
        more, fewer = found[:-1], found[1:]
        delta = tp[:-1] - tp[1:]
        slope = ops.divide_no_nan(delta, ops.maximum(more - fewer, 0))
        intercept = tp[1:] - slope * fewer
        both = ops.logical_and(more > 0, fewer > 0)
        ratio = ops.where(both, ops.divide_no_nan(more, ops.maximum(fewer, 0)), 1.0)
        area = slope * (delta + intercept * ops.log(ratio))
        positives = ops.maximum(tp[1:] + ops.convert_to_tensor(self.false_negatives)[1:], 0)
        return self._total(ops.divide_no_nan(area, positives))

    def _total(self, terms):
        """Sum of the terms; with `multi_label` the (weighted) mean of the columns' sums."""
        if not self.multi_label:
            return ops.sum(terms)
        by_label = ops.sum(terms, axis=0)
        if self.label_weights is None:
            return ops.mean(by_label)
        return ops.divide_no_nan(ops.sum(by_label * self.label_weights), ops.sum(self.label_weights))

    def get_config(self):
        label_weights = self.label_weights
        if label_weights is not None:
            label_weights = np.asarray(label_weights).tolist()
        result = {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": label_weights,
            "from_logits": self._from_logits,
        }
        if self._init_from_thresholds:
            result["thresholds"] = [float(threshold) for threshold in self._thresholds[1:-1]]
        return result


def _choice(value, what, allowed):
    """The allowed name that equals `value` regardless of case; enumeration members count by their value."""
    name = str(getattr(value, "value", value))
    for candidate in allowed:
        if name.lower() == candidate.lower():
            return candidate
    raise ValueError(f'Invalid {what} value: "{value}". Expected values are {list(allowed)}')
