"""onnxruntime with the case's network written as an ONNX graph."""

from __future__ import annotations

from collections.abc import Callable

import cases
import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from peers.timing import once, per_call


def graph(case: cases.Case) -> bytes:
    """The network with random weights: Gemm, Relu ... and Softmax for classifiers."""
    generator = np.random.default_rng(0)
    nodes, weights, last = [], [], "x"
    count = len(case.sizes) - 1
    for i, shape in enumerate(zip(case.sizes[:-1], case.sizes[1:], strict=True)):
        weights.append(numpy_helper.from_array(generator.normal(0, 0.05, shape).astype("float32"), f"kernel{i}"))
        weights.append(numpy_helper.from_array(np.zeros(shape[1], "float32"), f"bias{i}"))
        nodes.append(helper.make_node("Gemm", [last, f"kernel{i}", f"bias{i}"], [f"sum{i}"]))
        last = f"sum{i}"
        if i < count - 1:
            nodes.append(helper.make_node("Relu", [last], [f"relu{i}"]))
            last = f"relu{i}"
        elif case.is_classifier:
            nodes.append(helper.make_node("Softmax", [last], ["probabilities"], axis=-1))
            last = "probabilities"
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", case.sizes[0]])
    y = helper.make_tensor_value_info(last, TensorProto.FLOAT, ["batch", case.sizes[-1]])
    model = helper.make_model(
        helper.make_graph(nodes, "case", [x], [y], weights), opset_imports=[helper.make_opsetid("", 17)], ir_version=8
    )
    onnx.checker.check_model(model)
    return model.SerializeToString()


def prepare(peer: str, case: cases.Case, measure: str, threads: int) -> Callable[[], float]:
    """See `peers`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(graph(case), options, providers=["CPUExecutionProvider"])
    x = cases.data(case, cases.INFERENCE_SAMPLES)[0]
    if measure == "call":
        one = {"x": x[:1]}
        return lambda: per_call(lambda: session.run(None, one))

    def batches() -> None:
        size = cases.INFERENCE_BATCH
        np.concatenate([session.run(None, {"x": x[i : i + size]})[0] for i in range(0, len(x), size)])

    return lambda: once(batches)
