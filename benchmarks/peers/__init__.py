"""Who is measured: the name of a peer -> the module here that speaks for it.

Such a module has `prepare(peer, case, measure, threads)`, which returns a function that does the work once and returns
the seconds of one unit: a train step, or a call.
"""

from __future__ import annotations

from typing import Any

PEERS = {
    "keraunos": "peers.keras_api",
    "keras-tensorflow": "peers.keras_api",
    "keras-jax": "peers.keras_api",
    "keras-torch": "peers.keras_api",
    "torch": "peers.torch_native",
    "torch-fused": "peers.torch_native",
    "torch-channels-last": "peers.torch_native",
    "torch-compile": "peers.torch_native",
    "jax": "peers.jax_native",
    "jax-scan": "peers.jax_native",
    "scikit-learn": "peers.scikit_learn",
    "onnxruntime": "peers.onnx_runtime",
    "litert": "peers.lite_rt",
}
KERAS_PEERS = ["keras-tensorflow", "keras-jax", "keras-torch"]

# What is no Keras has one way to call a model. It stands in the row of `model(x)`, scikit-learn's in that of `predict`.
RUNS_MODELS = {"torch", "torch-compile", "jax", "onnxruntime", "litert"}


def offers(peer: str, case: Any, measure: str) -> bool:
    """Whether the peer can do that at all."""
    if peer == "keraunos" or peer in KERAS_PEERS:
        return True
    if case.variant:
        return False
    if measure == "train":
        if peer == "torch-channels-last":
            return bool(case.image)
        if peer == "scikit-learn":
            is_plain = not case.network and not case.has_two_inputs and not case.image and not case.dropout
            return is_plain and case.optimizer in ("sgd", "adam")
        if peer == "torch-fused":
            return case.optimizer in ("sgd", "adam")
        return peer.startswith(("torch", "jax"))
    if measure == "predict_on_batch":
        return False
    if measure == "predict":
        return peer == "scikit-learn"
    return peer in RUNS_MODELS or (peer == "scikit-learn" and measure == "predict_10000")
