"""LiteRT (TensorFlow Lite) with the case's network converted from Keras on TensorFlow, for each batch size once.

The weights are frozen into the graph: a converted Keras model otherwise reads variables that the interpreter never sets. Recurrent
layers convert with a known batch size only.
"""

from __future__ import annotations

import argparse
import functools
from collections.abc import Callable
from typing import Any

import cases
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from peers.keras_api import load
from peers.timing import batched, once, per_call


def training(case: cases.Case, options: argparse.Namespace) -> Callable[[], float]:
    """See `peers`."""
    raise NotImplementedError("LiteRT does not train here")


def inference(case: cases.Case, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """See `peers`."""
    model = cases.build(case, load("keras-tensorflow", options.threads))
    x, _ = cases.data(case, case.questions)

    @functools.cache
    def interpreter(size: int) -> Any:
        made = Interpreter(model_content=_converted(model, x[:size]), num_threads=options.threads)
        made.allocate_tensors()
        return made, made.get_input_details()[0]["index"], made.get_output_details()[0]["index"]

    def run(x: np.ndarray) -> np.ndarray:
        made, source, target = interpreter(len(x))
        made.set_tensor(source, x)
        made.invoke()
        return made.get_tensor(target)

    one = x[:1]
    return {
        "call": lambda: per_call(lambda: run(one)),
        "batches": lambda: once(lambda: np.concatenate(batched(run, x, cases.BATCH))),
    }


def _converted(model: Any, x: np.ndarray) -> bytes:
    import tensorflow as tf
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2 as frozen

    call = tf.function(lambda x: model(x, training=False))
    concrete = frozen(call.get_concrete_function(tf.TensorSpec(x.shape, x.dtype)))
    return tf.lite.TFLiteConverter.from_concrete_functions([concrete]).convert()
