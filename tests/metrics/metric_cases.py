"""Metric cases: what is run with keraunos and, by `tests/oracle/record.py`, with Keras.

A new metric needs a line in `CASES`; then run `tests/oracle/record.py` with Keras installed.
"""

import numpy as np


def batch(kind, size, seed):
    """Targets, predictions and sample weights of a kind, always the same."""
    random = np.random.RandomState(seed)
    scores = random.normal(size=(size, 3)).astype("float32")
    probabilities = (1 / (1 + np.exp(-scores))).astype("float32")
    softmax = (np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)).astype("float32")
    labels = random.randint(0, 3, size=(size,)).astype("int32")
    bits = random.randint(0, 2, size=(size, 3)).astype("float32")
    other = random.normal(size=(size, 3)).astype("float32")
    guesses = random.randint(0, 3, size=(size,)).astype("int32")
    weights = random.uniform(size=(size,)).astype("float32")
    one_hot = np.eye(3, dtype="float32")[labels]
    targets, predictions = {
        "numbers": (other, scores),
        "columns": (other[:, 0], scores[:, :1]),
        "positive": (np.abs(other), np.abs(scores)),
        "signs": (2 * bits - 1, scores),
        "bits": (bits, probabilities),
        "bit": (bits[:, 0], probabilities[:, 0]),
        "bits_logits": (bits, scores),
        "one_hot": (one_hot, softmax),
        "one_hot_logits": (one_hot, scores),
        "distributions": (np.abs(other) / np.abs(other).sum(axis=-1, keepdims=True), softmax),
        "labels": (labels, softmax),
        "labels_logits": (labels, scores),
        "classes": (labels, guesses),
    }[kind]
    return targets, predictions, weights


CASES = {
    "Accuracy": [("classes", {})],
    "BinaryAccuracy": [("bits", {}), ("bits", {"threshold": 0.3}), ("bit", {})],
    "CategoricalAccuracy": [("one_hot", {})],
    "SparseCategoricalAccuracy": [("labels", {})],
    "TopKCategoricalAccuracy": [("one_hot", {"k": 2})],
    "SparseTopKCategoricalAccuracy": [("labels", {"k": 2}), ("labels", {"k": 1})],
    "FalsePositives": [("bits", {}), ("bit", {"thresholds": [0.2, 0.5, 0.8]})],
    "FalseNegatives": [("bits", {}), ("bit", {"thresholds": [0.2, 0.7]})],
    "TruePositives": [("bits", {}), ("bit", {"thresholds": [0.0, 0.5, 1.0]})],
    "TrueNegatives": [("bits", {}), ("bit", {"thresholds": [0.2, 0.7]})],
    "Precision": [
        ("bits", {}),
        ("bit", {"thresholds": [0.3, 0.6]}),
        ("bits", {"top_k": 2}),
        ("bits", {"class_id": 1}),
        ("bits", {"top_k": 2, "class_id": 2}),
    ],
    "Recall": [("bits", {}), ("bit", {"thresholds": [0.3, 0.6]}), ("bits", {"top_k": 2}), ("bits", {"class_id": 1})],
    "SensitivityAtSpecificity": [("bit", {"specificity": 0.4}), ("bits", {"specificity": 0.6, "class_id": 1})],
    "SpecificityAtSensitivity": [("bit", {"sensitivity": 0.4}), ("bits", {"sensitivity": 0.5, "num_thresholds": 1})],
    "PrecisionAtRecall": [("bit", {"recall": 0.4}), ("bits", {"recall": 0.7, "num_thresholds": 20})],
    "RecallAtPrecision": [("bit", {"precision": 0.5}), ("bits", {"precision": 0.4, "num_thresholds": 20})],
    "AUC": [
        ("bit", {}),
        ("bits", {"num_thresholds": 10}),
        ("bit", {"curve": "PR"}),
        ("bit", {"curve": "PRGAIN"}),
        ("bit", {"curve": "PR", "summation_method": "majoring"}),
        ("bit", {"summation_method": "minoring"}),
        ("bits", {"multi_label": True, "num_labels": 3}),
        ("bits", {"multi_label": True, "label_weights": [0.2, 0.3, 0.5]}),
        ("bits", {"label_weights": [0.2, 0.3, 0.5]}),
        ("bit", {"thresholds": [0.1, 0.3, 0.9]}),
        ("bits", {"multi_label": True, "thresholds": [0.1, 0.3, 0.9]}),
        ("bits_logits", {"from_logits": True}),
    ],
    "FBetaScore": [
        ("bits", {"beta": 2.0, "threshold": 0.5}),
        ("one_hot", {}),
        ("bits", {"average": "micro", "threshold": 0.4}),
        ("bits", {"average": "weighted", "threshold": 0.4, "beta": 0.5}),
    ],
    "F1Score": [("one_hot", {"average": "macro"}), ("bits", {"threshold": 0.5})],
    "IoU": [("classes", {"num_classes": 3, "target_class_ids": [0, 2]}), ("classes", {"num_classes": 3, "target_class_ids": [0, 1], "ignore_class": 2})],
    "BinaryIoU": [("bits", {}), ("bits", {"target_class_ids": [1], "threshold": 0.3})],
    "MeanIoU": [("classes", {"num_classes": 3})],
    "OneHotIoU": [("one_hot", {"num_classes": 3, "target_class_ids": [0, 2]})],
    "OneHotMeanIoU": [("one_hot", {"num_classes": 3})],
    "MeanSquaredError": [("numbers", {}), ("columns", {})],
    "RootMeanSquaredError": [("numbers", {})],
    "MeanAbsoluteError": [("numbers", {})],
    "MeanAbsolutePercentageError": [("positive", {})],
    "MeanSquaredLogarithmicError": [("positive", {})],
    "CosineSimilarity": [("numbers", {})],
    "LogCoshError": [("numbers", {})],
    "R2Score": [
        ("numbers", {}),
        ("numbers", {"class_aggregation": "variance_weighted_average"}),
        ("numbers", {"class_aggregation": None}),
        ("numbers", {"num_regressors": 2}),
    ],
    "PearsonCorrelation": [("numbers", {})],
    "ConcordanceCorrelation": [("numbers", {})],
    "Hinge": [("signs", {}), ("bits_logits", {})],
    "SquaredHinge": [("signs", {})],
    "CategoricalHinge": [("one_hot_logits", {})],
    "KLDivergence": [("distributions", {})],
    "Poisson": [("positive", {})],
    "BinaryCrossentropy": [("bits", {}), ("bits_logits", {"from_logits": True, "label_smoothing": 0.1})],
    "CategoricalCrossentropy": [("one_hot", {}), ("one_hot_logits", {"from_logits": True, "label_smoothing": 0.1})],
    "SparseCategoricalCrossentropy": [
        ("labels", {}),
        ("labels_logits", {"from_logits": True}),
        ("labels", {"ignore_class": 1}),
    ],
}

# Metrics of values instead of targets and predictions.
VALUE_METRICS = ("Mean", "Sum")

# Metrics without recorded values, and why.
WITHOUT_VALUES = {"Metric": "abstract", "MeanMetricWrapper": "compared through its subclasses"}


def cases():
    """Dictionary from case name to (class name, kind of inputs, arguments)."""
    found = {}
    for name, variants in CASES.items():
        for i, (kind, arguments) in enumerate(variants):
            found[f"{name}-{i}-{kind}"] = (name, kind, arguments)
    for name in VALUE_METRICS:
        found[f"{name}-0-values"] = (name, None, {})
    return found


def run(keras, name, kind, arguments):
    """Results after each of three batches, without and then with weights; last the result after a reset."""
    results = []
    for is_weighted in (False, True):
        metric = getattr(keras.metrics, name)(**arguments)
        for seed, size in enumerate((7, 1, 5)):
            update(metric, kind, size, seed, is_weighted)
            results.append(numbers(keras, metric))
    metric.reset_state()
    update(metric, kind, 6, 9, False)
    results.append(numbers(keras, metric))
    return np.concatenate(results)


def update(metric, kind, size, seed, is_weighted):
    """Adds a batch to the metric."""
    if kind is None:
        values, _, weights = batch("numbers", size, seed)
        metric.update_state(values, sample_weight=weights if is_weighted else None)
        return
    targets, predictions, weights = batch(kind, size, seed)
    if "IoU" in type(metric).__name__:
        # One weight per position; integers, because the matrix is one.
        shape = predictions.shape if kind == "bits" else weights.shape
        weights = np.arange(1, np.prod(shape) + 1, dtype="int32").reshape(shape)
    metric.update_state(targets, predictions, sample_weight=weights if is_weighted else None)


def numbers(keras, metric):
    """The result as a vector."""
    return np.asarray(keras.ops.convert_to_numpy(metric.result()), dtype="float32").reshape(-1)
