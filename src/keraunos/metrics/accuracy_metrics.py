"""How often predictions equal labels."""

from keraunos import config, ops
from keraunos.losses.shapes import align_ranks, require_same_shape
from keraunos.metrics.reduction_metrics import FunctionMetric


def accuracy(y_true, y_pred):
    """1 where `y_true == y_pred`, else 0."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype)
    y_true, y_pred = align_ranks(y_true, y_pred)
    require_same_shape("accuracy", y_true, y_pred)
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def binary_accuracy(y_true, y_pred, threshold=0.5):
    """1 where the label equals `y_pred > threshold`, else 0."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    y_true, y_pred = align_ranks(y_true, y_pred)
    require_same_shape("binary_accuracy", y_true, y_pred)
    y_pred = ops.cast(ops.greater(y_pred, threshold), y_true.dtype)
    return ops.cast(ops.equal(y_true, y_pred), config.floatx())


def categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction is at the largest target, else 0 (one-hot labels)."""
    matches = ops.equal(ops.argmax(y_true, axis=-1), ops.argmax(y_pred, axis=-1))
    return ops.cast(matches, config.floatx())


def sparse_categorical_accuracy(y_true, y_pred):
    """1 where the largest prediction is at the label, else 0 (integer labels)."""
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    found = ops.argmax(y_pred, axis=-1)
    matches = ops.cast(ops.equal(y_true, ops.cast(found, y_true.dtype)), config.floatx())
    if len(matches.shape) > 1 and matches.shape[-1] == 1:
        matches = ops.squeeze(matches, -1)
    return matches


def top_k_categorical_accuracy(y_true, y_pred, k=5):
    """1 where the true class is among the `k` largest predictions, else 0 (one-hot labels)."""
    return sparse_top_k_categorical_accuracy(ops.argmax(y_true, axis=-1), y_pred, k=k)


def sparse_top_k_categorical_accuracy(y_true, y_pred, k=5, from_sorted_ids=False):
    """1 where the label is among the `k` largest predictions, else 0 (integer labels).

    With `from_sorted_ids`, `y_pred` holds class ids, best first, instead of scores.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.cast(y_true, y_pred.dtype if from_sorted_ids else "int32")
    label_shape = ops.shape(y_true)
    reshape_back = len(y_true.shape) > 1
    if len(y_pred.shape) > 2:
        y_pred = ops.reshape(y_pred, (-1, y_pred.shape[-1]))
    if reshape_back:
        y_true = ops.reshape(y_true, (-1,))
    if from_sorted_ids:
        matches = ops.any(ops.equal(ops.expand_dims(y_true, axis=1), y_pred[:, :k]), axis=1)
    else:
        matches = ops.in_top_k(y_true, y_pred, k=k)
    matches = ops.cast(matches, config.floatx())
    return ops.reshape(matches, label_shape) if reshape_back else matches


class Accuracy(FunctionMetric):
    """How often predictions equal labels.

    ```python
    m = keraunos.metrics.Accuracy()
    m.update_state([1, 2, 3, 4], [0, 2, 3, 4])
    float(m.result())  # 0.75
    ```
    """

    _direction = "up"

    def __init__(self, name="accuracy", dtype=None):
        super().__init__(fn=accuracy, name=name, dtype=dtype)


class BinaryAccuracy(FunctionMetric):
    """How often predictions above `threshold` match binary labels."""

    _direction = "up"
    _config = ("threshold",)

    def __init__(self, name="binary_accuracy", dtype=None, threshold=0.5):
        super().__init__(fn=binary_accuracy, name=name, dtype=dtype, threshold=threshold)
        self.threshold = threshold


class CategoricalAccuracy(FunctionMetric):
    """How often the largest prediction is at the one-hot label."""

    _direction = "up"

    def __init__(self, name="categorical_accuracy", dtype=None):
        super().__init__(fn=categorical_accuracy, name=name, dtype=dtype)


class SparseCategoricalAccuracy(FunctionMetric):
    """How often the largest prediction is at the integer label."""

    _direction = "up"

    def __init__(self, name="sparse_categorical_accuracy", dtype=None):
        super().__init__(fn=sparse_categorical_accuracy, name=name, dtype=dtype)


class TopKCategoricalAccuracy(FunctionMetric):
    """How often the one-hot label is among the `k` largest predictions."""

    _direction = "up"
    _config = ("k",)

    def __init__(self, k=5, name="top_k_categorical_accuracy", dtype=None):
        super().__init__(fn=top_k_categorical_accuracy, name=name, dtype=dtype, k=k)
        self.k = k


class SparseTopKCategoricalAccuracy(FunctionMetric):
    """How often the integer label is among the `k` largest predictions."""

    _direction = "up"
    _config = ("k",)

    def __init__(self, k=5, name="sparse_top_k_categorical_accuracy", dtype=None, from_sorted_ids=False):
        super().__init__(
            fn=sparse_top_k_categorical_accuracy,
            name=name,
            dtype=dtype,
            k=k,
            from_sorted_ids=from_sorted_ids,
        )
        self.k = k
        self.from_sorted_ids = from_sorted_ids

    def get_config(self):
        config = super().get_config()
        if self.from_sorted_ids:
            config["from_sorted_ids"] = True
        return config
