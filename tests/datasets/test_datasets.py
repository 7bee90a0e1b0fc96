"""Data sets: the one that comes along, and those read from files."""

import gzip
import pickle

import numpy as np
import pytest

from keraunos.datasets import (
    boston_housing,
    california_housing,
    cifar10,
    cifar100,
    digits,
    fashion_mnist,
    imdb,
    mnist,
    reuters,
)
from keraunos.datasets.idx import read_idx
from keraunos.datasets.plain_objects import PlainObjectReader
from keraunos.errors import ModelFormatError


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    (tmp_path / "datasets").mkdir()
    return tmp_path / "datasets"


def test_digits_come_with_the_library():
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8) and x_test.shape == (360, 8, 8)
    assert x_train.dtype == y_train.dtype == np.uint8
    assert x_train.max() == 16
    assert set(y_train) == set(y_test) == set(range(10))


@pytest.mark.parametrize(
    "load",
    [mnist.load_data, imdb.load_data, reuters.load_data, boston_housing.load_data]
    + [california_housing.load_data, cifar10.load_data, cifar100.load_data],
)
def test_a_missing_file_is_named(load, home):
    with pytest.raises(FileNotFoundError, match="Get https://.*there"):
        load()


def test_mnist_is_read_from_a_given_path(tmp_path):
    path = tmp_path / "some.npz"
    x, y = np.zeros((3, 28, 28), "uint8"), np.arange(3, dtype="uint8")
    np.savez(path, x_train=x, y_train=y, x_test=x[:1], y_test=y[:1])
    (x_train, y_train), (x_test, _) = mnist.load_data(str(path))
    assert x_train.shape == (3, 28, 28) and x_test.shape == (1, 28, 28)
    np.testing.assert_array_equal(y_train, y)


def test_a_damaged_cached_file_is_refused(home):
    np.savez(home / "mnist.npz", x_train=np.zeros(3))
    with pytest.raises(ValueError, match="corrupted"):
        mnist.load_data()


def _write_idx(path, array):
    head = bytes([0, 0, 8, array.ndim]) + b"".join(s.to_bytes(4, "big") for s in array.shape)
    with gzip.open(path, "wb") as file:
        file.write(head + array.tobytes())


def test_fashion_mnist_is_read_from_a_folder(tmp_path):
    images = np.arange(2 * 28 * 28, dtype="uint8").reshape(2, 28, 28)
    for part in ("train", "t10k"):
        _write_idx(tmp_path / f"{part}-images-idx3-ubyte.gz", images)
        _write_idx(tmp_path / f"{part}-labels-idx1-ubyte.gz", np.array([7, 9], "uint8"))
    (x_train, y_train), (x_test, y_test) = fashion_mnist.load_data(tmp_path)
    np.testing.assert_array_equal(x_train, images)
    np.testing.assert_array_equal(y_test, [7, 9])


def test_an_idx_file_of_the_wrong_length_is_refused(tmp_path):
    (tmp_path / "images").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 9]) + b"abc")
    with pytest.raises(ValueError, match="damaged"):
        read_idx(str(tmp_path / "images"))


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_plain_objects_are_read_as_python_writes_them(protocol):
    value = {
        "list": [1, -5, 300, 70000, 2**40, None, True, 1.5],
        "bytes": b"abc",
        "text": "übung",
        "tuple": (1, (2, 3), ()),
        "array": np.arange(6, dtype="uint8").reshape(2, 3),
    }
    read = PlainObjectReader(pickle.dumps(value, protocol=protocol)).read()
    np.testing.assert_array_equal(read.pop("array"), value.pop("array"))
    assert read == value


def test_arrays_of_lists_are_read_from_npz_files(tmp_path):
    x = np.empty(3, dtype=object)
    x[:] = [[1, 2, 3], [4], list(range(300))]
    np.savez(tmp_path / "imdb.npz", x_train=x, y_train=[0, 1, 0], x_test=x, y_test=[1, 0, 1])
    (x_train, y_train), (x_test, y_test) = imdb.load_data(str(tmp_path / "imdb.npz"))
    assert sorted(map(len, x_train)) == [2, 4, 301]
    assert all(words[0] == 1 for words in x_train)
    assert sorted(y_test) == [0, 1, 1]
    (short, _), _ = imdb.load_data(str(tmp_path / "imdb.npz"), maxlen=10, num_words=6)
    assert len(short) == 2 and max(max(words) for words in short) == 5


class _Opener:
    def __reduce__(self):
        return (open, ("/tmp/never", "w"))


@pytest.mark.parametrize("value", [_Opener(), [print], np.float64, {1: _Opener()}])
def test_anything_but_plain_data_is_refused(value):
    with pytest.raises(ModelFormatError):
        PlainObjectReader(pickle.dumps(value, protocol=2)).read()


def test_every_truncation_and_every_changed_byte_is_an_error_or_a_value():
    data = pickle.dumps({"a": [1, 2], "b": np.arange(3)}, protocol=2)
    for end in range(len(data)):
        with pytest.raises(ModelFormatError):
            PlainObjectReader(data[:end]).read()
    for position in range(len(data)):
        for bit in (1, 64):
            changed = bytearray(data)
            changed[position] ^= bit
            try:
                PlainObjectReader(bytes(changed)).read()
            except (ModelFormatError, ValueError, OverflowError, MemoryError):
                pass


@pytest.mark.parametrize("is_binary", [False, True])
def test_cifar_is_read_in_both_versions(home, is_binary):
    rows, names = 4, [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
    folder = home / ("cifar-10-batches-bin" if is_binary else "cifar-10-batches-py")
    folder.mkdir()
    pixels = np.random.RandomState(0).randint(0, 256, (rows, 3072)).astype("uint8")
    labels = np.arange(rows, dtype="uint8")
    for name in names:
        if is_binary:
            np.concatenate([labels[:, None], pixels], 1).tofile(folder / f"{name}.bin")
        else:
            content = {b"data": pixels, b"labels": [int(label) for label in labels]}
            (folder / name).write_bytes(pickle.dumps(content, protocol=2))
    (x_train, y_train), (x_test, y_test) = cifar10.load_data()
    assert x_train.shape == (20, 32, 32, 3) and y_train.shape == (20, 1)
    np.testing.assert_array_equal(x_test[1, 0, 0], pixels[1].reshape(3, 32, 32)[:, 0, 0])
    np.testing.assert_array_equal(y_test[:, 0], labels)


def test_the_split_of_housing_data_is_that_of_keras(tmp_path):
    x, y = np.arange(50.0).reshape(25, 2), np.arange(25.0)
    np.savez(tmp_path / "b.npz", x=x, y=y)
    (x_train, y_train), (x_test, y_test) = boston_housing.load_data(str(tmp_path / "b.npz"))
    order = np.arange(25)
    np.random.RandomState(113).shuffle(order)
    np.testing.assert_array_equal(y_train, y[order][:20])
    np.testing.assert_array_equal(x_test, x[order][20:])
    with pytest.raises(ValueError, match="test_split"):
        boston_housing.load_data(test_split=1.0)
    with pytest.raises(ValueError, match="small"):
        california_housing.load_data(version="huge")


def test_reuters_has_46_topics():
    assert len(reuters.get_label_names()) == 46
    assert reuters.get_label_names()[3] == "earn"
