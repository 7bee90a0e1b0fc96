"""Models with a `call()` of their own: building, saving, configs, state trees."""

import warnings

import numpy as np
import pytest

import keraunos
from keraunos import layers
from keraunos.registration import get_custom_objects, register_keras_serializable


@pytest.fixture
def two_part():
    @register_keras_serializable("test_models")
    class TwoPart(keraunos.Model):
        def __init__(self, units=3, **kwargs):
            super().__init__(**kwargs)
            self.units = units
            self.first = layers.Dense(units, activation="relu")
            self.parts = [layers.Dense(units), layers.Dense(2)]

        def call(self, x):
            x = self.first(x)
            for part in self.parts:
                x = part(x)
            return x

        def get_config(self):
            return {**super().get_config(), "units": self.units}

    yield TwoPart
    del get_custom_objects()["test_models>TwoPart"]


DATA = np.random.default_rng(0).normal(size=(4, 5)).astype("float32")


def test_layers_in_attributes_and_lists_are_found(two_part):
    model = two_part()
    assert [layer.units for layer in model.layers] == [3, 3, 2]
    assert not model.built
    assert model(DATA).shape == (4, 2)
    assert model.built and len(model.weights) == 6


def test_a_subclassed_model_goes_through_a_file(two_part, tmp_path):
    pytest.importorskip("h5py")
    model = two_part(units=4)
    model.compile("adam", "mse")
    model.fit(DATA, np.ones((4, 2), "float32"), verbose=0)
    path = str(tmp_path / "m.keras")
    model.save(path)
    loaded = keraunos.models.load_model(path)
    np.testing.assert_array_equal(loaded.predict(DATA, verbose=0), model.predict(DATA, verbose=0))
    for one, two in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_a_subclassed_model_can_be_cloned_by_its_config(two_part):
    model = two_part(units=4)
    model(DATA)
    clone = keraunos.models.clone_model(model)
    assert clone.units == 4 and len(clone.weights) == 6
    with pytest.raises(ValueError, match="only supported for Sequential models or Functional"):
        keraunos.models.clone_model(model, clone_function=lambda layer: layer)


def test_a_model_without_call_says_so():
    class Empty(keraunos.Model):
        pass

    with pytest.raises(NotImplementedError, match=r"Model Empty does not have a `call\(\)` method"):
        Empty()(DATA)


def test_a_config_that_does_not_fit_the_constructor_says_what_is_wrong():
    class Plain(keraunos.Model):
        def __init__(self, units):
            super().__init__()

    with pytest.raises(TypeError, match="Unable to revive model from config") as caught:
        Plain.from_config({"units": 3, "unknown": 1})
    assert "unknown" in str(caught.value)


def test_a_model_that_cannot_be_built_from_shapes_warns(two_part):
    class NeedsValues(keraunos.Model):
        def call(self, x):
            return x * float(np.asarray(x)[0, 0])

    with pytest.warns(UserWarning, match="cannot be built automatically"):
        NeedsValues().build_from_config({"input_shape": (2, 3)})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        two_part().build_from_config({"input_shape": (None, 5)})


def test_state_trees_hold_all_variables_by_path():
    model = keraunos.Sequential([keraunos.Input((5,)), layers.Dense(2, name="head")], name="m")
    model.compile("adam", "mse")
    model.fit(DATA, np.ones((4, 2), "float32"), verbose=0)
    tree = model.get_state_tree(value_format="numpy_array")
    assert set(tree) == {"trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables"}
    kernel = tree["trainable_variables"]["m"]["head"]["kernel"]
    np.testing.assert_array_equal(kernel, model.get_layer("head").kernel.numpy())
    kernel[:] = 0
    model.set_state_tree({"trainable_variables": {"m": {"head": {"kernel": kernel}}}})
    assert not model.get_layer("head").kernel.numpy().any()
    with pytest.raises(ValueError, match="Unknown variable name"):
        model.set_state_tree({"nope": {}})
    with pytest.raises(ValueError, match="value_format"):
        model.get_state_tree(value_format="nope")


def test_the_variable_map_refuses_one_path_for_two_variables():
    class Twins(keraunos.Model):
        def __init__(self):
            super().__init__()
            self.one = layers.Dense(2, name="same")
            self.two = layers.Dense(2, name="same")

        def call(self, x):
            return self.two(self.one(x))

    model = Twins()
    model(DATA)
    with pytest.raises(ValueError, match="duplicate path"):
        model._get_variable_map()


def test_export_names_what_there_is_instead():
    model = keraunos.Sequential([keraunos.Input((2,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="Unrecognized format=nope"):
        model.export("x", format="nope")
    with pytest.raises(NotImplementedError, match="m.keras"):
        model.export("x", format="openvino")


def test_quantize_knows_the_modes_of_keras():
    model = keraunos.Sequential([keraunos.Input((2,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="Invalid quantization mode"):
        model.quantize("int7")
    with pytest.warns(UserWarning, match="InputLayer does not have a `quantize` method"):
        model.quantize("int8")
    assert model.layers[0].quantization_mode == "int8"
