"""Intersection over union of classes."""

import warnings

from keraunos import config, initializers, ops
from keraunos.losses.shapes import broadcast_like
from keraunos.metrics.confusion import confusion_matrix
from keraunos.metrics.metric import Metric


class _IoUBase(Metric):
    """Gathers the confusion matrix of integer classes."""

    _direction = "up"

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(name=name, dtype=dtype or "int")
        self.num_classes = num_classes
        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_cm = self.add_variable(
            name="total_confusion_matrix",
            shape=(num_classes, num_classes),
            initializer=initializers.Zeros(),
            dtype=self.dtype,
        )

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: classes (or scores per class), predictions alike, and weights per position."""
        if not self.sparse_y_true:
            y_true = ops.argmax(y_true, axis=self.axis)
        if not self.sparse_y_pred:
            y_pred = ops.argmax(y_pred, axis=self.axis)
        y_true = _flat(ops.convert_to_tensor(y_true, dtype=self.dtype))
        y_pred = _flat(ops.convert_to_tensor(y_pred, dtype=self.dtype))
        weights = self._weights(sample_weight, y_true)
        counts = ops.logical_and(self._is_class(y_true), self._is_class(y_pred))
        if self.ignore_class is not None:
            counts = ops.logical_and(counts, ops.not_equal(y_true, self.ignore_class))
        weights = ops.where(counts, weights, 0)
        matrix = confusion_matrix(
            ops.where(counts, y_true, 0), ops.where(counts, y_pred, 0), self.num_classes, weights, self.dtype
        )
        self.total_cm.assign_add(matrix)

    def _weights(self, sample_weight, y_true):
        if sample_weight is None:
            return ops.ones_like(y_true, dtype=self.dtype)
        if "float" in str(getattr(sample_weight, "dtype", "")) and "int" in self.dtype:
            warnings.warn(
                "You are passing weight as `float`, but dtype is `int`. This may result in an incorrect weight due to "
                "type casting. Consider using integer weights.",
                stacklevel=4,
            )
        return broadcast_like(_flat(ops.convert_to_tensor(sample_weight, dtype=self.dtype)), y_true)

    def _is_class(self, values):
        return ops.logical_and(ops.greater_equal(values, 0), ops.less(values, self.num_classes))


class IoU(_IoUBase):
    """Mean over `target_class_ids` of `true_positives / (true_positives + false_positives + false_negatives)`.

    Arguments:
        num_classes: number of classes.
        target_class_ids: classes that count.
        name, dtype: as for `Metric`; the dtype is an integer type by default.
        ignore_class: label whose positions do not count.
        sparse_y_true, sparse_y_pred: whether labels and predictions are class ids; else scores along `axis`.
        axis: axis of the classes.

    ```python
    m = keraunos.metrics.IoU(num_classes=2, target_class_ids=[0])
    m.update_state([0, 0, 1, 1], [0, 1, 0, 1])
    float(m.result())  # 0.3333
    ```
    """

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        if max(target_class_ids) >= num_classes:
            raise ValueError(
                f"Target class id {max(target_class_ids)} is out of range, which is [0, {num_classes})."
            )
        super().__init__(
            name=name,
            num_classes=num_classes,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
            dtype=dtype,
        )
        self.target_class_ids = list(target_class_ids)

    def result(self):
        matrix = ops.cast(self.total_cm, "float32")
        intersection = ops.diagonal(matrix)
        union = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - intersection
        if self.target_class_ids != list(range(self.num_classes)):
            intersection = ops.take(intersection, self.target_class_ids, axis=0)
            union = ops.take(union, self.target_class_ids, axis=0)
        is_present = ops.greater(union, 1e-9)
        ratios = ops.where(is_present, intersection / (union + config.epsilon()), 0.0)
        return ops.sum(ratios) / (ops.sum(ops.cast(is_present, "float32")) + config.epsilon())

    def get_config(self):
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class,
            "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred,
            "axis": self.axis,
        }


class BinaryIoU(IoU):
    """`IoU` of two classes, with predictions of at least `threshold` being class 1."""

    def __init__(self, target_class_ids=(0, 1), threshold=0.5, name=None, dtype=None):
        super().__init__(num_classes=2, target_class_ids=target_class_ids, name=name, dtype=dtype)
        self.threshold = threshold

    def update_state(self, y_true, y_pred, sample_weight=None):
        """Adds a batch: labels 0 and 1, predictions in [0, 1], and weights."""
        y_pred = ops.convert_to_tensor(y_pred, dtype="float32")
        super().update_state(y_true, ops.cast(y_pred >= self.threshold, self.dtype), sample_weight)

    def get_config(self):
        return {
            "target_class_ids": self.target_class_ids,
            "threshold": self.threshold,
            "name": self.name,
            "dtype": self.dtype,
        }


class MeanIoU(IoU):
    """`IoU` of all classes."""

    def __init__(
        self,
        num_classes,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_true=True,
        sparse_y_pred=True,
        axis=-1,
    ):
        super().__init__(
            num_classes=num_classes,
            target_class_ids=list(range(num_classes)),
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=sparse_y_true,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )

    def get_config(self):
        config = super().get_config()
        del config["target_class_ids"]
        return config


class OneHotIoU(IoU):
    """`IoU` with one-hot labels, and predictions as scores (or class ids with `sparse_y_pred`)."""

    def __init__(
        self,
        num_classes,
        target_class_ids,
        name=None,
        dtype=None,
        ignore_class=None,
        sparse_y_pred=False,
        axis=-1,
    ):
        super().__init__(
            num_classes=num_classes,
            target_class_ids=target_class_ids,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )

    def get_config(self):
        config = super().get_config()
        del config["sparse_y_true"]
        return config


class OneHotMeanIoU(MeanIoU):
    """`MeanIoU` with one-hot labels, and predictions as scores (or class ids with `sparse_y_pred`)."""

    def __init__(self, num_classes, name=None, dtype=None, ignore_class=None, sparse_y_pred=False, axis=-1):
        super().__init__(
            num_classes=num_classes,
            name=name,
            dtype=dtype,
            ignore_class=ignore_class,
            sparse_y_true=False,
            sparse_y_pred=sparse_y_pred,
            axis=axis,
        )

    def get_config(self):
        config = super().get_config()
        del config["sparse_y_true"]
        return config


def _flat(x):
    return ops.reshape(x, (-1,)) if len(x.shape) > 1 else x
