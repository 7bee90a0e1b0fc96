"""Who is measured: the name of a peer -> the module here that speaks for it.

Such a module has `training(case, options)`, which returns a function that trains once and returns the seconds of one step, and
`inference(case, options)`, which returns such a function for each measure of `cases.INFERENCE` that it can do. `options` are those of
worker.py. A process serves many rows, one after the other.
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

# Peers that make no sense for inference: they differ in how they train.
TRAIN_ONLY = {"torch-fused", "jax-scan"}
RUN_ONLY = {"onnxruntime", "litert"}


def offers(peer: str, case: Any, part: str) -> bool:
    """Whether the peer can do that at all."""
    if peer == "keraunos" or peer in KERAS_PEERS:
        return True
    if case.variant or peer in (RUN_ONLY if part == "training" else TRAIN_ONLY):
        return False
    is_stack = not case.network and not case.has_two_inputs and not case.image
    if peer == "torch-channels-last":
        return bool(case.image)
    if peer == "torch-compile":
        # Compiling the larger networks takes minutes, again for every batch size.
        return is_stack or (part == "training" and case.has_two_inputs)
    if peer == "torch-fused":
        return case.optimizer in ("sgd", "adam")
    if peer == "scikit-learn":
        return is_stack and (part == "inference" or (not case.dropout and case.optimizer in ("sgd", "adam")))
    return True
