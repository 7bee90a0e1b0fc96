"""onnxruntime with the case's torch network exported to ONNX, for each batch size once: what is constant is then folded."""

from __future__ import annotations

import argparse
import functools
import io
import warnings
from collections.abc import Callable
from typing import Any

import cases
import numpy as np
import onnxruntime
import torch
from peers import torch_native
from peers.timing import batched, once, per_call


def training(case: cases.Case, options: argparse.Namespace) -> Callable[[], float]:
    """See `peers`."""
    raise NotImplementedError("onnxruntime does not train here")


def inference(case: cases.Case, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """See `peers`."""
    model = torch_native.answering(case)
    x = torch_native.as_torch(case, cases.data(case, case.questions)[0]).numpy()
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = options.threads

    @functools.cache
    def session(size: int) -> Any:
        return onnxruntime.InferenceSession(_graph(model, x[:size]), settings, providers=["CPUExecutionProvider"])

    def run(x: np.ndarray) -> np.ndarray:
        return session(len(x)).run(None, {"x": x})[0]

    one = x[:1]
    return {
        "call": lambda: per_call(lambda: run(one)),
        "batches": lambda: once(lambda: np.concatenate(batched(run, x, cases.BATCH))),
    }


def _graph(model: Any, x: np.ndarray) -> bytes:
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (torch.from_numpy(x),), content, dynamo=False, input_names=["x"], opset_version=17)
    return content.getvalue()
