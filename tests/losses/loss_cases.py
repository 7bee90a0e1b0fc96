"""Loss cases: what is run with keraunos and, by `tests/oracle/record.py`, with Keras.

A new loss needs a line in `CASES`; then run `tests/oracle/record.py` with Keras installed.
"""

import numpy as np


def _softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def inputs(kind):
    """Targets and predictions of a kind, always the same."""
    random = np.random.RandomState(7)
    scores = random.normal(size=(6, 4)).astype("float32")
    labels = random.randint(0, 4, size=(6,))
    one_hot = np.eye(4, dtype="float32")[labels]
    bits = random.randint(0, 2, size=(6, 4)).astype("float32")
    other = random.normal(size=(6, 4)).astype("float32")
    sequence = random.normal(size=(3, 5, 4)).astype("float32")
    return {
        "numbers": (other, scores),
        "vectors": (other[:, 0], scores[:, :1]),
        "positive": (np.abs(other), np.abs(scores)),
        "signs": (2 * bits - 1, scores),
        "bits": (bits, scores),
        "bits_probabilities": (bits, 1 / (1 + np.exp(-scores))),
        "one_hot": (one_hot, _softmax(scores)),
        "one_hot_logits": (one_hot, scores),
        "distributions": (_softmax(other), _softmax(scores)),
        "labels": (labels.astype("int32"), _softmax(scores)),
        "labels_logits": (labels.astype("int32"), scores),
        "column_labels": (labels.astype("int32")[:, None], scores),
        "sequence_labels": (random.randint(0, 4, size=(3, 5)).astype("int32"), _softmax(sequence)),
        "embeddings": (labels.astype("int32"), scores / np.linalg.norm(scores, axis=1, keepdims=True)),
        "images": (
            random.randint(0, 2, size=(2, 3, 3, 1)).astype("float32"),
            random.uniform(size=(2, 3, 3, 1)).astype("float32"),
        ),
    }[kind]


CASES = {
    "MeanSquaredError": [("numbers", {}), ("vectors", {})],
    "MeanAbsoluteError": [("numbers", {}), ("vectors", {})],
    "MeanAbsolutePercentageError": [("numbers", {}), ("positive", {})],
    "MeanSquaredLogarithmicError": [("numbers", {}), ("positive", {})],
    "CosineSimilarity": [("numbers", {}), ("numbers", {"axis": 0})],
    "Huber": [("numbers", {}), ("numbers", {"delta": 0.3})],
    "LogCosh": [("numbers", {})],
    "Hinge": [("signs", {}), ("bits", {})],
    "SquaredHinge": [("signs", {}), ("bits", {})],
    "CategoricalHinge": [("one_hot_logits", {})],
    "KLDivergence": [("distributions", {})],
    "Poisson": [("positive", {})],
    "BinaryCrossentropy": [
        ("bits_probabilities", {}),
        ("bits", {"from_logits": True}),
        ("bits_probabilities", {"label_smoothing": 0.2}),
        ("bits", {"from_logits": True, "label_smoothing": 0.1, "axis": 0}),
    ],
    "BinaryFocalCrossentropy": [
        ("bits_probabilities", {}),
        ("bits", {"from_logits": True, "gamma": 1.5}),
        ("bits_probabilities", {"apply_class_balancing": True, "alpha": 0.3, "label_smoothing": 0.1}),
    ],
    "CategoricalCrossentropy": [
        ("one_hot", {}),
        ("one_hot_logits", {"from_logits": True}),
        ("distributions", {"label_smoothing": 0.1}),
    ],
    "CategoricalFocalCrossentropy": [
        ("one_hot", {}),
        ("one_hot_logits", {"from_logits": True, "alpha": 0.5, "gamma": 1.0, "label_smoothing": 0.1}),
    ],
    "SparseCategoricalCrossentropy": [
        ("labels", {}),
        ("labels_logits", {"from_logits": True}),
        ("column_labels", {"from_logits": True}),
        ("labels", {"ignore_class": 2}),
        ("sequence_labels", {}),
        ("sequence_labels", {"ignore_class": 1}),
    ],
    "CategoricalGeneralizedCrossEntropy": [("labels", {}), ("labels", {"q": 0.7})],
    "Dice": [("images", {}), ("images", {"axis": (1, 2, 3)})],
    "Tversky": [("images", {}), ("images", {"axis": (1, 2, 3), "alpha": 0.3, "beta": 0.7})],
    "Circle": [("embeddings", {}), ("embeddings", {"gamma": 10.0, "margin": 0.2, "remove_diagonal": False})],
}

# Losses without recorded values, and why.
WITHOUT_VALUES = {
    "Loss": "abstract",
    "LossFunctionWrapper": "compared through its subclasses",
    "CTC": "tests/ops/test_ctc.py",
}

SETTINGS = ("none", "mean", "sum", "weighted", "weighted_mean", "masked")


def cases():
    """Dictionary from case name to (class name, kind of inputs, arguments)."""
    found = {}
    for name, variants in CASES.items():
        for i, (kind, arguments) in enumerate(variants):
            found[f"{name}-{i}-{kind}"] = (name, kind, arguments)
    return found


def run(keras, name, kind, arguments):
    """The loss without reduction, then one number for each of the other settings."""
    y_true, y_pred = inputs(kind)
    make = getattr(keras.losses, name)
    values = np.asarray(to_numpy(keras, make(reduction=None, **arguments)(y_true, y_pred)), dtype="float32")
    numbers = [float(make(reduction=reduction, **arguments)(y_true, y_pred)) for reduction in SETTINGS[1:3]]
    if values.ndim == 0:
        return values, np.array(numbers, dtype="float32")
    weights = np.linspace(0.0, 2.0, values.size, dtype="float32").reshape(values.shape)
    numbers.append(float(make(**arguments)(y_true, y_pred, sample_weight=weights)))
    wrapper = make(reduction="mean_with_sample_weight", **arguments)
    numbers.append(float(wrapper(y_true, y_pred, sample_weight=weights)))
    masked = keras.ops.convert_to_tensor(y_pred)
    masked._keras_mask = keras.ops.convert_to_tensor(weights > 0.7)
    numbers.append(float(make(**arguments)(y_true, masked)))
    return values, np.array(numbers, dtype="float32")


def to_numpy(keras, x):
    """Array of a tensor of either library."""
    return keras.ops.convert_to_numpy(x)
