"""Metrics of true and false positives and negatives."""

from keraunos import initializers, ops
from keraunos.metrics.confusion import NEG_INF, ConfusionMatrix, are_evenly_spaced, parse_thresholds, update_counts
from keraunos.metrics.metric import Metric


class _ConditionCount(Metric):
    """One of the four counts, at each threshold."""

    _condition = None

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.thresholds = parse_thresholds(thresholds, default=0.5)
        self._evenly_spaced = are_evenly_spaced(self.thresholds)
        self.accumulator = self.add_variable(
            shape=(len(self.thresholds),), initializer=initializers.Zeros(), name="accumulator"
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: labels, predictions in [0, 1], and weights."""
        update_counts(
            {self._condition: self.accumulator},
            y_true,
            y_pred,
            thresholds=self.thresholds,
            evenly_spaced=self._evenly_spaced,
            sample_weight=sample_weight,
        )

    def result(self):
        return _single_or_all(ops.convert_to_tensor(self.accumulator), self.thresholds)

    def get_config(self):
        return {**super().get_config(), "thresholds": self.init_thresholds}


class FalsePositives(_ConditionCount):
    """Number (or weight) of negatives predicted as positive.

    ```python
    m = keraunos.metrics.FalsePositives()
    m.update_state([0, 1, 0, 0], [0, 0, 1, 1])
    float(m.result())  # 2.0
    ```
    """

    _condition = ConfusionMatrix.FALSE_POSITIVES

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(thresholds=thresholds, name=name, dtype=dtype)


class FalseNegatives(_ConditionCount):
    """Number (or weight) of positives predicted as negative."""

    _condition = ConfusionMatrix.FALSE_NEGATIVES

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(thresholds=thresholds, name=name, dtype=dtype)


class TrueNegatives(_ConditionCount):
    """Number (or weight) of negatives predicted as negative."""

    _condition = ConfusionMatrix.TRUE_NEGATIVES

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(thresholds=thresholds, name=name, dtype=dtype)


class TruePositives(_ConditionCount):
    """Number (or weight) of positives predicted as positive."""

    _condition = ConfusionMatrix.TRUE_POSITIVES

    def __init__(self, thresholds=None, name=None, dtype=None):
        super().__init__(thresholds=thresholds, name=name, dtype=dtype)


class _PositivesRatio(Metric):
    """True positives divided by true positives and one other count."""

    _direction = "up"
    _other = None

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.init_thresholds = thresholds
        self.top_k = top_k
        self.class_id = class_id
        self.thresholds = parse_thresholds(thresholds, default=0.5 if top_k is None else NEG_INF)
        self._evenly_spaced = are_evenly_spaced(self.thresholds)
        shape = (len(self.thresholds),)
        self.true_positives = self.add_variable(shape, initializers.Zeros(), name="true_positives")
        self._others = self.add_variable(shape, initializers.Zeros(), name=self._other.name.lower())

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: labels, predictions in [0, 1], and weights."""
        update_counts(
            {ConfusionMatrix.TRUE_POSITIVES: self.true_positives, self._other: self._others},
            y_true,
            y_pred,
            thresholds=self.thresholds,
            evenly_spaced=self._evenly_spaced,
            top_k=self.top_k,
            class_id=self.class_id,
            sample_weight=sample_weight,
        )

    def result(self):
        ratio = ops.divide_no_nan(self.true_positives, ops.add(self.true_positives, self._others))
        return _single_or_all(ratio, self.thresholds)

    def get_config(self):
        return {
            **super().get_config(),
            "thresholds": self.init_thresholds,
            "top_k": self.top_k,
            "class_id": self.class_id,
        }


class Precision(_PositivesRatio):
    """Share of the predicted positives that are positive.

    Arguments:
        thresholds: one threshold or a list, in [0, 1]; 0.5 by default.
        top_k: if given, only the `k` largest predictions of a row are positive.
        class_id: if given, only this class counts.

    ```python
    m = keraunos.metrics.Precision()
    m.update_state([0, 1, 1, 1], [1, 0, 1, 1])
    float(m.result())  # 0.6667
    ```
    """

    _other = ConfusionMatrix.FALSE_POSITIVES

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(thresholds=thresholds, top_k=top_k, class_id=class_id, name=name, dtype=dtype)

    @property
    def false_positives(self):
        """Variable of the false positives."""
        return self._others


class Recall(_PositivesRatio):
    """Share of the positives that are predicted as positive. Arguments as for `Precision`."""

    _other = ConfusionMatrix.FALSE_NEGATIVES

    def __init__(self, thresholds=None, top_k=None, class_id=None, name=None, dtype=None):
        super().__init__(thresholds=thresholds, top_k=top_k, class_id=class_id, name=name, dtype=dtype)

    @property
    def false_negatives(self):
        """Variable of the false negatives."""
        return self._others


class _BestAtConstraint(Metric):
    """The best of one rate over all thresholds at which another rate reaches a value."""

    _direction = "up"
    _value_name = None

    def __init__(self, value, num_thresholds=200, class_id=None, name=None, dtype=None):
        if value < 0 or value > 1:
            raise ValueError(
                f"Argument `{self._value_name}` must be in the range [0, 1]. Received: {self._value_name}={value}"
            )
        super().__init__(name=name, dtype=dtype)
        if num_thresholds <= 0:
            raise ValueError(
                f"Argument `num_thresholds` must be an integer > 0. Received: num_thresholds={num_thresholds}"
            )
        self.value = value
        setattr(self, self._value_name, value)
        self.num_thresholds = num_thresholds
        self.class_id = class_id
        self._evenly_spaced = num_thresholds > 1
        self.thresholds = [0.5]
        if self._evenly_spaced:
            inner = [(i + 1) * 1.0 / (num_thresholds - 1) for i in range(num_thresholds - 2)]
            self.thresholds = [0.0] + inner + [1.0]
        for condition in ("true_positives", "false_positives", "true_negatives", "false_negatives"):
            variable = self.add_variable((len(self.thresholds),), initializers.Zeros(), name=condition)
            setattr(self, condition, variable)

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: labels, predictions in [0, 1], and weights."""
        update_counts(
            {
                ConfusionMatrix.TRUE_POSITIVES: self.true_positives,
                ConfusionMatrix.TRUE_NEGATIVES: self.true_negatives,
                ConfusionMatrix.FALSE_POSITIVES: self.false_positives,
                ConfusionMatrix.FALSE_NEGATIVES: self.false_negatives,
            },
            y_true,
            y_pred,
            thresholds=self.thresholds,
            evenly_spaced=self._evenly_spaced,
            class_id=self.class_id,
            sample_weight=sample_weight,
        )

    def get_config(self):
        return {
            **super().get_config(),
            "num_thresholds": self.num_thresholds,
            self._value_name: self.value,
            "class_id": self.class_id,
        }

    def _sensitivities(self):
        return ops.divide_no_nan(self.true_positives, ops.add(self.true_positives, self.false_negatives))

    def _specificities(self):
        return ops.divide_no_nan(self.true_negatives, ops.add(self.true_negatives, self.false_positives))

    def _precisions(self):
        return ops.divide_no_nan(self.true_positives, ops.add(self.true_positives, self.false_positives))

    def _best(self, rates, constrained):
        return ops.max(ops.where(ops.greater_equal(constrained, self.value), rates, 0.0))


class SensitivityAtSpecificity(_BestAtConstraint):
    """Best sensitivity (recall) where the specificity is at least `specificity`."""

    _value_name = "specificity"

    def __init__(self, specificity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(specificity, num_thresholds=num_thresholds, class_id=class_id, name=name, dtype=dtype)

    def result(self):
        return self._best(self._sensitivities(), self._specificities())


class SpecificityAtSensitivity(_BestAtConstraint):
    """Best specificity where the sensitivity (recall) is at least `sensitivity`."""

    _value_name = "sensitivity"

    def __init__(self, sensitivity, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(sensitivity, num_thresholds=num_thresholds, class_id=class_id, name=name, dtype=dtype)

    def result(self):
        return self._best(self._specificities(), self._sensitivities())


class PrecisionAtRecall(_BestAtConstraint):
    """Best precision where the recall is at least `recall`."""

    _value_name = "recall"

    def __init__(self, recall, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(recall, num_thresholds=num_thresholds, class_id=class_id, name=name, dtype=dtype)

    def result(self):
        return self._best(self._precisions(), self._sensitivities())


class RecallAtPrecision(_BestAtConstraint):
    """Best recall where the precision is at least `precision`."""

    _value_name = "precision"

    def __init__(self, precision, num_thresholds=200, class_id=None, name=None, dtype=None):
        super().__init__(precision, num_thresholds=num_thresholds, class_id=class_id, name=name, dtype=dtype)

    def result(self):
        return self._best(self._sensitivities(), self._precisions())


def _single_or_all(values, thresholds):
    return values[0] if len(thresholds) == 1 else values
