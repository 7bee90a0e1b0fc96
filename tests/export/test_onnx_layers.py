"""Every layer case of tests/layers, exported and run by onnxruntime."""

import pathlib
import sys

import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "layers"))

from cases import BATCH, CASES
from data import call_arguments_of, inputs_of, weights_of
from onnx_runs import assert_same, open_spec, run, session

from keraunos import tree
from keraunos.export.onnx_model import function_model


def built(case):
    layer = case.make()
    case.run(layer, inputs_of(case, BATCH))
    layer.set_weights(weights_of(case, [w.shape for w in layer.weights]))
    return layer


def changes_state(case):
    """Training moves statistics and seeds, which an ONNX graph cannot; a stateful layer moves its state."""
    return bool(case.call.get("training")) or bool(case.arguments.get("stateful"))


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_onnxruntime_gives_our_outputs(case):
    layer = built(case)
    arguments = call_arguments_of(case, BATCH)  # further tensors have the batch of the trace
    x = inputs_of(case, BATCH)
    names = [f"x{i}" for i in range(len(tree.flatten(x)))]
    specs = [open_spec(array, name) for array, name in zip(tree.flatten(x), names)]
    try:
        proto = function_model(lambda x: case.run(layer, x, arguments), [tree.pack_sequence_as(x, specs)])
    except NotImplementedError as error:
        assert changes_state(case) and "keeps no state" in str(error)
        pytest.skip("it changes variables, and an ONNX graph keeps no state")
    runner = session(proto)
    for batch in [BATCH] if case.has_mask or case.more else [BATCH, 1, 5]:
        x = inputs_of(case, batch)
        assert_same(run(runner, dict(zip(names, tree.flatten(x)))), case.run(layer, x, arguments))
