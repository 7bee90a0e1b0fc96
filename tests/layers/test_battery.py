"""Every layer case (`cases/`) through the same questions; recorded answers of real Keras in `recorded/`."""

import json
import pathlib
import sys

import keraunos
import numpy as np
import pytest
from keraunos import layers, ops, tracing

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from cases import BATCH, CASES
from data import call_arguments_of, inputs_of, weights_of

RECORDED = {}
for recorded in (pathlib.Path(__file__).parent / "recorded").glob("*.json"):
    RECORDED.update(json.loads(recorded.read_text()))
# Bases and starting points that compute nothing themselves.
NOT_A_CASE = {"Layer", "InputLayer", "Wrapper"}

each_case = pytest.mark.parametrize("case", CASES, ids=repr)


def outputs_of(case, layer, x, arguments):
    """All tensors that a call returns."""
    return keraunos.tree.flatten(case.run(layer, x, arguments))


def built(case, **more):
    """A layer of the case with the case's weights."""
    layer = case.make(**more)
    case.run(layer, inputs_of(case, BATCH))
    layer.set_weights(weights_of(case, [w.shape for w in layer.weights]))
    forget_states(case, layer)
    return layer


def forget_states(case, *layers):
    if case.arguments.get("stateful"):
        for layer in layers:
            layer.reset_state()


def classes_of(case):
    """The class of the case and those of the layers that it is given."""
    return {case.cls, *(type(value()) for value in case.arguments.values() if callable(value))}


def test_every_public_layer_has_a_case():
    public = {
        getattr(layers, name).__name__  # a class may have a second name
        for name in layers.__all__
        if isinstance(getattr(layers, name), type) and issubclass(getattr(layers, name), layers.Layer)
    }
    missing = sorted(public - NOT_A_CASE - {cls.__name__ for case in CASES for cls in classes_of(case)})
    assert not missing, (
        f"No case for {missing}. Add a line `case(layers.{missing[0]}, ..., x=<input shape>, y=<output shape>)` to "
        "a file of tests/layers/cases, then run tests/layers/record.py where Keras is installed."
    )


@each_case
def test_values_are_those_of_keras(case):
    if case.is_random:
        pytest.skip("random while training")
    assert repr(case) in RECORDED, "Run tests/layers/record.py where Keras is installed."
    expected = RECORDED[repr(case)]
    layer = built(case)
    outputs = outputs_of(case, layer, inputs_of(case, BATCH), call_arguments_of(case, BATCH))
    assert outputs[0].dtype == expected["dtype"]
    if case.differs is None:
        wanted = expected["outputs"] if isinstance(case.y, list) else [expected["outputs"]]
        for y, values in zip(outputs, wanted, strict=True):
            np.testing.assert_allclose(y.numpy(), values, rtol=2e-5, atol=2e-6)
        for weight, value in zip(layer.get_weights(), expected.get("weights", [])):
            np.testing.assert_allclose(weight, value, rtol=2e-5, atol=2e-6)


@each_case
def test_weights_have_the_names_and_number_of_keras(case):
    layer = case.make()
    case.run(layer, inputs_of(case, BATCH))
    assert len(layer.weights) == case.weights
    if repr(case) in RECORDED:
        assert [weight.path.split("/")[-1] for weight in layer.weights] == RECORDED[repr(case)]["paths"]


@each_case
def test_shapes_agree_however_they_are_asked_for(case):
    layer = case.make()
    x = inputs_of(case, BATCH)
    arrays, shapes = (x, case.x) if isinstance(x, list) else ([x], [case.x])
    specs = [keraunos.KerasTensor(shape, str(array.dtype)) for shape, array in zip(shapes, arrays)]
    symbolic = keraunos.tree.flatten(case.run(layer, specs if isinstance(x, list) else specs[0], case.flags))
    assert [y.shape for y in symbolic] == case.output_shapes
    computed = layer.compute_output_shape(*(case.x if case.separate else [case.x]))
    if "return_attention_scores" in case.call:
        computed = [computed, case.y[1]]
    assert ([tuple(shape) for shape in computed] if isinstance(case.y, list) else tuple(computed)) == case.y
    eager = outputs_of(case, layer, x, call_arguments_of(case, BATCH))
    assert [y.shape for y in eager] == [(BATCH, *shape[1:]) for shape in case.output_shapes]
    assert [y.dtype for y in eager] == [y.dtype for y in symbolic]


@each_case
def test_traced_equals_eager(case):
    if case.is_random:
        pytest.skip("random while training")
    layer, traced_layer = built(case), built(case)
    x = inputs_of(case, BATCH)
    arguments = call_arguments_of(case, BATCH)
    traced = tracing.Function(lambda x: outputs_of(case, traced_layer, x, arguments))
    for y, eager in zip(traced(x), outputs_of(case, layer, x, arguments), strict=True):
        np.testing.assert_allclose(y.numpy(), eager.numpy(), rtol=1e-6, atol=1e-6)
    for weight, expected in zip(traced_layer.get_weights(), layer.get_weights()):
        np.testing.assert_allclose(weight, expected, rtol=1e-6, atol=1e-6)


@each_case
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_odd_batch_sizes_work_traced_and_eagerly(case, batch):
    if case.has_mask:
        pytest.skip("the mask has a batch size of its own")
    if case.arguments.get("stateful"):
        pytest.skip("the batch size is fixed")
    layer = built(case)
    x, arguments = inputs_of(case, batch), call_arguments_of(case, batch)
    wanted = [(batch, *shape[1:]) for shape in case.output_shapes]
    assert [y.shape for y in outputs_of(case, layer, x, arguments)] == wanted
    traced = tracing.Function(lambda x, arguments: outputs_of(case, layer, x, arguments | case.call))
    tensors = {name: arguments[name] for name in case.more}
    traced(inputs_of(case, BATCH), {name: call_arguments_of(case, BATCH)[name] for name in case.more})
    assert [y.shape for y in traced(x, tensors)] == wanted
    assert traced.trace_count == 1


@each_case
def test_config_round_trip(case):
    if case.cls is layers.Lambda:
        pytest.skip("its function must be registered, see test_lambda.py")
    layer = built(case)
    config = layer.get_config()
    again = case.cls.from_config(json.loads(json.dumps(config)) if "layer" not in config else config)
    assert json.loads(json.dumps(again.get_config())) == json.loads(json.dumps(config))
    case.run(again, inputs_of(case, BATCH))
    again.set_weights(layer.get_weights())
    forget_states(case, again, layer)
    x = inputs_of(case, BATCH)
    for y, wanted in zip(outputs_of(case, again, x, {}), outputs_of(case, layer, x, {}), strict=True):
        np.testing.assert_array_equal(y.numpy(), wanted.numpy())


@each_case
@pytest.mark.parametrize(
    ("policy", "compute", "variables"),
    [("mixed_bfloat16", "bfloat16", "float32"), ("float64", "float64", "float64"), ("float16", "float16", "float16")],
)
def test_dtype_policies(case, policy, compute, variables):
    has_inner = bool({"layer", "cell"} & set(case.arguments))
    if policy == "float16" and has_inner:
        pytest.skip("the wrapped layer has a policy of its own")
    layer = case.make(dtype=policy)
    outputs = outputs_of(case, layer, inputs_of(case, BATCH), call_arguments_of(case, BATCH))
    assert layer.compute_dtype == compute
    # TimeDistributed hands out what its layer gives.
    assert outputs[0].dtype == compute or case.cls is layers.TimeDistributed
    own = [weight for weight in layer.weights if "lora" not in weight.name]  # always float32
    assert {weight.dtype for weight in own} <= {variables, "float32" if has_inner else variables}


@each_case
def test_weights_have_finite_gradients(case):
    if case.integers:
        pytest.skip("whole numbers")
    layer = built(case)
    x = inputs_of(case, BATCH)
    x = [ops.convert_to_tensor(one) for one in x] if isinstance(x, list) else ops.convert_to_tensor(x)
    with tracing.GradientTape() as tape:
        keraunos.tree.map_structure(tape.watch, x)
        loss = sum(ops.sum(ops.square(y)) for y in outputs_of(case, layer, x, call_arguments_of(case, BATCH)))
    sources = [*layer.trainable_variables, *keraunos.tree.flatten(x)]
    for gradient in tape.gradient(loss, sources):
        assert gradient is None or np.isfinite(gradient.numpy()).all()
