"""scikit-learn's multilayer perceptron, where it can be the case's network."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import cases
from peers.timing import once, per_call
from sklearn.neural_network import MLPClassifier, MLPRegressor


def prepare(peer: str, case: cases.Case, measure: str, threads: int) -> Callable[[], float]:
    """See `peers`."""
    warnings.simplefilter("ignore")
    kind = MLPClassifier if case.is_classifier else MLPRegressor
    model = kind(
        hidden_layer_sizes=case.sizes[1:-1],
        solver=case.optimizer if measure == "train" else "adam",
        alpha=0.0,
        batch_size=case.batch_size,
        learning_rate_init=case.learning_rate,
        momentum=0.0,
        nesterovs_momentum=False,
        random_state=0,
    )
    x, y = cases.data(case)
    if measure == "train":
        classes = {"classes": range(case.sizes[-1])} if case.is_classifier else {}
        model.partial_fit(x, y, **classes)  # names the classes

        def fit() -> None:
            for _ in range(case.epochs):
                model.partial_fit(x, y)

        return lambda: once(fit, case.steps)
    model.max_iter = 1
    model.fit(x[: case.batch_size], y[: case.batch_size])
    call = model.predict_proba if case.is_classifier else model.predict
    x = cases.data(case, cases.INFERENCE_SAMPLES)[0]
    if measure == "predict":
        return lambda: per_call(lambda: call(x[:1]))

    def batches() -> None:
        for i in range(0, len(x), cases.INFERENCE_BATCH):
            call(x[i : i + cases.INFERENCE_BATCH])

    return lambda: once(batches)
