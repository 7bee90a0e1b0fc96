"""`clone_model`, deepcopy and pickle."""

import copy
import pickle

import numpy as np
import pytest

import keraunos
from keraunos import layers
from keraunos.models import clone_model


def sequential():
    return keraunos.Sequential([keraunos.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])


def functional():
    a, b = keraunos.Input((4,), name="a"), keraunos.Input((4,), name="b")
    shared = layers.Dense(3)
    return keraunos.Model([a, b], layers.Add()([shared(a), shared(b)]))


def inputs_of(model):
    data = [np.random.default_rng(0).normal(size=(2, 4)).astype("float32") for _ in model.inputs]
    return data[0] if len(data) == 1 else data


@pytest.mark.parametrize("make", [sequential, functional])
def test_a_clone_has_the_same_layers_and_other_weights(make):
    model = make()
    clone = clone_model(model)
    assert clone.get_config() == model.get_config()
    assert not {id(weight) for weight in clone.weights} & {id(weight) for weight in model.weights}
    clone.set_weights(model.get_weights())
    np.testing.assert_allclose(clone(inputs_of(model)).numpy(), model(inputs_of(model)).numpy(), rtol=1e-6)


def test_layers_can_be_replaced():
    def wider(layer):
        config = layer.get_config()
        config["units"] *= 2
        return type(layer).from_config(config)

    assert clone_model(sequential(), clone_function=wider).output_shape == (None, 4)


def test_calls_can_be_replaced():
    def with_dropout(layer, *args, **kwargs):
        out = layer(*args, **kwargs)
        return layers.Dropout(0.5)(out) if isinstance(layer, layers.Dense) else out

    clone = clone_model(functional(), clone_function=lambda layer: layer, call_function=with_dropout)
    assert sum(isinstance(layer, layers.Dropout) for layer in clone.layers) == 2


def test_nested_models_are_cloned_layer_by_layer():
    x = keraunos.Input((4,))
    model = keraunos.Model(x, sequential()(x))
    cloned = []

    def note(layer):
        cloned.append(type(layer).__name__)
        return type(layer).from_config(layer.get_config())

    clone_model(model, clone_function=note, recursive=True)
    assert cloned.count("Dense") == 2


def test_a_compiled_model_gives_a_compiled_clone():
    model = sequential()
    model.compile("adam", "mse")
    assert clone_model(model).compiled


def test_sequential_models_take_no_call_function():
    with pytest.raises(ValueError, match="`call_function` argument is not supported"):
        clone_model(sequential(), call_function=lambda layer, *args: layer(*args))


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
@pytest.mark.parametrize("make", [sequential, functional])
def test_copies_compute_the_same(make, copied):
    model = make()
    model.compile("adam", "mse")
    targets = np.ones((2, *model.output_shape[1:]), "float32")
    model.fit(inputs_of(model), targets, verbose=0)
    other = copied(model)
    np.testing.assert_array_equal(other(inputs_of(model)).numpy(), model(inputs_of(model)).numpy())
    for left, right in zip(other.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(left.numpy(), right.numpy())


class Doubling(layers.Layer):
    def call(self, x):
        return 2 * x


def test_copies_may_hold_classes_that_are_not_registered():
    model = keraunos.Sequential([keraunos.Input((2,)), Doubling()])
    np.testing.assert_array_equal(copy.deepcopy(model)(np.ones((1, 2))).numpy(), [[2, 2]])
