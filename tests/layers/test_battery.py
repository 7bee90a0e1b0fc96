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


def as_shapes(case, batch=None):
    """The input shapes with the given batch size."""
    shapes = [(batch, *shape[1:]) for shape in (case.x if isinstance(case.x, list) else [case.x])]
    return shapes if isinstance(case.x, list) else shapes[0]


def built(case, **more):
    """A layer of the case with the case's weights."""
    layer = case.make(**more)
    layer(inputs_of(case, BATCH))
    layer.set_weights(weights_of(case, [w.shape for w in layer.weights]))
    return layer


def test_every_public_layer_has_a_case():
    public = {
        getattr(layers, name).__name__
        for name in layers.__all__
        if isinstance(getattr(layers, name), type) and issubclass(getattr(layers, name), layers.Layer)
    }
    missing = sorted(public - NOT_A_CASE - {case.cls.__name__ for case in CASES})
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
    y = layer(inputs_of(case, BATCH), **call_arguments_of(case))
    assert y.dtype == expected["dtype"]
    if case.differs is None:
        np.testing.assert_allclose(y.numpy(), expected["outputs"], rtol=2e-5, atol=2e-6)
        for weight, value in zip(layer.get_weights(), expected.get("weights", [])):
            np.testing.assert_allclose(weight, value, rtol=2e-5, atol=2e-6)


@each_case
def test_weights_have_the_names_and_number_of_keras(case):
    layer = case.make()
    layer(inputs_of(case, BATCH))
    assert len(layer.weights) == case.weights
    if repr(case) in RECORDED:
        assert [weight.path.split("/")[-1] for weight in layer.weights] == RECORDED[repr(case)]["paths"]


@each_case
def test_shapes_agree_however_they_are_asked_for(case):
    layer = case.make()
    x = inputs_of(case, BATCH)
    specs = ops.convert_to_tensor(x) if not isinstance(x, list) else [ops.convert_to_tensor(one) for one in x]
    symbolic = layer(keraunos.tree.map_structure(lambda t: keraunos.KerasTensor((None, *t.shape[1:]), t.dtype), specs))
    assert symbolic.shape == case.y
    assert tuple(layer.compute_output_shape(as_shapes(case))) == case.y
    eager = layer(x, **call_arguments_of(case))
    assert eager.shape == (BATCH, *case.y[1:])
    assert eager.dtype == symbolic.dtype


@each_case
def test_traced_equals_eager(case):
    if case.is_random:
        pytest.skip("random while training")
    layer, traced_layer = built(case), built(case)
    x = inputs_of(case, BATCH)
    arguments = call_arguments_of(case)
    traced = tracing.Function(lambda x: traced_layer(x, **arguments))
    y = traced(x)
    np.testing.assert_allclose(y.numpy(), layer(x, **arguments).numpy(), rtol=1e-6, atol=1e-6)
    for weight, expected in zip(traced_layer.get_weights(), layer.get_weights()):
        np.testing.assert_allclose(weight, expected, rtol=1e-6, atol=1e-6)


@each_case
@pytest.mark.parametrize("batch", [0, 1, 3])
def test_odd_batch_sizes_work_traced_and_eagerly(case, batch):
    if "mask" in case.call:
        pytest.skip("the mask has a batch size of its own")
    layer = built(case)
    x = inputs_of(case, batch)
    y = layer(x, **case.call)
    assert y.shape == (batch, *case.y[1:])
    traced = tracing.Function(lambda x: layer(x, **case.call))
    traced(inputs_of(case, BATCH))
    assert traced(x).shape == (batch, *case.y[1:])
    assert traced.trace_count == 1


@each_case
def test_config_round_trip(case):
    if case.cls is layers.Lambda:
        pytest.skip("its function must be registered, see test_lambda.py")
    layer = built(case)
    config = layer.get_config()
    again = case.cls.from_config(json.loads(json.dumps(config)) if "layer" not in config else config)
    assert json.loads(json.dumps(again.get_config())) == json.loads(json.dumps(config))
    again(inputs_of(case, BATCH))
    again.set_weights(layer.get_weights())
    x = inputs_of(case, BATCH)
    np.testing.assert_array_equal(again(x).numpy(), layer(x).numpy())


@each_case
@pytest.mark.parametrize(
    ("policy", "compute", "variables"),
    [("mixed_bfloat16", "bfloat16", "float32"), ("float64", "float64", "float64"), ("float16", "float16", "float16")],
)
def test_dtype_policies(case, policy, compute, variables):
    if policy == "float16" and "layer" in case.arguments:
        pytest.skip("the wrapped layer has a policy of its own")
    layer = case.make(dtype=policy)
    y = layer(inputs_of(case, BATCH), **call_arguments_of(case))
    inner = getattr(layer, "layer", None)
    assert layer.compute_dtype == compute
    assert y.dtype == compute
    own = [weight for weight in layer.weights if inner is None or all(weight is not w for w in inner.weights)]
    assert {weight.dtype for weight in own} <= {variables, "float32" if inner else variables}


@each_case
def test_weights_have_finite_gradients(case):
    if case.integers:
        pytest.skip("whole numbers")
    layer = built(case)
    x = inputs_of(case, BATCH)
    x = [ops.convert_to_tensor(one) for one in x] if isinstance(x, list) else ops.convert_to_tensor(x)
    with tracing.GradientTape() as tape:
        keraunos.tree.map_structure(tape.watch, x)
        loss = ops.sum(ops.square(layer(x, **call_arguments_of(case))))
    sources = [*layer.trainable_variables, *keraunos.tree.flatten(x)]
    for gradient in tape.gradient(loss, sources):
        assert gradient is None or np.isfinite(gradient.numpy()).all()
