"""Models of very many layers, and layers nested in each other: they work, or an error names the limit."""

import copy
import pickle
import re

import keraunos
import numpy as np
import pytest
from keraunos import layers
from keraunos.layers.nesting import MAX_NESTING

LIMIT = re.escape(f"nested at most {MAX_NESTING} deep")
LAYERS = 2000  # twice the depth of Python's own stack
ONES = np.ones((2, 3), "float32")


@pytest.fixture(scope="module")
def chain():
    x = inputs = keraunos.Input((3,))
    for _ in range(LAYERS):
        x = layers.Activation("relu")(x)
    return keraunos.Model(inputs, layers.Dense(1, kernel_initializer="ones")(x))


def nested_sequential(depth):
    model = keraunos.Sequential([keraunos.Input((3,)), layers.Dense(3, kernel_initializer="ones")])
    for _ in range(depth - 2):
        model = keraunos.Sequential([keraunos.Input((3,)), model])
    return model


def nested_functional(depth):
    inputs = keraunos.Input((3,))
    model = keraunos.Model(inputs, layers.Dense(3, kernel_initializer="ones")(inputs))
    for _ in range(depth - 2):
        inputs = keraunos.Input((3,))
        model = keraunos.Model(inputs, model(inputs))
    return model


@keraunos.saving.register_keras_serializable("test_deep_models")
class Around(layers.Layer):
    """A layer that holds another one."""

    def __init__(self, inner, **kwargs):
        super().__init__(**kwargs)
        self.inner = inner

    def call(self, x):
        return self.inner(x)

    def get_config(self):
        return {**super().get_config(), "inner": keraunos.saving.serialize_keras_object(self.inner)}

    @classmethod
    def from_config(cls, config):
        return cls(keraunos.saving.deserialize_keras_object(config.pop("inner")), **config)


def nested_layers(depth):
    layer = layers.Dense(3, kernel_initializer="ones")
    for _ in range(depth - 2):
        layer = Around(layer)
    return keraunos.Sequential([keraunos.Input((3,)), layer])


def copies(model, path):
    """The model, by every way there is to make another of it."""
    yield type(model).from_config(model.get_config())
    yield keraunos.models.model_from_json(model.to_json())
    yield keraunos.models.clone_model(model)
    yield copy.deepcopy(model)
    yield pickle.loads(pickle.dumps(model))
    for suffix in ("keras", "h5"):
        model.save(path / f"model.{suffix}")
        yield keraunos.models.load_model(path / f"model.{suffix}")
    model.save_weights(path / "model.weights.h5")
    model.load_weights(path / "model.weights.h5")
    yield model


def check_all_uses(model, expected, path):
    lines = []
    model.summary(print_fn=lines.append, expand_nested=True)
    assert lines
    assert model(keraunos.Input((3,))).shape == (None, expected.shape[-1])
    for again in copies(model, path):
        np.testing.assert_array_equal(again.predict(ONES, verbose=0), expected)
    np.testing.assert_array_equal(model(ONES), expected)


def test_a_chain_deeper_than_the_stack_works(chain, tmp_path):
    check_all_uses(chain, np.full((2, 1), 3.0), tmp_path)


def test_a_chain_deeper_than_the_stack_trains(chain):
    model = keraunos.models.clone_model(chain)
    model.compile("sgd", "mse")
    model.fit(ONES, np.zeros((2, 1)), verbose=0)
    assert model.predict(ONES, verbose=0)[0, 0] < 3


def test_a_long_sequential_model_may_be_made_layer_by_layer():
    model = keraunos.Sequential([keraunos.Input((3,))])
    for _ in range(LAYERS):
        model.add(layers.Activation("relu"))
    np.testing.assert_array_equal(model.predict(ONES, verbose=0), ONES)


@pytest.mark.parametrize("nested", [nested_sequential, nested_functional, nested_layers])
def test_layers_nested_as_deep_as_allowed_work(nested, tmp_path):
    model = nested(MAX_NESTING)
    check_all_uses(model, np.full((2, 3), 3.0), tmp_path)


@pytest.mark.parametrize("nested", [nested_sequential, nested_functional, nested_layers])
def test_layers_nested_deeper_are_refused_when_they_are_made(nested):
    with pytest.raises(ValueError, match=LIMIT):
        nested(MAX_NESTING + 1)


def test_a_list_takes_no_layer_that_is_nested_as_deep_as_allowed():
    layer = layers.Dense(3)
    for _ in range(MAX_NESTING - 1):
        layer = Around(layer)
    holder = layers.Layer()
    holder.parts = []
    with pytest.raises(ValueError, match=LIMIT):
        holder.parts.append(layer)


def test_a_config_of_models_nested_deeper_is_refused():
    config = nested_sequential(3).get_config()
    for _ in range(10_000):
        config = {"name": "outer", "layers": [{"class_name": "Sequential", "config": config}]}
    with pytest.raises(ValueError, match="at most 200 levels"):
        keraunos.Sequential.from_config(config)


def test_a_recursion_of_the_user_stays_a_recursion_error():
    class Endless(layers.Layer):
        def call(self, x):
            return self.call(x)

    with pytest.raises(RecursionError):
        Endless()(ONES)
