"""Sharded weights, assets of layers, and the editor of weights files."""

import json
import os
import zipfile

import numpy as np
import pytest

import keraunos
from keraunos import layers
from keraunos.saving.errors import ModelFormatError, ModelNotFoundError

h5py = pytest.importorskip("h5py")


def stack():
    model = keraunos.Sequential([keraunos.Input((64,)), layers.Dense(64), layers.Dropout(0.5), layers.Dense(3)])
    model.compile("adam", "mse")
    model.fit(np.ones((4, 64)), np.ones((4, 3)), verbose=0)
    return model


def same_state(left, right):
    for one, two in zip(left.weights + left.optimizer.variables, right.weights + right.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


@pytest.mark.parametrize(("kilobytes", "shards"), [(1024, 1), (20, 3)])
def test_sharded_weights_round_trip(tmp_path, kilobytes, shards):
    model = stack()
    path = str(tmp_path / "m.weights.json")
    model.save_weights(path, max_shard_size=kilobytes / 1024**2)
    assert sorted(os.listdir(tmp_path)) == ["m.weights.json", *(f"m_0000{i}.weights.h5" for i in range(shards))]
    index = json.loads(open(path).read())
    assert index["weight_map"]["/layers/dense/vars"] is not None
    assert isinstance(index["metadata"]["total_size"], float)
    loaded = stack()
    loaded.load_weights(path)
    same_state(model, loaded)


def test_a_weight_larger_than_a_shard_is_named(tmp_path):
    with pytest.raises(ValueError, match="layers/dense/0.*exceeds the maximum shard size"):
        stack().save_weights(str(tmp_path / "m.weights.json"), max_shard_size=1e-6)


@pytest.mark.parametrize("name", ["../m_00000.weights.h5", "/etc/passwd", "m.txt", 5])
def test_a_shard_elsewhere_is_refused(tmp_path, name):
    model = stack()
    path = str(tmp_path / "m.weights.json")
    model.save_weights(path, max_shard_size=1)
    text = open(path).read().replace('"m_00000.weights.h5"', json.dumps(name))
    open(path, "w").write(text)
    with pytest.raises(ModelFormatError, match="no weights file beside it"):
        model.load_weights(path)


def test_a_missing_shard_is_not_found(tmp_path):
    model = stack()
    path = str(tmp_path / "m.weights.json")
    model.save_weights(path, max_shard_size=1)
    os.unlink(tmp_path / "m_00000.weights.h5")
    with pytest.raises(ModelNotFoundError, match="m_00000"):
        model.load_weights(path)


@keraunos.saving.register_keras_serializable("assets")
class Words(layers.Layer):
    """A layer of an application, with files of its own."""

    def __init__(self, words=None, **kwargs):
        super().__init__(**kwargs)
        self.words = words

    def call(self, x):
        return x

    def save_assets(self, folder):
        with open(os.path.join(folder, "words.txt"), "w") as file:
            file.write("\n".join(self.words))

    def load_assets(self, folder):
        with open(os.path.join(folder, "words.txt")) as file:
            self.words = file.read().split("\n")


@keraunos.saving.register_keras_serializable("assets")
class InMemory(Words):
    """The same without a folder, as built-in layers do it."""

    def asset_files(self):
        return {"words.txt": "\n".join(self.words).encode()}

    def load_asset_files(self, files):
        self.words = files["words.txt"].decode().split("\n")


@pytest.mark.parametrize("layer_class", [Words, InMemory])
@pytest.mark.parametrize("zipped", [None, False])
def test_assets_round_trip(tmp_path, layer_class, zipped):
    model = keraunos.Sequential([keraunos.Input((3,)), layer_class(["a", "", "\u00e9"])])
    path = str(tmp_path / ("folder" if zipped is False else "m.keras"))
    model.save(path, zipped=zipped)
    if zipped is None:
        member = "assets/layers/in_memory/words.txt" if layer_class is InMemory else "assets/layers/words/words.txt"
        assert member in zipfile.ZipFile(path).namelist()
    assert keraunos.models.load_model(path).layers[0].words == ["a", "", "\u00e9"]


def test_the_editor_shows_compares_and_changes_files(tmp_path, capsys):
    model = stack()
    path, changed = str(tmp_path / "m.keras"), str(tmp_path / "m.weights.h5")
    model.save(path)
    editor = keraunos.saving.KerasFileEditor(path)
    editor.summary()
    assert "dense_1" in capsys.readouterr().out
    assert editor.compare(model)["status"] == "success"
    editor.rename_object("layers/dense_1", "dense_2")
    assert editor.compare(model)["error_count"] == 2
    editor.rename_object("dense_2", "dense_1")
    editor.delete_weight("layers/dense_1", "1")
    editor.add_weights("layers/dense_1", {"1": np.full(3, 5.0, "float32")})
    editor.add_object("layers/extra", {"0": np.zeros(2)})
    editor.delete_object("layers/extra")
    editor.save(changed)
    model.load_weights(changed)
    np.testing.assert_array_equal(model.layers[-1].bias.numpy(), 5.0)
    assert keraunos.saving.KerasFileEditor(changed).object_metadata["layers/dense"]["name"] == model.layers[0].name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda editor: editor.rename_object("a/b", "c"), "not found"),
        (lambda editor: editor.rename_object("dense", "c/d"), "leaf name"),
        (lambda editor: editor.delete_object("nothing"), "does not appear"),
        (lambda editor: editor.add_object("layers/x", [1]), "should be a dict"),
        (lambda editor: editor.add_object("a/b/c", {}), "not found"),
        (lambda editor: editor.delete_weight("layers/dense", "9"), "not found"),
        (lambda editor: editor.save("m.keras"), "expected a `.weights.h5`"),
    ],
)
def test_the_editor_names_mistakes(tmp_path, change, words):
    path = str(tmp_path / "m.weights.h5")
    stack().save_weights(path)
    with pytest.raises(ValueError, match=words):
        change(keraunos.saving.KerasFileEditor(path))
