"""Saved models in C++: the same bits as in Python, nothing forbidden in a real-time run, and files that go both ways."""

from __future__ import annotations

import subprocess
import sys
import warnings
import zipfile

import numpy as np
import pytest
from saved_models import CASES, numbers, sequential
from programs import drive, read_tensor, values_of, write_tensors

import keraunos
from keraunos import layers

# Their outputs depend on earlier runs: they are compared run by run, in a test of their own.
STATEFUL = {"counting_state"}
TRAINED = [name for name in CASES if CASES[name]()[2] is not None]


def made(name):
    keraunos.utils.set_random_seed(7)
    return CASES[name]()


def given(model, tensors, paths=None):
    """Lists as the model takes them: one tensor, a list, or a dict by sorted name."""
    if len(tensors) == 1:
        return tensors[0]
    if isinstance(getattr(model, "_inputs_struct", None), dict):
        names = sorted(model._inputs_struct) if paths is None else sorted(model._outputs_struct)
        return dict(zip(names, tensors))
    return tensors


def flat(outputs):
    return [np.asarray(output) for output in keraunos.tree.flatten(outputs)]


@pytest.mark.parametrize("name", sorted(set(CASES) - STATEFUL))
def test_predictions_have_the_bits_of_python(name, tmp_path):
    model, x, _ = made(name)
    model.save(tmp_path / "m.keras")
    expected = flat(model.predict(given(model, x), verbose=0))
    inputs = write_tensors(tmp_path, x)
    drive(tmp_path / "m.keras", "predict", 32, tmp_path / "out", *inputs)
    for i, want in enumerate(expected):
        got = read_tensor(tmp_path / f"out.{i}")
        assert got.dtype == want.dtype and got.shape == want.shape
        assert got.tobytes() == want.tobytes()


@pytest.mark.parametrize("name", sorted(set(CASES) - STATEFUL))
def test_a_session_gives_the_bits_and_does_not_allocate_and_one_thread_locks_nothing(name, tmp_path):
    model, x, _ = made(name)
    model.save(tmp_path / "m.keras")
    expected = flat(model.predict(given(model, x), batch_size=len(x[0]), verbose=0))
    inputs = write_tensors(tmp_path, x)
    for threads in (1, 2, 0):
        counts = values_of(drive(tmp_path / "m.keras", "session", threads, tmp_path / "out", *inputs).stdout)
        assert counts["allocations"] == [0]
        assert threads != 1 or counts["locks"] == [0]
        for i, want in enumerate(expected):
            assert read_tensor(tmp_path / f"out.{i}").tobytes() == want.tobytes()


def test_a_session_refuses_a_negative_number_of_threads(tmp_path):
    model, x, _ = made("one_dense")
    model.save(tmp_path / "m.keras")
    failed = drive(tmp_path / "m.keras", "session", -1, tmp_path / "out", *write_tensors(tmp_path, x), check=False)
    assert failed.returncode == 3 and "session: the number of threads must be 0" in failed.stderr


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("shuffle", [False, True])
def test_fit_has_the_bits_of_python(name, shuffle, tmp_path):
    model, x, y = made(name)
    rows = len(x[0])
    # Targets of the kinds that are trained with, and seeds of metrics and dropout, are known after the first step.
    model.train_on_batch(given(model, [a[:3] for a in x]), given(model, [a[:3] for a in y], "y"))
    model.save(tmp_path / "m.keras")
    batch = max(1, rows // 5)
    epochs = -(-20 // -(-rows // batch))
    keraunos.utils.set_random_seed(11)
    history = model.fit(given(model, x), given(model, y, "y"), batch_size=batch, epochs=epochs, shuffle=shuffle, verbose=0).history
    inputs = write_tensors(tmp_path, [*x, *y])
    out = tmp_path / "trained.keras"
    logs = values_of(drive(tmp_path / "m.keras", "fit", epochs, batch, int(shuffle), 11, len(x), out, *inputs).stdout)
    assert logs == {name: [float(value) for value in values] for name, values in history.items()}
    custom = {"Scale": type(model.layers[0])} if name == "own_layer" else None
    if name in ("subclass", "scanned", "own_layer"):
        return  # their classes are local: only C++ loads these files again
    again = keraunos.saving.load_model(out, custom_objects=custom)
    for got, want in zip(again.weights + again.optimizer.variables, model.weights + model.optimizer.variables):
        if "seed_generator" not in want.path:
            assert got.numpy().tobytes() == want.numpy().tobytes(), want.path


def test_evaluation_has_the_bits_of_python(tmp_path):
    model, x, y = made("classifier")
    model.fit(x[0], y[0], verbose=0)
    model.save(tmp_path / "m.keras")
    expected = model.evaluate(x[0], y[0], batch_size=30, verbose=0, return_dict=True)
    inputs = write_tensors(tmp_path, [*x, *y])
    assert values_of(drive(tmp_path / "m.keras", "evaluate", 30, 1, *inputs).stdout) == {name: [value] for name, value in expected.items()}


def test_a_model_that_was_never_trained_can_be_trained_in_cpp(tmp_path):
    model, x, y = made("classifier")
    model.save(tmp_path / "m.keras")
    inputs = write_tensors(tmp_path, [*x, *y])
    logs = values_of(drive(tmp_path / "m.keras", "fit", 4, 10, 1, 3, 1, tmp_path / "t.keras", *inputs).stdout)
    assert logs["loss"][-1] < logs["loss"][0]
    keraunos.utils.set_random_seed(3)
    history = model.fit(x[0], y[0], batch_size=10, epochs=4, verbose=0).history
    assert history["loss"] == logs["loss"] and history["accuracy"] == logs["accuracy"]


def test_state_lives_from_run_to_run_of_a_session(tmp_path):
    model, x, _ = made("counting_state")
    model.save(tmp_path / "m.keras")
    drive(tmp_path / "m.keras", "session", 1, tmp_path / "out", *write_tensors(tmp_path, x))
    # The file is written before the ten runs that are counted.
    np.testing.assert_array_equal(read_tensor(tmp_path / "out.0"), x[0] + 1)


STATEFUL_LAYERS = {
    "simple": lambda: [layers.SimpleRNN(3, stateful=True)],
    "lstm": lambda: [layers.LSTM(4, stateful=True, return_sequences=True), layers.LSTM(3, stateful=True)],
    "gru": lambda: [layers.GRU(4, stateful=True)],
    "gru, reset before": lambda: [layers.GRU(4, stateful=True, reset_after=False)],
    "step by step": lambda: [layers.LSTM(4, stateful=True, use_cudnn=False)],
    "bidirectional": lambda: [layers.Bidirectional(layers.LSTM(4, stateful=True))],
}


@pytest.mark.parametrize("kind", STATEFUL_LAYERS)
def test_states_of_recurrent_layers_live_until_a_reset(kind, tmp_path):
    keraunos.utils.set_random_seed(7)
    model = keraunos.Sequential([keraunos.Input(batch_shape=(2, 5, 3)), *STATEFUL_LAYERS[kind](), layers.Dense(2)])
    batches = [numbers(2, 5, 3) + i for i in range(3)]
    model.save(tmp_path / "m.keras")
    expected = [model.predict(batch, verbose=0) for batch in batches]
    assert not np.array_equal(model.predict(batches[0], verbose=0), expected[0])
    drive(tmp_path / "m.keras", "runs", tmp_path / "out", *write_tensors(tmp_path, batches))
    for i, want in enumerate(expected):
        assert read_tensor(tmp_path / f"out.{i}").tobytes() == want.tobytes()
    assert read_tensor(tmp_path / "out.again").tobytes() == expected[0].tobytes()


def test_a_file_saved_unchanged_by_cpp_loads_in_python(tmp_path):
    model, x, _ = made("two_inputs_and_outputs")
    model.save(tmp_path / "m.keras")
    drive(tmp_path / "m.keras", "save", tmp_path / "copy.keras")
    with zipfile.ZipFile(tmp_path / "copy.keras") as copy, zipfile.ZipFile(tmp_path / "m.keras") as original:
        assert copy.testzip() is None and copy.namelist() == original.namelist()
        for name in copy.namelist():
            assert copy.read(name) == original.read(name), name
    again = keraunos.saving.load_model(tmp_path / "copy.keras")
    for got, want in zip(again.predict(x, verbose=0), model.predict(x, verbose=0)):
        np.testing.assert_array_equal(got, want)


def test_threads_share_one_model(tmp_path):
    model, x, _ = made("wide")
    model.save(tmp_path / "m.keras")
    result = drive(tmp_path / "m.keras", "threads", 8, 30, *write_tensors(tmp_path, x))
    assert values_of(result.stdout) == {"wrong": [0]}


def test_models_that_cannot_be_traced_are_saved_without_functions(tmp_path):
    class Choosy(keraunos.Model):
        def call(self, x):
            return x if float(keraunos.ops.sum(x)) > 0 else -x

    model = Choosy()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model(numbers(2, 3))
        model.predict(numbers(2, 3), verbose=0)
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert archive.namelist() == ["metadata.json", "config.json", "model.weights.h5"]
    failed = drive(tmp_path / "m.keras", "ports", check=False)
    assert failed.returncode == 3 and "python -m keraunos convert" in failed.stderr


def test_convert_adds_the_functions_to_a_file_without_them(tmp_path):
    model, x, _ = made("classifier")
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as full, zipfile.ZipFile(tmp_path / "plain.keras", "w") as plain:
        for name in full.namelist()[:3]:
            plain.writestr(name, full.read(name))
    assert "python -m keraunos convert" in drive(tmp_path / "plain.keras", "ports", check=False).stderr
    command = [sys.executable, "-m", "keraunos", "convert", tmp_path / "plain.keras", tmp_path / "out.keras"]
    assert subprocess.run(command, capture_output=True).returncode == 0
    drive(tmp_path / "out.keras", "predict", 32, tmp_path / "out", *write_tensors(tmp_path, x))
    assert read_tensor(tmp_path / "out.0").tobytes() == model.predict(x[0], verbose=0).tobytes()


def test_weights_lie_where_the_file_can_be_mapped(tmp_path):
    sequential((100,), layers.Dense(100)).save(tmp_path / "m.keras")
    data = (tmp_path / "m.keras").read_bytes()
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        info = archive.getinfo("model.weights.h5")
    begin = info.header_offset + 30 + len(info.filename) + len(info.extra)
    assert begin % 64 == 0 and data[begin : begin + 4] == b"\x89HDF"
