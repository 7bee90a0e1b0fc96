"""Sample weights: their shapes, and how class weights become sample weights."""

import numpy as np

from keraunos import config
from keraunos.training.arguments import check_class_weight
from keraunos.training.structure import leaves_of, map_leaves


def is_nested(structure):
    return isinstance(structure, (list, tuple, dict))


def class_weight_to_sample_weights(y, class_weight):
    """Returns one weight per row: that of its class, 1 for classes not in the dict.

    Args:
        y: class indices of shape `(n,)` or `(n, 1)`, or one-hot rows `(n, classes)`.
        class_weight: dict from class index to weight.

    Raises:
        ValueError: if the keys are no integers.
    """
    check_class_weight(class_weight)
    labels = np.asarray(y.detach().cpu() if hasattr(y, "detach") else y)
    if labels.ndim > 1:
        labels = labels[..., 0] if labels.shape[-1] == 1 else labels.argmax(-1)
    labels = np.round(labels).astype("int64")
    weights = np.ones(labels.shape, dtype=config.floatx())
    for label, weight in class_weight.items():
        weights[labels == label] = weight
    # One weight per row also for labels with further axes, as Keras has it.
    return weights if weights.ndim == 1 else _refuse_class_weight(labels.shape)


def _refuse_class_weight(shape):
    raise ValueError(
        "`class_weight` needs one class per row: targets of shape (n,), (n, 1) or (n, classes). "
        f"Received: class indices of shape {shape}"
    )


def resolve_sample_weight(y, sample_weight, class_weight):
    """Combines the arguments `sample_weight` and `class_weight` of `fit`.

    Returns:
        Sample weights with one array per output, or `None`.
    """
    if class_weight is not None:
        if sample_weight is not None:
            raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
        check_class_weight(class_weight)
        if is_nested(y):
            raise ValueError("`class_weight` is only supported for Models with a single output.")
        if y is None:
            raise ValueError("`class_weight` needs targets: `y` must be provided.")
        return class_weight_to_sample_weights(y, class_weight)
    if sample_weight is None or not is_nested(y):
        return sample_weight
    if is_nested(sample_weight):
        _check_same_structure(y, sample_weight)
        return sample_weight
    shape = sample_weight.shape
    if not (len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)):
        raise ValueError(
            "For a model with multiple outputs, when providing a single `sample_weight` array, it "
            "should only have one scalar score per sample (i.e. shape `(num_samples,)`). If you "
            "want to use non-scalar sample weights, pass a `sample_weight` argument with one "
            f"array per model output. Received: sample_weight of shape {tuple(shape)}"
        )
    return map_leaves(lambda _: sample_weight, y)


def _check_same_structure(y, sample_weight):
    same_keys = not isinstance(y, dict) or (
        isinstance(sample_weight, dict) and set(y) == set(sample_weight)
    )
    if same_keys and len(leaves_of(y)) == _count_with_none(sample_weight):
        return
    raise ValueError(
        "You should provide one `sample_weight` array per output in `y`. The two structures did "
        f"not match: `y` has {_describe(y)}, `sample_weight` has {_describe(sample_weight)}"
    )


def _count_with_none(structure):
    if isinstance(structure, dict):
        return sum(_count_with_none(item) for item in structure.values())
    if isinstance(structure, (list, tuple)):
        return sum(_count_with_none(item) for item in structure)
    return 1


def _describe(structure):
    if isinstance(structure, dict):
        return f"keys {list(structure)}"
    if isinstance(structure, (list, tuple)):
        return f"{len(structure)} arrays"
    return "one array"
