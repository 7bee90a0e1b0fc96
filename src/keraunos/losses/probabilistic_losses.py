"""Losses of probabilities (or logits) against labels."""

import warnings

from keraunos import config, ops
from keraunos.losses.loss_function_wrapper import FunctionLoss
from keraunos.losses.shapes import may_be_equal, pair
from keraunos.masking import set_keras_mask
from keraunos.ops._improbable import warn_of_improbable

_INTEGER_LABELS = "For integer labels, use `sparse_categorical_crossentropy`"
_ONE_HOT_LABELS = "For one-hot labels, use `categorical_crossentropy`"


def kl_divergence(y_true, y_pred):
    """`sum(y_true * log(y_true / y_pred), axis=-1)`, both clipped to `[epsilon, 1]`."""
    y_true, y_pred = pair("kl_divergence", y_true, y_pred)
    y_true = ops.clip(y_true, config.epsilon(), 1)
    y_pred = ops.clip(y_pred, config.epsilon(), 1)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true, y_pred):
    """`mean(y_pred - y_true * log(y_pred + epsilon), axis=-1)`."""
    y_true, y_pred = pair("poisson", y_true, y_pred)
    return ops.mean(y_pred - y_true * ops.log(y_pred + config.epsilon()), axis=-1)


def binary_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """Mean over `axis` of `-y log(p) - (1 - y) log(1 - p)`.

    Arguments:
        y_true: labels 0 or 1, same shape as `y_pred`.
        y_pred: probabilities (clipped to `[epsilon, 1 - epsilon]`), or logits.
        from_logits: whether `y_pred` are logits.
        label_smoothing: moves the labels towards 0.5 by this share; in [0, 1].
        axis: axis of the mean.

    ```python
    keraunos.losses.binary_crossentropy([[0.0, 1.0]], [[0.5, 0.5]])  # [0.6931]
    ```
    """
    check_label_smoothing(label_smoothing)
    y_true, y_pred = pair("binary_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    values = ops.mean(ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits), axis=axis)
    warn_of_improbable()
    return values


def binary_focal_crossentropy(
    y_true,
    y_pred,
    apply_class_balancing=False,
    alpha=0.25,
    gamma=2.0,
    from_logits=False,
    label_smoothing=0.0,
    axis=-1,
):
    """`binary_crossentropy` times `(1 - p_t)^gamma`, where `p_t` is the probability of the true class (Lin et al., 2018).

    With `apply_class_balancing`, ones weigh `alpha` and zeros `1 - alpha`.
    """
    check_label_smoothing(label_smoothing)
    y_true, y_pred = pair("binary_focal_crossentropy", y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    crossentropy = ops.binary_crossentropy(y_true, y_pred, from_logits=False)
    p_t = y_true * y_pred + (1 - y_true) * (1 - y_pred)
    values = ops.power(1.0 - p_t, gamma) * crossentropy
    if apply_class_balancing:
        values = (y_true * alpha + (1 - y_true) * (1 - alpha)) * values
    return ops.mean(values, axis=axis)


def categorical_crossentropy(y_true, y_pred, from_logits=False, label_smoothing=0.0, axis=-1):
    """`-sum(y_true * log(y_pred), axis)` for one-hot labels (or any target distribution).

    Arguments:
        y_true: target probabilities, same shape as `y_pred`.
        y_pred: probabilities (divided by their sum, clipped to `[epsilon, 1 - epsilon]`), or logits.
        from_logits: whether `y_pred` are logits.
        label_smoothing: share of the targets that is spread over all classes; in [0, 1].
        axis: axis of the classes.
    """
    y_true, y_pred = _class_targets("categorical_crossentropy", y_true, y_pred, label_smoothing, axis)
    return ops.categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)


def categorical_focal_crossentropy(
    y_true, y_pred, alpha=0.25, gamma=2.0, from_logits=False, label_smoothing=0.0, axis=-1
):
    """`-sum(alpha * (1 - y_pred)^gamma * y_true * log(y_pred), axis)` (Lin et al., 2018)."""
    y_true, y_pred = _class_targets("categorical_focal_crossentropy", y_true, y_pred, label_smoothing, axis)
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    output = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    output = ops.clip(output, config.epsilon(), 1.0 - config.epsilon())
    values = alpha * ops.power(1.0 - output, gamma) * (-y_true * ops.log(output))
    return ops.sum(values, axis=axis)


def sparse_categorical_crossentropy(y_true, y_pred, from_logits=False, ignore_class=None, axis=-1):
    """Crossentropy for integer labels: `-log(y_pred[label])`.

    Arguments:
        y_true: labels in `[0, classes)`, shape of `y_pred` without the class axis (a class axis of size 1 is dropped).
        y_pred: probabilities, or logits.
        from_logits: whether `y_pred` are logits.
        ignore_class: label whose positions give loss 0 and do not count in a mean.
        axis: axis of the classes.
    """
    y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[axis] == 1:
        y_true = ops.squeeze(y_true, axis=axis)
    _require_label_shape(y_true, y_pred, axis)
    if ignore_class is None:
        return _sparse_crossentropy(y_true, y_pred, from_logits, axis)
    valid = ops.not_equal(y_true, ops.cast(ignore_class, y_true.dtype))
    y_true = ops.where(valid, y_true, 0)
    y_pred = ops.where(ops.expand_dims(valid, axis), y_pred, 0)
    values = ops.where(valid, _sparse_crossentropy(y_true, y_pred, from_logits, axis), 0.0)
    set_keras_mask(values, valid)
    return values


def categorical_generalized_cross_entropy(y_true, y_pred, q):
    """`(1 - y_pred[label]^q) / q` for integer labels; robust to wrong labels (Zhang and Sabuncu, 2018)."""
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true)
    if len(y_true.shape) == len(y_pred.shape) and y_true.shape[-1] == 1:
        y_true = ops.squeeze(y_true, axis=-1)
    one_hot = ops.one_hot(ops.cast(y_true, "int32"), num_classes=y_pred.shape[-1], dtype=y_pred.dtype)
    return (1 - ops.power(ops.sum(y_pred * one_hot, axis=-1), q)) / q


def check_label_smoothing(value):
    """Raises a `ValueError` unless `0 <= value <= 1`."""
    if not 0 <= value <= 1:
        raise ValueError(f"Argument `label_smoothing` must be in the range [0, 1]. Received: label_smoothing={value}")


def _class_targets(name, y_true, y_pred, label_smoothing, axis):
    if isinstance(axis, bool):
        raise ValueError(f"`axis` must be of type `int`. Received: axis={axis} of type {type(axis)}")
    check_label_smoothing(label_smoothing)
    y_true, y_pred = pair(name, y_true, y_pred, _INTEGER_LABELS)
    if y_pred.shape[-1] == 1:
        warnings.warn(
            f"In loss {name}, expected y_pred.shape to be (batch_size, num_classes) with num_classes > 1. Received: "
            f"y_pred.shape={tuple(y_pred.shape)}. Consider using 'binary_crossentropy' if you only have 2 classes.",
            SyntaxWarning,
            stacklevel=3,
        )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[-1]
    return y_true, y_pred


def _sparse_crossentropy(y_true, y_pred, from_logits, axis):
    try:
        return ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits=from_logits, axis=axis)
    except IndexError:
        labels, classes = ops.convert_to_numpy(y_true).reshape(-1), y_pred.shape[axis]
        row = int(((labels < 0) | (labels >= classes)).argmax())
        raise IndexError(
            f"sparse_categorical_crossentropy: labels must be in [0, {classes}). "
            f"Received: label {int(labels[row])} at position {row}"
        ) from None


def _require_label_shape(y_true, y_pred, axis):
    shape = list(y_pred.shape)
    if shape:
        del shape[axis]
    if not may_be_equal(y_true.shape, shape):
        raise ValueError(
            "sparse_categorical_crossentropy: `y_true` must have the shape of `y_pred` without the class axis. "
            f"Received: y_true.shape={tuple(y_true.shape)} and y_pred.shape={tuple(y_pred.shape)}. {_ONE_HOT_LABELS}"
        )


class KLDivergence(FunctionLoss):
    """Kullback-Leibler divergence of `y_true` from `y_pred`. See `kl_divergence`."""

    def __init__(self, reduction="sum_over_batch_size", name="kl_divergence", dtype=None):
        super().__init__(kl_divergence, name=name, reduction=reduction, dtype=dtype)


class Poisson(FunctionLoss):
    """Negative log likelihood of counts under a Poisson rate. See `poisson`."""

    def __init__(self, reduction="sum_over_batch_size", name="poisson", dtype=None):
        super().__init__(poisson, name=name, reduction=reduction, dtype=dtype)


class BinaryCrossentropy(FunctionLoss):
    """Crossentropy of labels 0 and 1. See `binary_crossentropy`.

    ```python
    model.compile(optimizer="adam", loss=keraunos.losses.BinaryCrossentropy(from_logits=True))
    ```
    """

    _keras_config = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_crossentropy",
        dtype=None,
    ):
        check_label_smoothing(label_smoothing)
        super().__init__(
            binary_crossentropy,
            name=name,
            reduction=reduction,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class BinaryFocalCrossentropy(FunctionLoss):
    """Binary crossentropy that looks away from easy samples. See `binary_focal_crossentropy`."""

    _keras_config = ("from_logits", "label_smoothing", "axis", "apply_class_balancing", "alpha", "gamma")

    def __init__(
        self,
        apply_class_balancing=False,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="binary_focal_crossentropy",
        dtype=None,
    ):
        check_label_smoothing(label_smoothing)
        super().__init__(
            binary_focal_crossentropy,
            name=name,
            reduction=reduction,
            dtype=dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma


class CategoricalCrossentropy(FunctionLoss):
    """Crossentropy of one-hot labels. See `categorical_crossentropy`."""

    _keras_config = ("from_logits", "label_smoothing", "axis")

    def __init__(
        self,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_crossentropy",
        dtype=None,
    ):
        check_label_smoothing(label_smoothing)
        super().__init__(
            categorical_crossentropy,
            name=name,
            reduction=reduction,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis


class CategoricalFocalCrossentropy(FunctionLoss):
    """Categorical crossentropy that looks away from easy samples. See `categorical_focal_crossentropy`."""

    _keras_config = ("from_logits", "label_smoothing", "axis", "alpha", "gamma")

    def __init__(
        self,
        alpha=0.25,
        gamma=2.0,
        from_logits=False,
        label_smoothing=0.0,
        axis=-1,
        reduction="sum_over_batch_size",
        name="categorical_focal_crossentropy",
        dtype=None,
    ):
        check_label_smoothing(label_smoothing)
        super().__init__(
            categorical_focal_crossentropy,
            name=name,
            reduction=reduction,
            dtype=dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis
        self.alpha = alpha
        self.gamma = gamma


class SparseCategoricalCrossentropy(FunctionLoss):
    """Crossentropy of integer labels. See `sparse_categorical_crossentropy`."""

    _keras_config = ("from_logits", "ignore_class")
    _own_config = {"axis": -1}

    def __init__(
        self,
        from_logits=False,
        ignore_class=None,
        reduction="sum_over_batch_size",
        axis=-1,
        name="sparse_categorical_crossentropy",
        dtype=None,
    ):
        super().__init__(
            sparse_categorical_crossentropy,
            name=name,
            reduction=reduction,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )
        self.from_logits = from_logits
        self.ignore_class = ignore_class


class CategoricalGeneralizedCrossEntropy(FunctionLoss):
    """Crossentropy of integer labels that is robust to wrong ones. See `categorical_generalized_cross_entropy`."""

    _keras_config = ("q",)

    def __init__(
        self, q=0.5, reduction="sum_over_batch_size", name="categorical_generalized_cross_entropy", dtype=None
    ):
        if not 0 < q < 1:
            raise ValueError(f"q must be in the interval (0, 1). Received: q={q}")
        super().__init__(categorical_generalized_cross_entropy, name=name, reduction=reduction, dtype=dtype, q=q)
        self.q = q
