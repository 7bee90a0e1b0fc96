"""`.h5` files in the layout of older Keras, and the store paths of tf.keras 2.12."""

import json

import numpy as np
import pytest

import keraunos
from keraunos import layers, ops
from keraunos.saving.errors import ModelFormatError
from keraunos.saving.legacy_training import compile_arguments

h5py = pytest.importorskip("h5py")

DATA = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")


def stack(last=2):
    return keraunos.Sequential(
        [keraunos.Input((3,)), layers.Dense(4, activation="relu"), layers.BatchNormalization(), layers.Dense(last)]
    )


def trained():
    model = stack()
    model.compile(keraunos.optimizers.Adam(0.01), keraunos.losses.Huber(0.5), metrics=["mae"])
    model.fit(DATA, np.ones((5, 2), "float32"), verbose=0)
    return model


def branched():
    a, b = keraunos.Input((3,), name="a"), keraunos.Input((3,), name="b")
    x = ops.relu(a + b * 2.0)
    inner_input = keraunos.Input((3,))
    inner = keraunos.Model(inner_input, layers.Dense(3)(inner_input), name="inner")
    return keraunos.Model([a, b], layers.TimeDistributed(layers.Dense(2))(layers.RepeatVector(2)(inner(x))))


def same(left, right):
    for one, two in zip(left, right, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_a_whole_model_round_trips_with_its_optimizer(tmp_path):
    model = trained()
    path = str(tmp_path / "m.h5")
    model.save(path)
    loaded = keraunos.models.load_model(path)
    same(model.weights, loaded.weights)
    same(model.optimizer.variables, loaded.optimizer.variables)
    assert loaded.compiled and loaded.loss.name == model.loss.name
    assert not keraunos.models.load_model(path, compile=False).compiled


def test_a_graph_with_operations_and_nested_models_round_trips(tmp_path):
    model = branched()
    path = str(tmp_path / "m.h5")
    model.save(path)
    loaded = keraunos.models.load_model(path)
    np.testing.assert_allclose(model([DATA, DATA]).numpy(), loaded([DATA, DATA]).numpy(), rtol=1e-6)


def test_the_layout_is_that_of_keras(tmp_path):
    model = trained()
    path = str(tmp_path / "m.h5")
    model.save(path)
    with h5py.File(path) as h5:
        names = [name.decode() for name in h5["model_weights"].attrs["layer_names"]]
        assert names == [layer.name for layer in model.layers]
        first = h5["model_weights"][names[0]]
        assert [name.decode().rsplit("/", 1)[1] for name in first.attrs["weight_names"]] == ["kernel", "bias"]
        config = json.loads(h5.attrs["model_config"])
        assert config["class_name"] == "Sequential" and "module" not in config["config"]["layers"][1]
        assert json.loads(h5.attrs["training_config"])["optimizer_config"]["class_name"] == "Adam"


@pytest.mark.parametrize("name", ["m.h5", "m.weights.h5"])
def test_weights_alone_are_read_whatever_the_file_is_called(tmp_path, name):
    from keraunos.saving import legacy_h5_writer

    model = stack()
    with open(tmp_path / name, "wb") as file:
        legacy_h5_writer.write_weights(file, model)
    other = stack()
    other.load_weights(str(tmp_path / name))
    same(model.weights, other.weights)


def test_weights_are_matched_by_order_or_by_name(tmp_path):
    model = stack()
    path = str(tmp_path / "m.h5")
    model.save(path)
    other = keraunos.Sequential([keraunos.Input((4,)), layers.Dense(2, name=model.layers[-1].name)])
    other.load_weights(path, by_name=True)
    same(other.weights, model.layers[-1].weights)
    with pytest.raises(ModelFormatError, match="expected 1 layers, found 3"):
        other.load_weights(path)


def test_a_mismatch_changes_nothing_unless_it_is_to_be_skipped(tmp_path):
    path = str(tmp_path / "m.h5")
    model = stack()
    model.save(path)
    other = stack(last=7)
    before = other.get_weights()
    with pytest.raises(ModelFormatError, match=r"\(4, 7\).*\(4, 2\)"):
        other.load_weights(path)
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    with pytest.warns(UserWarning, match="Skipping"):
        other.load_weights(path, skip_mismatch=True)
    same(other.layers[0].weights, model.layers[0].weights)


def test_a_file_with_weights_only_is_no_model(tmp_path):
    model = stack()
    model.save_weights(str(tmp_path / "m.weights.h5"))
    with pytest.raises(ModelFormatError, match="weights only"):
        keraunos.models.load_model(str(tmp_path / "m.weights.h5"))


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89HDF\r\n\x1a\n" + b"\0" * 50])
def test_damaged_files_are_format_errors(tmp_path, data):
    (tmp_path / "m.h5").write_bytes(data)
    with pytest.raises(ModelFormatError, match="m.h5"):
        keraunos.models.load_model(str(tmp_path / "m.h5"))


def test_long_lists_of_names_are_split_and_joined(tmp_path):
    model = keraunos.Sequential([keraunos.Input((2,))])
    for index in range(300):
        model.add(layers.Identity(name=f"{index:03d}_{'x' * 240}"))
    model.add(layers.Dense(1))
    path = str(tmp_path / "m.h5")
    model.save(path)
    with h5py.File(path) as h5:
        assert "layer_names0" in h5["model_weights"].attrs
    same(model.weights, keraunos.models.load_model(path).weights)


def test_links_are_not_followed(tmp_path):
    path = str(tmp_path / "m.h5")
    model = stack()
    model.save(path)
    name = f"model_weights/{model.layers[0].name}"
    with h5py.File(path, "a") as h5:
        del h5[name]
        h5[name] = h5py.ExternalLink("other.h5", "/x")
    with pytest.raises(ValueError, match="ExternalLink"):
        keraunos.models.load_model(path)


TF_2_12 = {
    "loss": {"class_name": "MeanSquaredError", "config": {"reduction": "auto", "name": "mse", "fn": "mean_squared_error"}},
    "metrics": [[{"class_name": "MeanMetricWrapper", "config": {"name": "mae", "dtype": "float32", "fn": "mean_absolute_error"}}]],
    "weighted_metrics": None,
    "loss_weights": None,
    "optimizer_config": {
        "class_name": "Custom>Adam",
        "config": {"name": "Adam", "jit_compile": False, "is_legacy_optimizer": False, "lr": 0.01, "decay": 0.5},
    },
}


def test_the_training_config_of_tf_keras_is_understood():
    arguments = compile_arguments(TF_2_12)
    assert arguments["loss"].name == "mse"
    assert arguments["metrics"] == ["mean_absolute_error"]
    optimizer = arguments["optimizer"]
    assert type(optimizer) is keraunos.optimizers.Adam
    # `decay` d meant rate / (1 + d * iteration).
    assert float(optimizer._learning_rate(2)) == pytest.approx(0.005)


def test_an_unknown_loss_leaves_the_model_uncompiled_with_a_warning(tmp_path):
    path = str(tmp_path / "m.h5")
    trained().save(path)
    with h5py.File(path, "a") as h5:
        config = json.loads(h5.attrs["training_config"])
        config["loss"] = {"class_name": "OwnLoss", "config": {}}
        h5.attrs["training_config"] = json.dumps(config)
    with pytest.warns(UserWarning, match="OwnLoss"):
        assert not keraunos.models.load_model(path).compiled


def test_the_numbers_of_tf_keras_2_12_are_understood(tmp_path):
    """Layers with weights were listed twice, so that the numbers of three Dense layers are 0, 2 and 4."""
    model = keraunos.Sequential([keraunos.Input((3,)), *[layers.Dense(3) for _ in range(3)]])
    path = str(tmp_path / "m.weights.h5")
    with h5py.File(path, "w") as h5:
        for number, layer in zip(("", "_2", "_4"), model.layers):
            for index, value in enumerate(layer.get_weights()):
                h5[f"_layer_checkpoint_dependencies/dense{number}/vars/{index}"] = value + 1
    expected = [value + 1 for value in model.get_weights()]
    model.load_weights(path)
    for one, two in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, two)
