"""Everything with the Keras API: keraunos itself, and Keras on its backends."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import cases
from peers.timing import once, per_call


def load(peer: str, threads: int) -> Any:
    """The `keras` module of a peer, told how many threads to use."""
    if peer == "keraunos":
        import keraunos
        from keraunos import runner

        # The custom train_step says `import tensorflow as tf`, as on any machine.
        runner.install()
        keraunos.config.set_num_threads(threads)
        return keraunos
    backend = peer.removeprefix("keras-")
    os.environ["KERAS_BACKEND"] = backend
    if backend == "tensorflow":
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        import tensorflow as tf

        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)
    if backend == "torch":
        import torch

        torch.set_num_threads(threads)
    import keras

    if keras.backend.backend() != backend or "keraunos" in sys.modules:
        raise ImportError(f"keras runs on {keras.backend.backend()}, not on {backend}")
    return keras


def prepare(peer: str, case: cases.Case, measure: str, threads: int) -> Callable[[], float]:
    """See `peers`."""
    keras = load(peer, threads)
    keras.utils.set_random_seed(0)
    model = cases.build(case, keras)
    if measure == "train":
        x, y = cases.data(case)

        def fit() -> None:
            model.fit(x, y, batch_size=case.batch_size, epochs=case.epochs, verbose=0)

        return lambda: once(fit, case.steps)
    x, _ = cases.data(case, cases.INFERENCE_SAMPLES)
    if measure == "predict_10000":
        return lambda: once(lambda: model.predict(x, batch_size=cases.INFERENCE_BATCH, verbose=0))
    one = x[:1]
    calls = {
        "predict": lambda: model.predict(one, verbose=0),
        "predict_on_batch": lambda: model.predict_on_batch(one),
        "call": lambda: _finished(model(one)),
    }
    return lambda: per_call(calls[measure])


def _finished(result: Any) -> None:
    # JAX hands out results before they are computed.
    wait = getattr(result, "block_until_ready", None)
    if wait is not None:
        wait()
