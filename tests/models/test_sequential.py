"""Sequential models: adding, popping, building."""

import numpy as np
import pytest

import keraunos
from keraunos import layers


def test_it_is_built_while_layers_are_added():
    model = keraunos.Sequential()
    model.add(keraunos.Input((16,)))
    model.add(layers.Dense(8))
    assert model.built and len(model.weights) == 2
    model.add(layers.Dense(4))
    assert len(model.weights) == 4
    assert model.output_shape == (None, 4)


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`")
@pytest.mark.parametrize(
    "argument", [{"input_shape": (2,)}, {"input_dim": 2}, {"batch_input_shape": (None, 2)}], ids=str
)
def test_the_first_layer_may_tell_the_input_shape(argument):
    model = keraunos.Sequential([layers.Dense(4, **argument), layers.Dense(5)])
    assert model.built and len(model.weights) == 4 and len(model.layers) == 2
    assert model.input_shape == (None, 2)


def test_it_is_built_by_the_first_call():
    model = keraunos.Sequential([layers.Dense(4), layers.Dense(5)])
    assert not model.built and not model.weights
    assert model(np.ones((3, 2), "float32")).shape == (3, 5)
    assert model.built and len(model.weights) == 4


def test_pop_returns_the_last_layer():
    model = keraunos.Sequential([keraunos.Input((2,)), layers.Dense(4), layers.Dense(5)])
    assert model.pop().units == 5
    assert model.output_shape == (None, 4)
    assert model(np.ones((3, 2), "float32")).shape == (3, 4)


def test_inputs_and_outputs_are_symbolic():
    x = keraunos.Input((2,))
    model = keraunos.Sequential([x, layers.Dense(4)])
    assert model.inputs == [x]
    assert model.outputs == [model.layers[-1].output]


def test_a_failing_add_changes_nothing():
    model = keraunos.Sequential([keraunos.Input((4,)), layers.Dense(3)])
    with pytest.raises(ValueError, match="size"):
        model.add(layers.Reshape((5,)))
    assert len(model.layers) == 1
    assert model(np.ones((2, 4), "float32")).shape == (2, 3)


def test_layers_that_cannot_tell_their_shape_run_one_by_one():
    class Dynamic(layers.Layer):
        def call(self, x):
            return x + 1.0

        def compute_output_spec(self, *args, **kwargs):
            raise NotImplementedError

    model = keraunos.Sequential([Dynamic()])
    np.testing.assert_array_equal(model(np.zeros((1, 2), "float32")).numpy(), [[1, 1]])


@pytest.mark.parametrize("build", ["no", "deferred", "input"])
def test_configs_make_the_model_again(build):
    stack = [layers.Dense(4), layers.Dense(5)]
    model = keraunos.Sequential([keraunos.Input((2,), batch_size=3), *stack] if build == "input" else stack)
    if build == "deferred":
        model.build((2, 3))
    revived = keraunos.Sequential.from_config(model.get_config())
    assert revived.get_config() == model.get_config()
    assert len(revived.weights) == len(model.weights)


def test_a_model_can_be_the_first_layer():
    x = keraunos.Input((3,))
    inner = keraunos.Model(x, layers.Dense(4)(x))
    model = keraunos.Sequential([inner, layers.Dense(1)])
    assert model.built and model.output_shape == (None, 1)


def test_adding_calls_every_layer_once():
    model = keraunos.Sequential([keraunos.Input((2,)), layers.Dense(2)])
    for _ in range(4):
        model.add(layers.Dense(2))
    assert all(len(layer._inbound_nodes) == 1 for layer in model.layers)
