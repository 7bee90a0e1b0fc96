"""LiteRT (TensorFlow Lite) with the case's network converted from Keras on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cases
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from peers.keras_api import load
from peers.timing import once, per_call


def prepare(peer: str, case: cases.Case, measure: str, threads: int) -> Callable[[], float]:
    """See `peers`."""
    keras = load("keras-tensorflow", threads)
    import tensorflow as tf

    model = cases.build(case, keras)
    call = tf.function(lambda x: model(x, training=False))
    concrete = call.get_concrete_function(tf.TensorSpec((None, case.sizes[0]), tf.float32))
    content = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model).convert()
    interpreter = Interpreter(model_content=content, num_threads=threads)
    source, target = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    size = 0

    def run(x: np.ndarray) -> Any:
        nonlocal size
        if len(x) != size:
            size = len(x)
            interpreter.resize_tensor_input(source, x.shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(source, x)
        interpreter.invoke()
        return interpreter.get_tensor(target)

    x = cases.data(case, cases.INFERENCE_SAMPLES)[0]
    if measure == "call":
        return lambda: per_call(lambda: run(x[:1]))

    def batches() -> None:
        step = cases.INFERENCE_BATCH
        np.concatenate([run(x[i : i + step]) for i in range(0, len(x), step)])

    return lambda: once(batches)
