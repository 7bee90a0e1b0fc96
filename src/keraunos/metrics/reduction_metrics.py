"""Sums and means of values."""

from keraunos import config, initializers, ops
from keraunos.losses import ALL_OBJECTS as ALL_LOSSES
from keraunos.losses.reduction import apply_mask
from keraunos.losses.shapes import align_ranks, broadcast_like
from keraunos.masking import get_keras_mask
from keraunos.metrics.metric import Metric


def reduce_to_samplewise_values(values, sample_weight, reduce_fn, dtype):
    """One weighted value per sample, and one weight per sample (or `None`).

    `reduce_fn` joins the axes after the first; weights with fewer axes than the values apply to whole rows.
    """
    dtype = dtype or config.floatx()
    mask = get_keras_mask(values)
    values = ops.cast(values, dtype)
    if sample_weight is not None:
        sample_weight = ops.convert_to_tensor(sample_weight, dtype=dtype)
        sample_weight = apply_mask(sample_weight, mask, dtype=dtype, reduction="sum")
        values, sample_weight = align_ranks(values, sample_weight)
        weight_rank = len(sample_weight.shape)
        if len(values.shape) > weight_rank:
            values = reduce_fn(values, axis=list(range(weight_rank, len(values.shape))))
        sample_weight = broadcast_like(sample_weight, values)
        values = values * sample_weight
        if weight_rank > 1:
            sample_weight = reduce_fn(sample_weight, axis=list(range(1, weight_rank)))
    if len(values.shape) > 1:
        values = reduce_fn(values, axis=list(range(1, len(values.shape))))
    return values, sample_weight


def count_samples(values, dtype):
    """Size of the first axis as a scalar of `dtype`; 1 for a scalar. May be unknown until the graph runs."""
    if len(values.shape) == 0:
        return ops.ones((), dtype=dtype)
    return ops.cast(ops.shape(values)[0], dtype)


class Sum(Metric):
    """Weighted sum of values.

    ```python
    m = keraunos.metrics.Sum()
    m.update_state([1.0, 3.0])
    float(m.result())  # 4.0
    ```
    """

    def __init__(self, name="sum", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable(shape=(), initializer=initializers.Zeros(), dtype=self.dtype, name="total")

    def update_state(self, values, sample_weight=None):
        values, _ = reduce_to_samplewise_values(values, sample_weight, reduce_fn=ops.sum, dtype=self.dtype)
        self.total.assign_add(ops.sum(values))

    def reset_state(self):
        self.total.assign(0)

    def result(self):
        return ops.cast(self.total, self.dtype)


class Mean(Metric):
    """Weighted mean of values; 0 when there are none.

    ```python
    m = keraunos.metrics.Mean()
    m.update_state([1.0, 3.0], sample_weight=[3.0, 1.0])
    float(m.result())  # 1.5
    ```
    """

    def __init__(self, name="mean", dtype=None):
        super().__init__(name=name, dtype=dtype)
        self.total = self.add_variable(shape=(), initializer=initializers.Zeros(), dtype=self.dtype, name="total")
        self.count = self.add_variable(shape=(), initializer=initializers.Zeros(), dtype=self.dtype, name="count")

    def update_state(self, values, sample_weight=None):
        values, sample_weight = reduce_to_samplewise_values(
            values, sample_weight, reduce_fn=ops.mean, dtype=self.dtype
        )
        self.total.assign_add(ops.sum(values))
        if sample_weight is None:
            self.count.assign_add(count_samples(values, self.dtype))
        else:
            self.count.assign_add(ops.sum(sample_weight))

    def reset_state(self):
        self.total.assign(0)
        self.count.assign(0)

    def result(self):
        return ops.divide_no_nan(self.total, self.count)


class MeanMetricWrapper(Mean):
    """Mean of `fn(y_true, y_pred, **kwargs)`.

    ```python
    m = keraunos.metrics.MeanMetricWrapper(fn=keraunos.losses.mean_squared_error, name="mse")
    ```
    """

    def __init__(self, fn, name=None, dtype=None, **kwargs):
        super().__init__(name=name, dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        if fn in ALL_LOSSES or type(fn) in ALL_LOSSES:
            self._direction = "down"

    def update_state(self, y_true, y_pred, sample_weight=None):
        mask = get_keras_mask(y_pred)
        values = self._fn(y_true, y_pred, **self._fn_kwargs)
        sample_weight = apply_mask(sample_weight, mask, dtype=self.dtype, reduction="sum")
        return super().update_state(values, sample_weight=sample_weight)

    def get_config(self):
        from keraunos import serialization

        return {
            **super().get_config(),
            "fn": serialization.serialize_keras_object(self._fn),
            **serialization.serialize_keras_object(self._fn_kwargs),
        }

    @classmethod
    def from_config(cls, config):
        if "fn" in config:
            from keraunos import serialization

            config = serialization.deserialize_keras_object(config)
        return cls(**config)


class FunctionMetric(MeanMetricWrapper):
    """Base of the built-in mean metrics: the config says name, dtype and the arguments in `_config`."""

    _config = ()

    def get_config(self):
        return {
            "name": self.name,
            "dtype": self.dtype,
            **{name: self._fn_kwargs[name] for name in self._config},
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)
