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


def exported(case, layer, arguments):
    """The layer's call as a model file, and the names of its inputs. Only the batch is open."""
    x = inputs_of(case, BATCH)
    names = [f"x{i}" for i in range(len(tree.flatten(x)))]
    specs = [open_spec(array, name) for array, name in zip(tree.flatten(x), names)]
    return function_model(lambda x: case.run(layer, x, arguments), [tree.pack_sequence_as(x, specs)]), names


def check_outputs(case, layer, arguments):
    proto, names = exported(case, layer, arguments)
    runner = session(proto)
    for batch in [BATCH] if case.has_mask or case.more else [BATCH, 1, 5]:
        x = inputs_of(case, batch)
        assert_same(run(runner, dict(zip(names, tree.flatten(x)))), case.run(layer, x, arguments))


@pytest.mark.parametrize("case", [case for case in CASES if not changes_state(case)], ids=repr)
def test_onnxruntime_gives_our_outputs(case):
    # Further tensors have the batch of the trace.
    check_outputs(case, built(case), call_arguments_of(case, BATCH))


@pytest.mark.parametrize("case", [case for case in CASES if case.call.get("training") and not case.arguments.get("stateful")], ids=repr)
def test_layers_that_change_variables_in_training_are_exported_for_inference(case):
    check_outputs(case, built(case), {**call_arguments_of(case, BATCH), "training": False})


@pytest.mark.parametrize("case", [case for case in CASES if changes_state(case)], ids=repr)
def test_a_call_that_changes_variables_is_refused(case):
    layer = built(case)
    before = [weight.numpy() for weight in layer.weights]
    try:
        exported(case, layer, call_arguments_of(case, BATCH))
    except NotImplementedError as error:
        assert "keeps no state" in str(error)
    else:
        assert not case.is_random  # in this configuration nothing changes
    for weight, value in zip(layer.weights, before, strict=True):
        assert weight.numpy().tobytes() == value.tobytes()
