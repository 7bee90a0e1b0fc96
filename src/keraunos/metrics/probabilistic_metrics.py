"""Metrics of probabilities (or logits) against labels."""

from keraunos.losses.probabilistic_losses import (
    binary_crossentropy,
    categorical_crossentropy,
    check_label_smoothing,
    kl_divergence,
    poisson,
    sparse_categorical_crossentropy,
)
from keraunos.metrics.reduction_metrics import FunctionMetric


class KLDivergence(FunctionMetric):
    """Mean Kullback-Leibler divergence.

    ```python
    m = keraunos.metrics.KLDivergence()
    m.update_state([[0, 1], [0, 0]], [[0.6, 0.4], [0.4, 0.6]])
    float(m.result())  # 0.4581
    ```
    """

    def __init__(self, name="kl_divergence", dtype=None):
        super().__init__(fn=kl_divergence, name=name, dtype=dtype)


class Poisson(FunctionMetric):
    """Mean negative log likelihood of counts under a Poisson rate."""

    def __init__(self, name="poisson", dtype=None):
        super().__init__(fn=poisson, name=name, dtype=dtype)


class BinaryCrossentropy(FunctionMetric):
    """Mean crossentropy of labels 0 and 1."""

    _config = ("from_logits", "label_smoothing")

    def __init__(self, name="binary_crossentropy", dtype=None, from_logits=False, label_smoothing=0):
        check_label_smoothing(label_smoothing)
        super().__init__(
            fn=binary_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing


class CategoricalCrossentropy(FunctionMetric):
    """Mean crossentropy of one-hot labels."""

    _config = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        name="categorical_crossentropy",
        dtype=None,
        from_logits=False,
        label_smoothing=0,
        axis=-1,
    ):
        check_label_smoothing(label_smoothing)
        super().__init__(
            fn=categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class SparseCategoricalCrossentropy(FunctionMetric):
    """Mean crossentropy of integer labels."""

    _config = ("from_logits", "ignore_class", "axis")

    def __init__(
        self,
        name="sparse_categorical_crossentropy",
        dtype=None,
        from_logits=False,
        ignore_class=None,
        axis=-1,
    ):
        super().__init__(
            fn=sparse_categorical_crossentropy,
            name=name,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class
        self.axis = axis
