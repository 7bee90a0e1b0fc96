"""Helpers for data, files, seeds and progress."""

import contextlib
import io
import tarfile
import zipfile

import numpy as np
import pytest

import keraunos
from keraunos.utils import (
    Config,
    Progbar,
    pad_sequences,
    split_dataset,
    timeseries_dataset_from_array,
)
from keraunos.utils.file_utils import extract_archive, get_file, hash_file
from keraunos.utils.image_utils import smart_resize


class Terminal(io.StringIO):
    def isatty(self):
        return True


def _bar_output(stream, verbose=1, steps=3):
    with contextlib.redirect_stdout(stream):
        bar = Progbar(target=steps, verbose=verbose, interval=0, stateless_metrics=[])
        for step in range(1, steps + 1):
            bar.update(step, [("accuracy", 0.5), ("loss", 0.25)])
    return stream.getvalue()


def test_in_a_terminal_the_bar_is_redrawn_in_place():
    text = _bar_output(Terminal())
    assert text.count("\r") == 3 and text.count("\n") == 1
    assert "━" * 20 in text
    assert "3/3" in text and "step - accuracy: 0.5000 - loss: 0.2500" in text


def test_in_a_log_file_the_bar_has_no_control_characters():
    text = _bar_output(io.StringIO())
    assert not any(character in text for character in "\r\b\x1b")
    assert text.count("\n") == 3
    assert text.splitlines()[-1].startswith("3/3 ━━━━━━━━━━━━━━━━━━━━ 0s ")


def test_verbose_2_writes_one_line_at_the_end():
    text = _bar_output(io.StringIO(), verbose=2)
    assert text.count("\n") == 1
    assert text.startswith("3/3 - 0s - ") and text.endswith(" - accuracy: 0.5000 - loss: 0.2500\n")


def test_the_bar_of_unknown_length_counts():
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        Progbar(target=None, interval=0).update(5)
    assert "5/Unknown" in stream.getvalue()


def test_stateless_values_are_averaged_by_steps():
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        bar = Progbar(target=10, interval=0, stateless_metrics=["a"])
        bar.update(1, [("a", 0.0)])
        bar.update(4, [("a", 4.0)])
    assert "a: 3.0000" in stream.getvalue()


def test_a_terminal_without_the_sign_gets_another():
    raw = io.BytesIO()
    narrow = io.TextIOWrapper(raw, encoding="cp1251")
    with contextlib.redirect_stdout(narrow):
        Progbar(target=1).update(1)
    assert b"=" in raw.getvalue()


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post", "value": 9}, [[9, 1], [2, 3], [4, 5]]),
        ({"maxlen": 0}, np.zeros((3, 0))),
    ],
)
def test_sequences_are_padded(arguments, expected):
    np.testing.assert_array_equal(pad_sequences([[1], [2, 3], [4, 5, 6]], **arguments), expected)


@pytest.mark.parametrize("sequences", [[1, 2], 5, [[1], 2]])
def test_what_is_no_list_of_sequences_is_refused(sequences):
    with pytest.raises(ValueError, match="`sequences`"):
        pad_sequences(sequences)


def test_a_config_can_be_frozen():
    config = Config(learning_rate=0.1)
    config.seed = 1
    assert config["seed"] == 1 and len(config) == 2 and "seed" in config
    config.freeze()
    with pytest.raises(ValueError, match="frozen"):
        config.seed = 2
    with pytest.raises(AttributeError, match="Did you mean 'seed'"):
        _ = config.sead


def test_data_sets_are_split():
    left, right = split_dataset((np.arange(10), np.arange(10) * 2), left_size=0.7)
    assert len(left) == 7 and len(right) == 3
    assert [int(y) for _, y in right] == [14, 16, 18]
    x, y = next(iter(right.batch(2)))
    assert x.shape == y.shape == (2,)
    with pytest.raises(ValueError, match="At least one"):
        split_dataset(np.arange(3))


def test_nothing_is_downloaded(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing is downloaded. Get https://x.org/a.txt"):
        get_file("a.txt", "https://x.org/a.txt", cache_dir=tmp_path)


def test_a_local_file_is_copied_and_checked(tmp_path):
    source = tmp_path / "source.txt"
    source.write_text("one")
    cache, first = tmp_path / "cache", hash_file(source)
    path = get_file("a.txt", source.as_uri(), file_hash=first, cache_dir=cache)
    source.write_text("two")
    assert get_file("a.txt", source.as_uri(), cache_dir=cache) == path
    assert hash_file(path) == first
    with pytest.raises(ValueError, match="Incomplete or corrupted"):
        get_file("b.txt", source.as_uri(), file_hash="0" * 64, cache_dir=cache)
    assert not (cache / "datasets" / "b.txt").exists()


@pytest.mark.parametrize("name", ["a/b", "..", ".", "a\\b"])
def test_a_file_name_is_no_path(name, tmp_path):
    with pytest.raises(ValueError):
        get_file(name, "https://x.org/a", cache_dir=tmp_path)


@pytest.mark.parametrize("kind", ["tar", "zip"])
@pytest.mark.parametrize("name", ["../out.txt", "/out.txt", "ok/../../out.txt"])
def test_an_archive_writes_nothing_outside(kind, name, tmp_path):
    archive, target = tmp_path / "archive", tmp_path / "target"
    target.mkdir()
    if kind == "tar":
        with tarfile.open(archive, "w") as file:
            file.addfile(tarfile.TarInfo("good.txt"))
            file.addfile(tarfile.TarInfo(name))
    else:
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("good.txt", "")
            file.writestr(name, "")
    with pytest.raises(ValueError, match="outside"):
        extract_archive(archive, target)
    assert not list(target.iterdir()) and not (tmp_path / "out.txt").exists()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_an_archive_are_refused(kind, tmp_path):
    with tarfile.open(tmp_path / "archive", "w") as file:
        member = tarfile.TarInfo("link")
        member.type, member.linkname = kind, "good.txt"
        file.addfile(member)
    with pytest.raises(ValueError, match="link or device"):
        extract_archive(tmp_path / "archive", tmp_path / "target")


def test_windows_of_a_series_are_in_order_and_shuffled_by_seed():
    series = np.arange(20)
    data = timeseries_dataset_from_array(
        series, series * 2, 4, sequence_stride=2, sampling_rate=3, batch_size=3, start_index=2
    )
    (first, targets), *_ = data
    np.testing.assert_array_equal(first, [[2, 5, 8, 11], [4, 7, 10, 13], [6, 9, 12, 15]])
    np.testing.assert_array_equal(targets, [4, 8, 12])
    orders = []
    for seed in (1, 1, 2):
        data = timeseries_dataset_from_array(series, None, 2, batch_size=50, shuffle=True, seed=seed)
        orders.append([next(iter(data))[:, 0].tolist() for _ in range(2)])
    assert orders[0] == orders[1] != orders[2] and orders[0][0] != orders[0][1]
    with pytest.raises(ValueError, match="sampling_rate=20"):
        timeseries_dataset_from_array(series, None, 2, sampling_rate=20)


def test_the_sources_of_a_tensor_are_the_inputs_in_order():
    import keraunos

    a, b = keraunos.Input((3,)), keraunos.Input((2,))
    y = keraunos.layers.Concatenate()([keraunos.layers.Dense(2)(a), b, a])
    sources = keraunos.utils.get_source_inputs(y)
    assert len(sources) == 2 and sources[0] is a and sources[1] is b


def test_configs_of_keras_2_round_trip():
    import keraunos
    from keraunos.utils import legacy

    objects = {"Constant": keraunos.initializers.Constant, "relu": keraunos.activations.relu}
    config = legacy.serialize_keras_object(keraunos.initializers.Constant(3.0))
    assert config == {"class_name": "Constant", "config": {"value": 3.0}}
    assert legacy.deserialize_keras_object(config, objects).value == 3.0
    assert legacy.deserialize_keras_object("relu", objects) is keraunos.activations.relu
    with pytest.raises(ValueError, match="Unknown thing: 'nope'"):
        legacy.deserialize_keras_object("nope", objects, printable_module_name="thing")


def _write_texts(folder):
    for name, texts in (("a", ["one", "two", "three"]), ("b", ["four"])):
        (folder / name).mkdir()
        for i, text in enumerate(texts):
            (folder / name / f"{i}.txt").write_text(text)


def test_the_texts_of_a_folder_are_a_data_set(tmp_path):
    from keraunos.utils import text_dataset_from_directory

    _write_texts(tmp_path)
    data = text_dataset_from_directory(tmp_path, shuffle=False, batch_size=3, max_length=3, verbose=0)
    assert data.class_names == ["a", "b"] and len(data) == 2
    (texts, labels), (_, last) = data
    assert texts.tolist() == ["one", "two", "thr"] and labels.tolist() == [0, 0, 0]
    assert last.tolist() == [1]
    train, validation = text_dataset_from_directory(
        tmp_path, label_mode="binary", validation_split=0.25, subset="both", seed=1, verbose=0
    )
    assert len(train.file_paths) == 3 and len(validation.file_paths) == 1
    assert next(iter(train))[1].shape == (3, 1)
    with pytest.raises(ValueError, match="No text files"):
        text_dataset_from_directory(tmp_path / "a", labels=None, validation_split=0.1, subset="validation", shuffle=False)


def test_the_pictures_of_a_folder_are_a_data_set(tmp_path):
    image = pytest.importorskip("PIL.Image")
    from keraunos.utils import image_dataset_from_directory

    for i, name in enumerate(("x", "y")):
        (tmp_path / name).mkdir()
        pixels = np.full((6, 4, 3), 100 * i + 50, "uint8")
        image.fromarray(pixels).save(tmp_path / name / "p.png")
    data = image_dataset_from_directory(
        tmp_path, image_size=(3, 2), label_mode="categorical", shuffle=False, verbose=0
    )
    ((pictures, labels),) = data
    assert pictures.shape == (2, 3, 2, 3) and pictures.dtype == np.float32
    np.testing.assert_allclose(pictures[:, 0, 0, 0], [50, 150])
    np.testing.assert_array_equal(labels, np.eye(2))


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_smart_resize_cuts_the_longer_axis_and_keeps_arrays_arrays(data_format):
    image = np.arange(24, dtype="float32").reshape(4, 6, 1)
    given = image if data_format == "channels_last" else image.transpose(2, 0, 1)
    resized = smart_resize(given, (4, 4), interpolation="nearest", data_format=data_format)
    assert isinstance(resized, np.ndarray)
    np.testing.assert_array_equal(resized.reshape(4, 4), image[:, 1:5, 0])
    batch = keraunos.ops.convert_to_tensor(given[None])
    as_tensor = smart_resize(batch, (4, 4), interpolation="nearest", data_format=data_format)
    assert type(as_tensor) is type(batch)
    np.testing.assert_array_equal(np.asarray(as_tensor)[0], resized)


@pytest.mark.parametrize("arguments", [(np.ones((4, 4)), (2, 2)), (np.ones((4, 4, 3)), (2, 2, 2))])
def test_smart_resize_names_wrong_shapes_and_sizes(arguments):
    with pytest.raises(ValueError, match="Expected"):
        smart_resize(*arguments)


def test_older_namespaces_hand_out_the_same_objects():
    assert keraunos.preprocessing.sequence.pad_sequences is pad_sequences
    assert keraunos.preprocessing.image.smart_resize is smart_resize
    assert keraunos.preprocessing.timeseries_dataset_from_array is timeseries_dataset_from_array
    assert keraunos.legacy.saving.serialize_keras_object is keraunos.utils.legacy.serialize_keras_object
    assert keraunos.mixed_precision.Policy is keraunos.DTypePolicy
    assert keraunos.mixed_precision.global_policy() == keraunos.config.dtype_policy()
    assert keraunos.mixed_precision.LossScaleOptimizer is keraunos.optimizers.LossScaleOptimizer
