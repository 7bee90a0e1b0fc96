"""Objects to configs and back, and what a config may never do."""

import json
import sys

import numpy as np
import pytest

import keraunos
from keraunos import layers, ops
from keraunos.class_table import table
from keraunos.registration import custom_object_scope, get_custom_objects, register_keras_serializable
from keraunos.saving.errors import ModelConfigError, ModelFormatError, UnsafeModelError
from keraunos.serialization import ObjectSharingScope, deserialize_keras_object, serialize_keras_object


def round_trip(obj, **kwargs):
    config = json.loads(json.dumps(serialize_keras_object(obj)))
    revived = deserialize_keras_object(config, **kwargs)
    assert json.loads(json.dumps(serialize_keras_object(revived))) == config
    return revived


@pytest.mark.parametrize(
    "value",
    [
        None,
        "text",
        3,
        2.5,
        True,
        b"bytes",
        [1, [2, "three"]],
        {"a": {"b": [1.0]}},
        slice(None, 20, 2),
        Ellipsis,
    ],
    ids=repr,
)
def test_plain_values_come_back(value):
    assert round_trip(value) == value


def test_arrays_and_tensors_come_back():
    np.testing.assert_array_equal(round_trip(np.array([[1, 2]], "int32")), [[1, 2]])
    tensor = round_trip(ops.ones((2, 2)))
    assert tensor.dtype == "float32" and tensor.shape == (2, 2)
    assert serialize_keras_object(np.float32(1.5)) == 1.5


def test_a_layer_is_named_as_keras_names_it():
    config = serialize_keras_object(layers.Dense(3, name="head"))
    assert (config["module"], config["class_name"], config["registered_name"]) == ("keras.layers", "Dense", None)
    assert config["config"]["kernel_initializer"]["module"] == "keras.initializers"
    assert config["config"]["dtype"]["class_name"] == "DTypePolicy"
    revived = round_trip(layers.Dense(3, name="head"))
    assert revived.name == "head" and revived.units == 3


def test_models_are_named_as_keras_names_them():
    stack = keraunos.Sequential([keraunos.Input((2,)), layers.Dense(1)])
    assert serialize_keras_object(stack)["module"] == "keras"
    x = keraunos.Input((2,))
    config = serialize_keras_object(keraunos.Model(x, ops.relu(x)))
    assert (config["module"], config["registered_name"]) == ("keras.src.models.functional", "Functional")
    assert config["config"]["layers"][1]["module"] == "keras.src.ops.nn"


def test_a_registered_class_is_found_by_its_registered_name():
    @register_keras_serializable("test_package")
    class Registered(layers.Layer):
        pass

    try:
        config = serialize_keras_object(Registered(name="r"))
        assert config["registered_name"] == "test_package>Registered"
        assert isinstance(round_trip(Registered(name="r")), Registered)
    finally:
        del get_custom_objects()["test_package>Registered"]


def test_custom_objects_may_be_passed_or_scoped():
    class Own(layers.Layer):
        pass

    config = serialize_keras_object(Own(name="own"))
    assert isinstance(deserialize_keras_object(config, custom_objects={"Own": Own}), Own)
    with custom_object_scope({"Own": Own}):
        assert isinstance(deserialize_keras_object(config), Own)
    with pytest.raises(TypeError, match="Own") as caught:
        deserialize_keras_object(config)
    assert "register_keras_serializable" in str(caught.value)


def test_shared_objects_stay_shared():
    activation = layers.ReLU()
    with ObjectSharingScope():
        config = json.loads(json.dumps(serialize_keras_object([activation, activation])))
        one, two = deserialize_keras_object(config)
    assert one is two


@pytest.mark.parametrize("name", ["pkg>Dense", "subprocess.Popen", "not.a.name"])
def test_a_custom_name_never_means_a_built_in(name):
    config = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1}, "registered_name": name}
    with pytest.raises(ValueError, match="resolved to a Keras built-in"):
        deserialize_keras_object(config)


@pytest.mark.parametrize("name", [None, "", "Dense"])
def test_a_registered_name_may_be_empty_or_the_class_name(name):
    config = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 1}, "registered_name": name}
    assert isinstance(deserialize_keras_object(config), layers.Dense)


@pytest.mark.parametrize(
    "module",
    ["keras.layers", "keras.src.layers.core.dense", "tensorflow.keras.layers", "tf_keras.layers", "keras.engine.dense"],
)
def test_modules_of_any_age_name_the_same_class(module):
    config = {"module": module, "class_name": "Dense", "config": {"units": 1}}
    if module == "keras.engine.dense":
        config["module"] = "keras.layers.core"
    assert isinstance(deserialize_keras_object(config), layers.Dense)


# -- what is refused

FOREIGN_MODULES = [
    "os",
    "subprocess",
    "builtins",
    "sys",
    "ctypes",
    "importlib",
    "numpy",
    "keras.utils",
    "keras.saving",
    "keras.config",
    "keras.src.utils.file_utils",
    "keraunos.saving.saving_api",
    "",
    None,
    5,
    ["os"],
]


@pytest.mark.parametrize("module", FOREIGN_MODULES, ids=repr)
@pytest.mark.parametrize("class_name", ["system", "Popen", "get_file", "load_model", "function", "Layer.from_config"])
def test_nothing_outside_the_table_is_reached(module, class_name):
    before = set(sys.modules)
    config = {"module": module, "class_name": class_name, "config": "get_file" if class_name == "function" else {}}
    with pytest.raises(ModelConfigError) as caught:
        deserialize_keras_object(config)
    assert len(str(caught.value)) < 2000
    assert set(sys.modules) == before


def test_the_table_holds_modelling_classes_only():
    kinds = ("Layer", "Loss", "Metric", "Optimizer", "Initializer", "Regularizer", "Constraint", "Policy", "Schedule")
    kinds += ("InputSpec", "Quantizer", "QuantizationConfig", "SeedGenerator")
    for name, cls in table.classes().items():
        bases = " ".join(base.__name__ for base in cls.__mro__)
        assert any(kind in bases for kind in kinds), name
    for name in table.functions():
        assert not any(word in name for word in ("load", "save", "file", "get", "serialize")), name


@pytest.mark.parametrize("safe_mode", [True, False, None])
def test_stored_lambdas_are_refused_in_any_mode(safe_mode):
    config = {"class_name": "__lambda__", "config": {"value": ["4wAAAA==", None, None]}}
    with pytest.raises(UnsafeModelError, match="arbitrary code execution"):
        deserialize_keras_object(config, safe_mode=safe_mode)
    layer = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "bad_lambda", "function": config},
    }
    with pytest.raises(UnsafeModelError, match="bad_lambda"):
        deserialize_keras_object(layer, safe_mode=safe_mode)


def test_the_application_may_supply_the_function_of_a_lambda_layer():
    config = {
        "module": "keras.layers",
        "class_name": "Lambda",
        "config": {"name": "twice", "function": {"class_name": "__lambda__", "config": {"value": ["AA==", None, None]}}},
    }
    layer = deserialize_keras_object(config, custom_objects={"twice": lambda x: 2 * x})
    np.testing.assert_array_equal(layer(np.ones((1, 2), "float32")).numpy(), [[2, 2]])


def test_depth_is_limited():
    config = {"class_name": "x", "config": {}}
    for _ in range(100_000):
        config = [config]
    with pytest.raises(ModelFormatError, match="levels deep"):
        deserialize_keras_object(config)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"class_name": "Dense", "module": "keras.layers", "config": [1, 2]}, "Expected 'config' to be a dict"),
        ({"class_name": "function", "module": "builtins", "config": ["a"]}, "Expected 'config' to be a non-null str"),
        ({"class_name": "__typespec__", "config": "x"}, "Expected 'config' to be a list or a tuple"),
        ({"class_name": 5, "config": {}}, "`class_name`"),
        ({"class_name": "__numpy__", "config": {"value": [1], "dtype": "object"}}, "numeric dtype"),
        ({"class_name": "__slice__", "config": {}}, "lacks"),
        ({"class_name": "Dense", "module": "keras.layers", "config": {"name": "d", "units": "3"}}, "name 'd'"),
        ({"class_name": "Dense", "module": "keras.layers", "config": {"name": "d"}}, "name 'd'"),
        ({"class_name": "Dense", "module": "keras.layers", "config": {"name": "d", "units": 1, "foo": 1}}, "foo"),
    ],
)
def test_a_config_of_the_wrong_form_is_refused_with_its_name(config, words):
    with pytest.raises((ModelConfigError, TypeError, ValueError), match=words) as caught:
        deserialize_keras_object(config)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("value", [None, True, 5, 2.5, "text", [1], {"a": 1}], ids=repr)
@pytest.mark.parametrize("key", ["units", "activation", "kernel_initializer", "dtype", "trainable", "name", "use_bias"])
def test_a_field_of_any_wrong_type_ends_in_a_proper_error(key, value):
    config = serialize_keras_object(layers.Dense(2))
    config["config"][key] = value
    try:
        deserialize_keras_object(config)
    except (ValueError, TypeError) as error:
        assert len(str(error)) < 2000
