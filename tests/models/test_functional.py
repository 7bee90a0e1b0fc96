"""Functional models: structures of inputs and outputs, sharing, nesting, and standardisation of inputs."""

import numpy as np
import pytest

import keraunos
from keraunos import layers, ops
from keraunos.models import Functional


def test_model_of_inputs_and_outputs_is_functional():
    x = keraunos.Input((3,))
    model = keraunos.Model(x, layers.Dense(2)(x))
    assert type(model) is Functional
    assert isinstance(model, keraunos.Model)
    assert model.input_shape == (None, 3)
    assert model.output_shape == (None, 2)


def test_layers_come_in_topological_order():
    a, b = keraunos.Input((3,), name="a"), keraunos.Input((3,), name="b")
    x = layers.Dense(5, name="first")(a + b)
    model = keraunos.Model([a, b], layers.Dense(4, name="second")(x))
    assert [layer.name for layer in model.layers] == ["a", "b", "first", "second"]
    assert len(model.operations) == 5


@pytest.mark.parametrize("kind", [list, tuple, dict])
def test_outputs_keep_their_structure(kind):
    x = keraunos.Input((3,))
    one, two = layers.Dense(1)(x), layers.Dense(2)(x)
    outputs = {"one": one, "two": two} if kind is dict else kind([one, two])
    model = keraunos.Model(x, outputs)
    for candidate in (model, Functional.from_config(model.get_config())):
        result = candidate(np.ones((4, 3), "float32"))
        assert type(result) is kind
        values = list(result.values()) if kind is dict else result
        assert [tuple(value.shape) for value in values] == [(4, 1), (4, 2)]


def test_inputs_may_be_passed_by_name():
    a, b = keraunos.Input((3,), name="a"), keraunos.Input((4,), name="b")
    model = keraunos.Model([a, b], layers.Concatenate()([a, b]))
    out = model({"b": np.ones((2, 4)), "a": np.zeros((2, 3))})
    np.testing.assert_array_equal(out.numpy(), [[0] * 3 + [1] * 4] * 2)


def test_a_missing_or_extra_last_axis_of_one_is_adapted():
    x = keraunos.Input((3,))
    assert keraunos.Model(x, x * 2)(np.ones((2, 3, 1))).shape == (2, 3)
    x = keraunos.Input((1,))
    assert keraunos.Model(x, x * 2)(np.ones((5,))).shape == (5, 1)


def test_every_input_gets_its_own_dtype():
    whole, real = keraunos.Input((2,), dtype="int32"), keraunos.Input((2,), dtype="float16")
    model = keraunos.Model((whole, real), (whole + 2, real + 2))
    one, two = model((np.ones((1, 2)), np.ones((1, 2))))
    assert (one.dtype, two.dtype) == ("int32", "float16")


def test_a_shared_layer_has_one_set_of_weights():
    a, b = keraunos.Input((3,)), keraunos.Input((3,))
    shared = layers.Dense(2)
    model = keraunos.Model([a, b], [shared(a), shared(b)])
    assert len(model.weights) == 2
    x = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    one, two = model([x, x])
    np.testing.assert_array_equal(one.numpy(), two.numpy())
    revived = Functional.from_config(model.get_config())
    assert len(revived.weights) == 2


def test_shared_layers_at_different_depths_survive_a_round_trip():
    x = keraunos.Input((3,))
    first, second = layers.Dense(3, name="first"), layers.Dense(3, name="second")
    model = keraunos.Model(x, first(second(first(second(x)))))
    revived = Functional.from_config(model.get_config())
    revived.set_weights(model.get_weights())
    data = np.ones((2, 3), "float32")
    np.testing.assert_allclose(model(data).numpy(), revived(data).numpy(), rtol=1e-6)
    assert model.get_config() == revived.get_config()


def test_nested_models_survive_a_round_trip():
    inner_input = keraunos.Input((3,))
    inner = keraunos.Model(inner_input, layers.Dense(2)(inner_input), name="inner")
    stack = keraunos.Sequential([keraunos.Input((2,)), layers.Dense(4)], name="stack")
    x = keraunos.Input((3,))
    model = keraunos.Model(x, [stack(inner(x)), inner(x)])
    revived = Functional.from_config(model.get_config())
    revived.set_weights(model.get_weights())
    data = np.ones((2, 3), "float32")
    for left, right in zip(model(data), revived(data)):
        np.testing.assert_allclose(left.numpy(), right.numpy(), rtol=1e-6)
    assert model.get_config() == revived.get_config()


def test_the_second_call_of_a_nested_model_is_found_again():
    inner_input = keraunos.Input((3,))
    inner = keraunos.Model(inner_input, layers.Dense(3)(inner_input), name="inner")
    x = keraunos.Input((3,))
    first = inner(x)
    second = inner(first * 2.0)
    # Only the second call leads to another layer; the first is an output.
    model = keraunos.Model(x, [first, layers.Dense(2)(second), second])
    revived = Functional.from_config(model.get_config())
    revived.set_weights(model.get_weights())
    data = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    for left, right in zip(model(data), revived(data)):
        np.testing.assert_allclose(left.numpy(), right.numpy(), rtol=1e-6)


def test_ops_and_slices_survive_a_round_trip():
    x = keraunos.Input((4, 6))
    y = ops.relu(x[:, 1:3] * 2.0 - 1.0)
    y = ops.mean(y, axis=1, keepdims=True)
    model = keraunos.Model(x, ops.concatenate([y, y], axis=-1))
    revived = keraunos.models.model_from_json(model.to_json())
    data = np.random.default_rng(0).normal(size=(2, 4, 6)).astype("float32")
    np.testing.assert_allclose(model(data).numpy(), revived(data).numpy(), rtol=1e-6)


def test_a_model_can_start_in_the_middle_of_another():
    x = keraunos.Input((3,))
    hidden = layers.Dense(4, activation="relu")(x)
    full = keraunos.Model(x, layers.Dense(2)(hidden))
    head = keraunos.Model(hidden, full.output)
    body = keraunos.Model(x, hidden)
    data = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    np.testing.assert_allclose(full(data).numpy(), head(body(data)).numpy(), rtol=1e-6)


def test_training_reaches_the_layers():
    seen = []

    class Canary(layers.Layer):
        def call(self, x, training=False):
            seen.append(training)
            return x

        def compute_output_shape(self, input_shape):
            return input_shape

    x = keraunos.Input((3,))
    model = keraunos.Model(x, Canary()(x))
    seen.clear()
    model(np.ones((2, 3)), training=True)
    assert seen == [True]


def test_optional_inputs_may_be_none():
    class AddIfThere(layers.Layer):
        def call(self, x, y=None):
            return x if y is None else x + y

        def compute_output_shape(self, x_shape):
            return x_shape

    a = keraunos.Input((2,), name="a")
    b = keraunos.Input((2,), name="b", optional=True)
    model = keraunos.Model({"a": a, "b": b}, AddIfThere()(a, b))
    np.testing.assert_array_equal(model({"a": np.ones((1, 2)), "b": None}).numpy(), [[1, 1]])
    np.testing.assert_array_equal(model({"a": np.ones((1, 2)), "b": np.ones((1, 2))}).numpy(), [[2, 2]])


def test_a_subclass_that_calls_the_functional_constructor_is_functional():
    class Classifier(keraunos.Model):
        def __init__(self, units=2):
            x = keraunos.Input((3,))
            super().__init__(x, layers.Dense(units)(x))
            self.units = units

        def get_config(self):
            return {"units": self.units}

    model = Classifier(5)
    assert isinstance(model, Functional)
    assert model.output_shape == (None, 5)
    assert Classifier.from_config(model.get_config()).output_shape == (None, 5)


def test_layer_and_model_can_be_mixed():
    class DenseModel(layers.Dense, keraunos.Model):
        pass

    model = DenseModel(4)
    assert model(np.ones((2, 3), "float32")).shape == (2, 4)
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 3), "float32"), np.ones((2, 4), "float32"), verbose=0)


def test_extra_layers_may_be_attached():
    x = keraunos.Input((3,))
    model = keraunos.Model(x, layers.Dense(2)(x))
    model.extra = layers.Dense(5)
    assert model.extra.name


def test_a_deep_chain_needs_no_deep_stack():
    x = y = keraunos.Input((1,))
    for _ in range(3000):
        y = layers.Identity()(y)
    model = keraunos.Model(x, y)
    assert len(model.layers) == 3001
    revived = Functional.from_config(model.get_config())
    assert len(revived.layers) == 3001


def test_layers_of_a_config_may_come_in_any_order():
    x = y = keraunos.Input((1,))
    for _ in range(50):
        y = layers.Dense(1)(y)
    config = keraunos.Model(x, y).get_config()
    config["layers"].reverse()
    assert len(Functional.from_config(config).layers) == 51


def test_compute_output_shape_follows_the_input():
    x = keraunos.Input((None, 3))
    model = keraunos.Model(x, layers.Dense(4)(x))
    assert model.compute_output_shape((2, 7, 3)) == (2, 7, 4)


def test_a_list_of_losses_may_hold_one_for_the_whole_structure_of_outputs():
    def of_both(y_true, y_pred):
        return ops.square(y_true[0] - y_pred[0]) + ops.square(y_true[1] - y_pred[1])

    x = keraunos.Input((3,))
    outputs = (layers.Dense(1, name="one")(x), layers.Dense(1, name="two")(x))
    model = keraunos.Model(x, outputs)
    # A list for a tuple of outputs: several losses for the same outputs.
    model.compile("sgd", [of_both, ("mse", "mae")])
    targets = (np.ones((4, 1), "float32"), np.zeros((4, 1), "float32"))
    history = model.fit(np.ones((4, 3), "float32"), targets, verbose=0).history
    assert sorted(history) == ["loss", "one_loss", "one_two_loss", "two_loss"]
    parts = [history[name][0] for name in ("one_loss", "one_two_loss", "two_loss")]
    assert history["loss"][0] == pytest.approx(sum(parts), rel=1e-5)


def test_the_function_class_applies_a_graph_again():
    a, b = keraunos.KerasTensor((2, 3)), keraunos.KerasTensor((2, 3))
    total = a + b
    function = keraunos.Function({"a": a, "b": b}, {"triple": total * 3, "square": total**2})
    out = function({"a": np.ones((2, 3), "float32"), "b": np.ones((2, 3), "float32")})
    assert float(out["triple"][0, 0]) == 6 and float(out["square"][0, 0]) == 4
    with pytest.raises(ValueError, match="invalid input structure"):
        function([np.ones((2, 3))])
    with pytest.raises(ValueError, match="incompatible inputs"):
        function({"a": np.ones((4, 3)), "b": np.ones((2, 3))})
