"""Models designed in C++ (`tests/cpp/drive/design.cpp`): Python loads them, computes the same, and trains them further."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest
from programs import CPP, drive, program, read_tensor, run, values_of, write_tensors
from test_real_keras import KERAS, in_keras

import keraunos

DESIGNS = ["activations", "branches", "convolutions_1d", "convolutions_2d", "convolutions_3d", "recurrent", "residual_images", "shapes", "text"]
ROWS = 24


def designed(name, folder):
    path = folder / "m.keras"
    run([program(CPP / "drive" / "design.cpp"), name, path])
    return path


def data_for(model):
    numbers = np.random.default_rng(3)
    x = []
    for tensor in model.inputs:
        shape = (ROWS, *tensor.shape[1:])
        x.append(numbers.integers(0, 30, shape).astype("int32") if tensor.dtype == "int32" else numbers.normal(size=shape).astype("float32"))
    y = [targets(str(loss), tensor.shape[-1], numbers) for loss, tensor in zip(losses_of(model), model.outputs)]
    return x, y


def losses_of(model):
    loss = model.get_compile_config()["loss"]
    return [one["config"]["name"] if isinstance(one, dict) else one for one in (loss if isinstance(loss, list) else [loss])]


def targets(loss, size, numbers):
    if loss == "sparse_categorical_crossentropy":
        return numbers.integers(0, size, ROWS).astype("int32")
    if loss == "categorical_crossentropy":
        return np.eye(size, dtype="float32")[numbers.integers(0, size, ROWS)]
    if loss == "binary_crossentropy":
        return numbers.integers(0, 2, (ROWS, size)).astype("float32")
    return numbers.normal(size=(ROWS, size)).astype("float32")


def one_or_list(items):
    return items[0] if len(items) == 1 else items


def test_all_designs_are_tested():
    assert run([program(CPP / "drive" / "design.cpp")]).stdout.split() == DESIGNS


@pytest.mark.parametrize("name", DESIGNS)
def test_python_predicts_the_same_and_saves_the_same_layout(name, tmp_path):
    path = designed(name, tmp_path)
    model = keraunos.saving.load_model(path)
    x, _ = data_for(model)
    drive(path, "predict", 32, tmp_path / "out", *write_tensors(tmp_path, x))
    for i, want in enumerate(keraunos.tree.flatten(model.predict(one_or_list(x), verbose=0))):
        np.testing.assert_allclose(read_tensor(tmp_path / f"out.{i}"), want, rtol=2e-6, atol=1e-6)
    model.save(tmp_path / "again.keras")
    again = keraunos.saving.load_model(tmp_path / "again.keras")
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    for got, want in zip(again.weights, model.weights, strict=True):
        assert got.numpy().tobytes() == want.numpy().tobytes()


@pytest.mark.parametrize("name", DESIGNS)
def test_training_gives_what_it_gives_in_python(name, tmp_path):
    path = designed(name, tmp_path)
    model = keraunos.saving.load_model(path)
    x, y = data_for(model)
    keraunos.utils.set_random_seed(5)
    history = model.fit(one_or_list(x), one_or_list(y), batch_size=10, epochs=3, verbose=0).history
    out = tmp_path / "trained.keras"
    logs = values_of(drive(path, "fit", 3, 10, 1, 5, len(x), out, *write_tensors(tmp_path, [*x, *y])).stdout)
    assert set(logs) == set(history)
    trained = keraunos.saving.load_model(out)
    assert int(trained.optimizer.iterations) == 9
    if name == "text":
        return  # its Dropout draws from a seed that the loaded layer does not share
    for key, values in history.items():
        np.testing.assert_allclose(logs[key], values, rtol=2e-4, atol=2e-5, err_msg=key)
    for got, want in zip(trained.weights + trained.optimizer.variables, model.weights + model.optimizer.variables, strict=True):
        if "seed_generator" not in want.path:
            np.testing.assert_allclose(got.numpy(), want.numpy(), rtol=1e-3, atol=2e-4, err_msg=want.path)


@pytest.mark.skipif(not KERAS, reason="KERAUNOS_KERAS_PYTHON is not set")
@pytest.mark.parametrize("name", DESIGNS)
def test_keras_loads_predicts_the_same_and_continues(name, tmp_path):
    path = designed(name, tmp_path)
    model = keraunos.saving.load_model(path)
    x, y = data_for(model)
    out = tmp_path / "trained.keras"
    drive(path, "fit", 2, 10, 1, 5, len(x), out, *write_tensors(tmp_path, [*x, *y]))
    drive(out, "predict", 32, tmp_path / "out", *write_tensors(tmp_path, x))
    found = in_keras(out, x, y, tmp_path)
    for i in range(len(model.outputs)):
        np.testing.assert_allclose(read_tensor(tmp_path / f"out.{i}"), found[f"arr_{i}"], rtol=2e-5, atol=2e-6)
    assert int(found["steps"]) == 6
    trained = keraunos.saving.load_model(out)
    if name != "text":
        loss = np.ravel(trained.train_on_batch(one_or_list(x), one_or_list(y)))[0]
        np.testing.assert_allclose(loss, found["loss"], rtol=1e-4)
    from_keras = keraunos.saving.load_model(tmp_path / "keras.keras")
    assert [layer.name for layer in from_keras.layers] == [layer.name for layer in model.layers]


@pytest.mark.parametrize("name", DESIGNS)
def test_sessions_of_designs_neither_allocate_nor_lock(name, tmp_path):
    path = designed(name, tmp_path)
    x, _ = data_for(keraunos.saving.load_model(path))
    counts = values_of(drive(path, "session", 1, tmp_path / "out", *write_tensors(tmp_path, x)).stdout)
    assert counts == {"allocations": [0], "locks": [0]}


def test_equal_designs_give_equal_files(tmp_path):
    first = designed("branches", tmp_path).read_bytes()
    assert designed("branches", tmp_path).read_bytes() == first
    assert subprocess.run([program(CPP / "drive" / "design.cpp"), "no_such", tmp_path / "x"], capture_output=True).returncode == 1
