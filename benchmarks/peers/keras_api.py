"""Everything with the Keras API: keraunos itself, and Keras on its backends."""

from __future__ import annotations

import argparse
import functools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cases
import numpy as np
from peers.timing import once, per_call


@functools.cache
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


def _model(case: cases.Case, options: argparse.Namespace) -> Any:
    keras = load(options.peer, options.threads)
    keras.utils.set_random_seed(0)
    return cases.build(case, keras)


def training(case: cases.Case, options: argparse.Namespace) -> Callable[[], float]:
    """See `peers`."""
    model = _model(case, options)
    x, y = cases.data(case)
    return lambda: once(lambda: model.fit(x, y, batch_size=case.batch_size, epochs=case.epochs, verbose=0), case.steps)


def inference(case: cases.Case, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """See `peers`."""
    model = _model(case, options)
    x, _ = cases.data(case, case.questions)
    one = x[:1]
    measures = {
        "predict": lambda: per_call(lambda: model.predict(one, verbose=0)),
        "predict_on_batch": lambda: per_call(lambda: model.predict_on_batch(one)),
        "call": lambda: per_call(lambda: _finished(model(one))),
        "batches": lambda: once(lambda: model.predict(x, batch_size=cases.BATCH, verbose=0)),
    }
    if options.peer == "keraunos" and options.bench_session:
        measures |= _sessions(model, one, options)
    return measures


def _finished(result: Any) -> None:
    # JAX hands out results before they are computed.
    wait = getattr(result, "block_until_ready", None)
    if wait is not None:
        wait()


def _sessions(model: Any, one: np.ndarray, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """The saved model in a C++ program, which prints the seconds of one run."""
    folder = tempfile.TemporaryDirectory()
    model_file, sample_file = Path(folder.name) / "model.keras", Path(folder.name) / "sample"
    model.save(model_file)
    sample_file.write_bytes(one.tobytes())

    def measure(threads: int) -> float:
        assert folder.name  # lives as long as this function
        command = [options.bench_session, model_file, sample_file, str(threads)]
        return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    return {"session": lambda: measure(1), "session_threads": lambda: measure(options.threads)}
