"""`python -m keraunos check`, `summary` and `convert`."""

import json

import numpy as np
import pytest

import keraunos
from keraunos import layers
from keraunos.runner.command import main

pytest.importorskip("h5py")

DATA = np.ones((2, 3), "float32")


@pytest.fixture
def model():
    return keraunos.Sequential([keraunos.Input((3,)), layers.Dense(4, activation="relu"), layers.Dense(2)])


def run(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    captured = capsys.readouterr()
    return status, captured.out + captured.err


@pytest.mark.parametrize("name", ["m.keras", "m.h5", "m.weights.h5", "m.json"])
def test_check_and_summary_tell_what_is_in_a_file(model, tmp_path, capsys, name):
    path = tmp_path / name
    if name.endswith(".json"):
        path.write_text(model.to_json())
    else:
        (model.save_weights if "weights" in name else model.save)(path)
    status, text = run(capsys, "check", path)
    assert status == 0
    assert "can be loaded" in text
    if "weights" not in name:
        assert "2 Dense" in text
    status, text = run(capsys, "summary", path)
    assert status == 0
    assert "dense" in text


def test_check_names_what_is_not_supported(model, tmp_path, capsys):
    config = json.loads(model.to_json())
    config["config"]["layers"][1]["class_name"] = "NoSuchLayer"
    path = tmp_path / "m.json"
    path.write_text(json.dumps(config))
    status, text = run(capsys, "check", path)
    assert status == 1
    assert "NoSuchLayer" in text
    assert "cannot be loaded" in text


def test_check_says_what_older_files_become(tmp_path, capsys):
    dense = {"name": "d", "units": 2, "activation": "hard_sigmoid", "batch_input_shape": [None, 3]}
    config = {"class_name": "Sequential", "config": [{"class_name": "Dense", "config": dense}], "keras_version": "2.2.4"}
    path = tmp_path / "m.json"
    path.write_text(json.dumps(config))
    status, text = run(capsys, "check", path)
    assert status == 0
    assert "keeps the slope 0.2 of Keras 2" in text


@pytest.mark.parametrize("target", ["n.keras", "n.h5", "n.weights.h5", "n.json"])
@pytest.mark.parametrize("source", ["m.keras", "m.h5", "m.json"])
def test_convert_writes_every_form_from_every_form(model, tmp_path, capsys, source, target):
    arguments = [tmp_path / source, tmp_path / target]
    if source.endswith(".json"):
        (tmp_path / source).write_text(model.to_json())
        model.save_weights(tmp_path / "w.weights.h5")
        arguments.insert(1, tmp_path / "w.weights.h5")
    else:
        model.save(tmp_path / source)
    assert run(capsys, "convert", *arguments)[0] == 0
    if target == "n.json":
        other = keraunos.models.model_from_json((tmp_path / target).read_text())
        other.set_weights(model.get_weights())
    elif target == "n.weights.h5":
        other = keraunos.models.clone_model(model)
        other.load_weights(tmp_path / target)
    else:
        other = keraunos.models.load_model(tmp_path / target)
    np.testing.assert_array_equal(other.predict(DATA, verbose=0), model.predict(DATA, verbose=0))


@pytest.mark.parametrize("command", ["check", "summary", "convert"])
def test_mistakes_have_an_exit_status(tmp_path, capsys, command):
    assert run(capsys, command)[0] == 2
    missing = [tmp_path / "missing.keras", tmp_path / "n.keras"][: 2 if command == "convert" else 1]
    status, text = run(capsys, command, *missing)
    assert status == 1
    assert "missing.keras" in text
