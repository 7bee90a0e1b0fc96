"""scikit-learn's multilayer perceptron, where it can be the case's network."""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable
from typing import Any

import cases
from peers.timing import once, per_call
from sklearn.neural_network import MLPClassifier, MLPRegressor


def _model(case: cases.Case, solver: str) -> Any:
    warnings.simplefilter("ignore")
    kind = MLPClassifier if case.is_classifier else MLPRegressor
    return kind(
        hidden_layer_sizes=case.sizes[1:-1],
        solver=solver,
        alpha=0.0,
        batch_size=case.batch_size,
        learning_rate_init=case.learning_rate,
        max_iter=1,
        momentum=0.0,
        nesterovs_momentum=False,
        random_state=0,
    )


def training(case: cases.Case, options: argparse.Namespace) -> Callable[[], float]:
    """See `peers`."""
    model = _model(case, case.optimizer)
    x, y = cases.data(case)
    classes = {"classes": range(case.sizes[-1])} if case.is_classifier else {}
    model.partial_fit(x, y, **classes)  # names the classes

    def fit() -> None:
        for _ in range(case.epochs):
            model.partial_fit(x, y)

    return lambda: once(fit, case.steps)


def inference(case: cases.Case, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """See `peers`."""
    model = _model(case, "adam")
    x, y = cases.data(case)
    model.fit(x[: case.batch_size], y[: case.batch_size])
    call = model.predict_proba if case.is_classifier else model.predict
    x, _ = cases.data(case, case.questions)

    def batches() -> None:
        for i in range(0, len(x), cases.BATCH):
            call(x[i : i + cases.BATCH])

    return {"predict": lambda: per_call(lambda: call(x[:1])), "batches": lambda: once(batches)}
