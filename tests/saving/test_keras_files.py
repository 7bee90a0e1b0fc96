"""`.keras` and `.weights.h5` files: round trips, damaged files, and what a failure leaves behind."""

import io
import json
import os
import zipfile

import numpy as np
import pytest

import keraunos
from keraunos import layers
from keraunos.saving.errors import ModelFormatError, ModelNotFoundError, UnsafeModelError

h5py = pytest.importorskip("h5py")


@pytest.fixture
def model():
    model = keraunos.Sequential(
        [keraunos.Input((3,)), layers.Dense(4, activation="relu"), layers.BatchNormalization(), layers.Dense(2)]
    )
    model.compile("adam", "mse", metrics=["mae"])
    rng = np.random.default_rng(0)
    model.fit(rng.normal(size=(8, 3)).astype("float32"), rng.normal(size=(8, 2)).astype("float32"), verbose=0)
    return model


DATA = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")


def save(model, folder, name="m.keras"):
    path = str(folder / name)
    model.save(path)
    return path


def same_state(left, right):
    for one, two in zip(left.weights, right.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_a_saved_model_comes_back_with_its_optimizer(model, tmp_path):
    loaded = keraunos.models.load_model(save(model, tmp_path))
    same_state(model, loaded)
    np.testing.assert_array_equal(model.predict(DATA, verbose=0), loaded.predict(DATA, verbose=0))
    assert loaded.compiled
    for one, two in zip(model.optimizer.variables, loaded.optimizer.variables, strict=True):
        np.testing.assert_array_equal(one.numpy(), two.numpy())


def test_the_archive_is_laid_out_as_keras_does(model, tmp_path):
    with zipfile.ZipFile(save(model, tmp_path)) as archive:
        assert archive.namelist()[:3] == ["metadata.json", "config.json", "model.weights.h5"]
        assert set(archive.namelist()[3:]) <= {"keraunos.json", "keraunos.bin"}
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
        assert json.loads(archive.read("metadata.json"))["keras_version"].startswith("3.")
        with h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as h5:
            assert h5["layers/dense_1/vars/0"].shape == (4, 2)
            assert h5["layers/batch_normalization/vars"].attrs["name"].startswith("batch_normalization")
            assert h5["optimizer/vars/0"].dtype.kind == "i"


def test_compile_false_leaves_the_model_uncompiled(model, tmp_path):
    assert not keraunos.models.load_model(save(model, tmp_path), compile=False).compiled


def test_a_folder_holds_the_same_members(model, tmp_path):
    path = str(tmp_path / "folder")
    model.save(path, zipped=False)
    assert sorted(os.listdir(path)) == ["config.json", "metadata.json", "model.weights.h5"]
    same_state(model, keraunos.models.load_model(path))


def test_file_objects_and_paths_are_accepted(model, tmp_path):
    buffer = io.BytesIO()
    keraunos.saving.save_model(model, buffer)
    same_state(model, keraunos.models.load_model(io.BytesIO(buffer.getvalue())))
    model.save(tmp_path / "path.keras")
    same_state(model, keraunos.models.load_model(tmp_path / "path.keras"))


def test_weights_files_round_trip(model, tmp_path):
    path = str(tmp_path / "m.weights.h5")
    model.save_weights(path)
    other = keraunos.models.clone_model(model)
    other.optimizer.build(other.trainable_variables)
    other.load_weights(path)
    same_state(model, other)
    other = keraunos.models.clone_model(model)
    other.load_weights(save(model, tmp_path))
    same_state(model, other)


def test_nested_and_shared_layers_have_the_store_paths_of_keras(tmp_path):
    class Block(layers.Layer):
        def __init__(self, **kwargs):
            super().__init__(**kwargs)
            self.stack = [layers.Dense(2), layers.Dense(2)]
            self.head = layers.Dense(2)

        def call(self, x):
            for layer in self.stack:
                x = layer(x)
            return self.head(x)

    x = keraunos.Input((2,))
    inner = keraunos.Sequential([keraunos.Input((2,)), layers.Dense(3)])
    model = keraunos.Model(x, inner(Block()(x)))
    path = str(tmp_path / "m.weights.h5")
    model.save_weights(path)
    with h5py.File(path) as h5:
        assert {"0", "1"} == set(h5["layers/block/head/vars"])
        assert {"0", "1"} == set(h5["layers/block/stack/dense_1/vars"])
        assert {"0", "1"} == set(h5["layers/sequential/layers/dense/vars"])
        assert "input_layer" in h5["layers"]


def test_bfloat16_weights_round_trip(tmp_path):
    model = keraunos.Sequential([keraunos.Input((3,)), layers.Dense(2, dtype="bfloat16")])
    path = str(tmp_path / "m.weights.h5")
    model.save_weights(path)
    with h5py.File(path) as h5:
        assert h5["layers/dense/vars/0"].attrs["dtype"] == "bfloat16"
    other = keraunos.models.clone_model(model)
    other.load_weights(path)
    for one, two in zip(model.weights, other.weights):
        np.testing.assert_array_equal(np.asarray(one.numpy(), "float32"), np.asarray(two.numpy(), "float32"))


# -- failures


def test_a_failed_save_keeps_the_old_file(model, tmp_path):
    path = save(model, tmp_path)
    before = open(path, "rb").read()

    class NoConfig(layers.Layer):
        def __init__(self, thing):
            super().__init__()

        def call(self, x):
            return x

    bad = keraunos.Sequential([keraunos.Input((3,)), NoConfig(object())])
    with pytest.raises(NotImplementedError, match="get_config"):
        bad.save(path)
    assert open(path, "rb").read() == before
    assert os.listdir(tmp_path) == ["m.keras"]


def test_a_failed_load_of_weights_changes_nothing(model, tmp_path):
    path = str(tmp_path / "m.weights.h5")
    model.save_weights(path)
    other = keraunos.Sequential(
        [keraunos.Input((3,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(7)]
    )
    before = other.get_weights()
    with pytest.raises(ValueError, match="Dense 'dense") as caught:
        other.load_weights(path)
    assert len(str(caught.value)) < 2000
    for one, two in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)
    with pytest.warns(UserWarning, match="could not be loaded"):
        other.load_weights(path, skip_mismatch=True)
    np.testing.assert_array_equal(other.layers[0].get_weights()[0], model.layers[0].get_weights()[0])


def test_overwrite_false_does_not_overwrite(model, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    path = save(model, tmp_path)
    with pytest.raises(FileExistsError, match="m.keras"):
        model.save(path, overwrite=False)


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("m.foo", ValueError, "Invalid filepath extension"),
        ("missing/m.keras", FileNotFoundError, "missing"),
        ("folder.keras", IsADirectoryError, "folder.keras"),
    ],
)
def test_bad_targets_are_named(model, tmp_path, name, error, words):
    os.mkdir(tmp_path / "folder.keras")
    with pytest.raises(error, match=words):
        model.save(str(tmp_path / name))
    with pytest.raises(ValueError, match="must end in `.weights.h5`"):
        model.save_weights(str(tmp_path / "m.h5"))


def test_saving_nothing_is_refused(model):
    with pytest.raises(ValueError, match=".keras"):
        model.save(None)


def test_unbuilt_models_are_told_apart(tmp_path):
    model = keraunos.Sequential([layers.Dense(2)])
    with pytest.warns(UserWarning, match="not yet been built"):
        model.save(str(tmp_path / "m.keras"))
    assert not keraunos.models.load_model(str(tmp_path / "m.keras")).built
    with pytest.raises(ValueError, match="not yet been built"):
        model.save_weights(str(tmp_path / "m.weights.h5"))


DAMAGES = {
    "empty": (lambda data: b"", "empty"),
    "text": (lambda data: b"hello", "not a zip archive"),
    "half": (lambda data: data[: len(data) // 2], "truncated"),
    "hdf5": (lambda data: b"\x89HDF\r\n\x1a\n" + data, "HDF5 file"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damaged_files_say_what_they_are(model, tmp_path, name):
    damage, words = DAMAGES[name]
    path = save(model, tmp_path)
    data = open(path, "rb").read()
    open(path, "wb").write(damage(data))
    with pytest.raises(ModelFormatError, match=words):
        keraunos.models.load_model(path)


def test_every_truncation_is_an_error(model, tmp_path):
    path = save(model, tmp_path)
    data = open(path, "rb").read()
    for size in range(0, len(data), 997):
        open(path, "wb").write(data[:size])
        with pytest.raises(ModelFormatError):
            keraunos.models.load_model(path)


def test_missing_files_are_not_found(tmp_path):
    for error in (FileNotFoundError, ValueError, ModelNotFoundError):
        with pytest.raises(error, match="nope.keras"):
            keraunos.models.load_model(str(tmp_path / "nope.keras"))
    with pytest.raises(ValueError, match="File format not supported"):
        keraunos.models.load_model(str(tmp_path / "nope.pkl"))


def rewrite(path, change):
    """Writes the archive again with its members changed."""
    with zipfile.ZipFile(path) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in change(members):
            archive.writestr(name, data)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda members: members[:1], "config.json"),
        (lambda members: members[:2], "model.weights.h5"),
        (lambda members: [*members, members[1]], "two members"),
        (lambda members: [*members, ("../x", b"1")], "leaves the archive"),
        (lambda members: [members[0], ("config.json", b"{"), members[2]], "line 1"),
        (lambda members: [members[0], ("config.json", b"[]"), members[2]], "config of a model"),
        (lambda members: [members[0], ("config.json", b"\xff\xfe"), members[2]], "UTF-8"),
        (lambda members: [*members[:2], ("model.weights.h5", b"hello")], "HDF5"),
    ],
)
def test_bad_members_are_named(model, tmp_path, change, words):
    path = save(model, tmp_path)
    rewrite(path, change)
    with pytest.raises(ModelFormatError, match=words):
        keraunos.models.load_model(path)


def test_a_decompression_bomb_is_refused(model, tmp_path):
    path = str(tmp_path / "bomb.keras")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", b" " * 2**27)
    with pytest.raises(ModelFormatError, match="may have at most|bomb"):
        keraunos.models.load_model(path)


def weights_with(path, key, make):
    with h5py.File(path, "a") as h5:
        del h5[key]
        make(h5)


@pytest.mark.parametrize("kind", ["SoftLink", "ExternalLink"])
def test_links_are_not_followed(model, tmp_path, kind):
    path = str(tmp_path / "m.weights.h5")
    model.save_weights(path)
    link = h5py.SoftLink("/layers") if kind == "SoftLink" else h5py.ExternalLink("other.h5", "/x")
    weights_with(path, "layers/dense/vars/0", lambda h5: h5["layers/dense/vars"].__setitem__("0", link))
    with pytest.raises(ValueError, match=kind):
        model.load_weights(path)


def test_external_and_virtual_data_is_refused(model, tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(b"\1" * 48)
    path = str(tmp_path / "m.weights.h5")
    model.save_weights(path)

    def external(h5):
        h5.create_dataset("layers/dense/vars/0", (3, 4), "float32", external=[(str(secret), 0, 48)])

    weights_with(path, "layers/dense/vars/0", external)
    with pytest.raises(ValueError, match="another file"):
        model.load_weights(path)


def test_a_shape_bomb_is_refused_before_memory_is_taken(model, tmp_path):
    path = str(tmp_path / "m.weights.h5")
    model.save_weights(path)

    def bomb(h5):
        h5.create_dataset("layers/dense/vars/0", (10**6, 10**6), "float32", chunks=(10, 10))

    weights_with(path, "layers/dense/vars/0", bomb)
    with pytest.raises(ValueError, match="shape bomb"):
        model.load_weights(path)


def test_loading_opens_no_other_file_and_imports_nothing_new(model, tmp_path):
    import sys

    path = save(model, tmp_path)
    keraunos.models.load_model(path)
    events = []
    is_on = [True]

    def hook(event, arguments):
        if is_on[0] and event in ("open", "import", "exec", "compile", "subprocess.Popen", "socket.connect"):
            events.append((event, arguments))

    sys.addaudithook(hook)
    try:
        keraunos.models.load_model(path)
    finally:
        is_on[0] = False
    opened = {str(arguments[0]) for event, arguments in events if event == "open"}
    assert opened <= {path}, opened
    assert not [event for event in events if event[0] not in ("open",)], events


def test_unsafe_errors_are_format_errors():
    assert issubclass(UnsafeModelError, ModelFormatError)
    assert issubclass(ModelFormatError, OSError) and issubclass(ModelFormatError, ValueError)
