"""JSON and YAML forms of models, of Keras 3, 2 and 1."""

import json

import numpy as np
import pytest

import keraunos
from keraunos import layers
from keraunos.models import model_from_json, model_from_yaml
from keraunos.saving.errors import ModelFormatError, UnsafeModelError

yaml = pytest.importorskip("yaml")


def stack():
    return keraunos.Sequential(
        [
            keraunos.Input((8,)),
            layers.Dense(32, name="dense_13"),
            layers.Dense(64, activation="relu", name="dense_14"),
            layers.Dense(8, name="dense_15"),
        ],
        name="sequential_10",
    )


def branched():
    a, b = keraunos.Input((4,), name="a"), keraunos.Input((4,), name="b")
    x = layers.Add(name="add")([a, b])
    inner = keraunos.Sequential([keraunos.Input((4,)), layers.Dense(4, name="inner_dense")], name="inner")
    shared = layers.Dense(4, name="shared")
    return keraunos.Model([a, b], [shared(inner(x)), shared(x)], name="branched")


def dense_2_2(name, units, activation, **head):
    """A Dense layer as Keras 2.2.5 wrote it."""
    glorot = {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None}
    return {
        "class_name": "Dense",
        "config": {
            "name": name,
            "trainable": True,
            **head,
            "dtype": "float32",
            "units": units,
            "activation": activation,
            "use_bias": True,
            "kernel_initializer": {"class_name": "VarianceScaling", "config": glorot},
            "bias_initializer": {"class_name": "Zeros", "config": {}},
            "kernel_regularizer": None,
            "bias_regularizer": None,
            "activity_regularizer": None,
            "kernel_constraint": None,
            "bias_constraint": None,
        },
    }


KERAS_2_2 = {
    "class_name": "Sequential",
    "config": {
        "name": "sequential_10",
        "layers": [
            dense_2_2("dense_13", 32, "linear", batch_input_shape=[None, 8]),
            dense_2_2("dense_14", 64, "relu"),
            dense_2_2("dense_15", 8, "linear"),
        ],
    },
    "keras_version": "2.2.5",
    "backend": "tensorflow",
}


def test_the_keras_2_dialect_is_that_of_keras_2_2_5_to_the_letter():
    assert stack().to_json(dialect="keras2") == json.dumps(KERAS_2_2)


def test_an_unknown_dialect_is_refused():
    with pytest.raises(ValueError, match="dialect"):
        stack().to_json(dialect="keras4")


def test_yaml_has_its_keys_in_alphabetical_order_and_marks_tuples():
    text = stack().to_yaml()
    assert text.startswith("backend: tensorflow\nclass_name: Sequential\nconfig:\n  layers:\n  - class_name: Dense\n")
    assert "batch_input_shape: !!python/tuple\n      - null\n      - 8\n" in text
    assert text.endswith("  name: sequential_10\nkeras_version: 2.2.5\n")


@pytest.mark.parametrize("make", [stack, branched])
@pytest.mark.parametrize("form", ["keras3", "keras2", "yaml"])
def test_every_form_makes_the_model_again(make, form):
    model = make()
    if form == "yaml":
        revived = model_from_yaml(model.to_yaml())
    else:
        revived = model_from_json(model.to_json(dialect=form))
    revived.set_weights(model.get_weights())
    data = [np.random.default_rng(0).normal(size=(2, *x.shape[1:])).astype("float32") for x in model.inputs]
    data = data[0] if len(data) == 1 else data
    left, right = model(data), revived(data)
    for one, two in zip(left, right) if isinstance(left, list) else [(left, right)]:
        np.testing.assert_allclose(one.numpy(), two.numpy(), rtol=1e-6)
    assert [layer.name for layer in revived.layers] == [layer.name for layer in model.layers]


def test_keras_3_json_is_stable():
    text = branched().to_json()
    assert model_from_json(text).to_json() == text


# -- older configs

OLD_LAYERS = {
    "a list of layers (Keras 1)": {
        "class_name": "Sequential",
        "config": [
            {
                "class_name": "Dense",
                "config": {
                    "name": "dense_1",
                    "trainable": True,
                    "batch_input_shape": [None, 4],
                    "input_dim": 4,
                    "output_dim": 3,
                    "init": "glorot_uniform",
                    "activation": "relu",
                    "W_regularizer": {"name": "L1L2Regularizer", "l1": 0.0, "l2": 0.01},
                    "b_regularizer": None,
                    "activity_regularizer": None,
                    "W_constraint": None,
                    "b_constraint": None,
                    "bias": True,
                },
            },
            {"class_name": "Dropout", "config": {"name": "dropout_1", "trainable": True, "p": 0.5}},
        ],
    },
    "tf.keras 2.x with policies and tuples": {
        "class_name": "Sequential",
        "config": {
            "name": "sequential",
            "layers": [
                {
                    "class_name": "InputLayer",
                    "config": {
                        "batch_input_shape": {"class_name": "__tuple__", "items": [None, 4]},
                        "dtype": "float32",
                        "sparse": False,
                        "ragged": False,
                        "name": "dense_input",
                    },
                },
                {
                    "class_name": "Dense",
                    "config": {
                        "name": "dense",
                        "trainable": True,
                        "batch_input_shape": [None, 4],
                        "dtype": {"class_name": "Policy", "config": {"name": "float32"}},
                        "units": 3,
                        "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None, "dtype": "float32"}},
                        "kernel_regularizer": {"class_name": "L2", "config": {"l2": 0.01}},
                    },
                },
                {
                    "class_name": "BatchNormalizationV1",
                    "config": {"name": "bn", "axis": {"class_name": "ListWrapper", "items": [1]}, "fused": None},
                },
                {"class_name": "LeakyReLU", "config": {"name": "leaky", "alpha": {"type": "ndarray", "value": 0.25}}},
            ],
        },
    },
}


@pytest.mark.parametrize("name", OLD_LAYERS)
def test_older_configs_are_read(name):
    model = model_from_json(json.dumps(OLD_LAYERS[name]))
    assert model.output_shape == (None, 3)
    assert model.layers[0].kernel_regularizer.l2 == pytest.approx(0.01)
    assert model(np.ones((2, 4), "float32")).shape == (2, 3)


def test_a_thresholded_relu_of_keras_2_keeps_what_is_above_its_threshold():
    parts = [
        {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3], "dtype": "float32", "name": "i"}},
        {"class_name": "ThresholdedReLU", "config": {"name": "t", "trainable": True, "dtype": "float32", "theta": 0.5}},
    ]
    model = model_from_json(json.dumps({"class_name": "Sequential", "config": {"name": "s", "layers": parts}, "keras_version": "2.15.0"}))
    np.testing.assert_array_equal(model(np.array([[0.25, 0.5, 0.75]], "float32")), [[0, 0, 0.75]])


def nested_keras_2(kind, consumer):
    """A model as Keras 2 wrote it, whose nested model has its first call at number 1."""
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2, "batch_input_shape": [None, 3]}}
    input_layer = {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 3], "dtype": "float32", "name": "i"}}
    if kind == "Sequential":
        inner = {"name": "inner", "layers": [dense]}
    else:
        inner = {
            "name": "inner",
            "layers": [
                {**input_layer, "name": "i", "inbound_nodes": []},
                {**dense, "name": "d", "inbound_nodes": [[["i", 0, 0, {}]]]},
            ],
            "input_layers": [["i", 0, 0]],
            "output_layers": [["d", 0, 0]],
        }
    parts = [
        {**input_layer, "name": "i", "inbound_nodes": []},
        {"class_name": kind, "config": inner, "name": "inner", "inbound_nodes": [[["i", 0, 0, {}]]]},
    ]
    outputs = [["inner", 1, 0]]
    if consumer:
        last = {"class_name": "Dense", "config": {"name": "last", "units": 5}, "name": "last"}
        parts.append({**last, "inbound_nodes": [[["inner", 1, 0, {}]]]})
        outputs = [["last", 0, 0]]
    config = {"name": "m", "layers": parts, "input_layers": [["i", 0, 0]], "output_layers": outputs}
    return {"class_name": "Model", "config": config, "keras_version": "2.3.1", "backend": "tensorflow"}


@pytest.mark.parametrize("consumer", [False, True])
@pytest.mark.parametrize("kind", ["Sequential", "Model", "Functional"])
def test_nested_models_of_keras_2_are_wired_right(kind, consumer):
    model = model_from_json(json.dumps(nested_keras_2(kind, consumer)))
    assert model.output_shape == (None, 5 if consumer else 2)
    assert len(model.get_layer("inner").weights) == 2


def test_tensors_in_the_keyword_arguments_of_old_calls_are_found():
    class AddScaled(layers.Layer):
        def call(self, x, other=None, scale=1.0):
            return x + other * scale

        def compute_output_shape(self, x_shape, other_shape=None):
            return x_shape

    inputs = [
        {"class_name": "InputLayer", "name": name, "inbound_nodes": [], "config": {"batch_input_shape": [None, 2], "name": name}}
        for name in "ab"
    ]
    call = [[["a", 0, 0, {"other": ["b", 0, 0], "scale": 3.0}]]]
    add = {"class_name": "AddScaled", "name": "add", "config": {"name": "add"}, "inbound_nodes": call}
    config = {"name": "m", "layers": [*inputs, add], "input_layers": [["a", 0, 0], ["b", 0, 0]], "output_layers": [["add", 0, 0]]}
    model = model_from_json(json.dumps({"class_name": "Model", "config": config}), custom_objects={"AddScaled": AddScaled})
    ones = np.ones((1, 2), "float32")
    np.testing.assert_array_equal(model([ones, ones]).numpy(), [[4, 4]])


def test_hard_sigmoid_of_old_files_keeps_its_old_meaning():
    config = {
        "class_name": "Sequential",
        "config": [
            {"class_name": "Activation", "config": {"name": "a", "activation": "hard_sigmoid", "batch_input_shape": [None, 1]}}
        ],
    }
    model = model_from_json(json.dumps(config))
    np.testing.assert_allclose(model(np.array([[1.0], [-9.0]], "float32")).numpy(), [[0.7], [0.0]], rtol=1e-6)
    new = keraunos.models.model_from_json(model.to_json())
    np.testing.assert_allclose(new(np.array([[1.0]], "float32")).numpy(), [[0.7]], rtol=1e-6)


def test_an_entry_with_a_meaning_that_nobody_knows_is_an_error():
    config = {"class_name": "Sequential", "config": [{"class_name": "Dropout", "config": {"name": "drop", "p": 0.5, "q": 0.7}}]}
    with pytest.raises(ModelFormatError, match="'drop'.*'q'"):
        model_from_json(json.dumps(config))


def test_a_class_that_does_not_exist_is_named_with_its_layer():
    config = {"class_name": "Sequential", "config": [{"class_name": "Highway", "config": {"name": "highway_1"}}]}
    with pytest.raises(ModelFormatError, match="'highway_1' of class 'Highway'"):
        model_from_json(json.dumps(config))


@pytest.mark.parametrize("version", ["1.2.2", "2.2.5", "3.15.1"])
def test_byte_code_is_refused_whatever_the_version_says(version):
    code = ["4wEAAAAAAAAAAAAAAAAAAAABAAAAAwAAAEMAAABzCAAAAHwAZAETAFMA", None, None]
    layer = {"class_name": "Lambda", "config": {"name": "bad", "function": code, "function_type": "lambda"}}
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [layer]}, "keras_version": version}
    with pytest.raises(UnsafeModelError, match="'bad'.*byte code"):
        model_from_json(json.dumps(config))
    with pytest.raises(UnsafeModelError, match="'bad'.*byte code"):
        model_from_yaml(yaml.safe_dump(config))


# -- bad texts

BAD_JSON = ["{", "nope", "[]", "null", "{}", "5", '{"class_name": "Sequential"}', '{"a": 1, "a": 2}', "[" * 100_000]
BAD_JSON += ['{"class_name": "Sequential", "config": NaN}', '\ufeff{"class_name": "Sequential", "config": {}}']



@pytest.mark.parametrize("text", BAD_JSON, ids=lambda text: text[:30])
def test_json_that_is_no_model_is_refused(text):
    with pytest.raises(ModelFormatError) as caught:
        model_from_json(text)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize("value", [5, None, ["{}"]], ids=repr)
def test_what_is_no_text_is_a_type_error(value):
    with pytest.raises(TypeError):
        model_from_json(value)
    with pytest.raises(TypeError):
        model_from_yaml(value)


UNSAFE_YAML = [
    "a: !!python/object/apply:os.system ['true']",
    "a: !!python/object/new:os.system ['true']",
    "a: !!python/object:builtins.dict {}",
    "a: !!python/name:os.system",
    "a: !!python/module:os",
    "a: !!python/complex 1j",
    "a: !!binary aGVsbG8=",
    "a: !!set {x}",
    "a: !own {x: 1}",
    "a: !<tag:example.com,2000:x> 1",
]


@pytest.mark.parametrize("text", UNSAFE_YAML)
def test_yaml_tags_are_refused_with_their_line(text):
    with pytest.raises(UnsafeModelError, match="line 2"):
        model_from_yaml("class_name: Sequential\n" + text)


def test_the_tags_of_python_2_are_plain_data():
    from keraunos.saving.yaml_format import read_yaml

    text = "a: !!python/tuple [3, 3]\nb: !!python/unicode 'x'\nc: !!python/long 5L\nd: !!python/str y\ne: 1e-07\nf: *id\n"
    text = text.replace("a: ", "a: &id ")
    assert read_yaml(text) == {"a": [3, 3], "b": "x", "c": 5, "d": "y", "e": 1e-07, "f": [3, 3]}


BAD_YAML = {
    "alias bomb": "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9)),
    "alias of itself": "a: &a [1, *a]",
    "too deep": "[" * 5000 + "]" * 5000,
    "two documents": "a: 1\n---\nb: 2",
    "merge key": "a: &a {x: 1}\nb: {<<: *a}",
    "key twice": "a: 1\na: 2",
    "tab": "a:\n\t- 1",
    "empty": "",
    "a list": "[1, 2]",
}


@pytest.mark.parametrize("name", BAD_YAML)
def test_yaml_that_is_no_model_is_refused(name):
    with pytest.raises(ModelFormatError) as caught:
        model_from_yaml(BAD_YAML[name])
    assert len(str(caught.value)) < 2000
