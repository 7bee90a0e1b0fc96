"""The C++ examples build and do what they say."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

import keraunos
from keraunos import layers

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))
from programs import ROOT, program, run  # noqa: E402

EXAMPLES = ROOT / "examples" / "cpp"


def small_model(folder):
    model = keraunos.Sequential([keraunos.Input((3,)), layers.Dense(8, activation="tanh"), layers.Dense(2)])
    model.save(folder / "m.keras")
    return model


def test_predict_gives_what_python_gives(tmp_path):
    model = small_model(tmp_path)
    text = run([program(EXAMPLES / "predict.cpp"), tmp_path / "m.keras", 0.5, -1, 2]).stdout
    expected = model.predict(np.array([[0.5, -1, 2]], "float32"), verbose=0)[0]
    assert [float(word) for word in text.split(":")[1].split()] == [float(f"{value:.9g}") for value in expected]


def test_the_real_time_loop_allocates_nothing(tmp_path):
    small_model(tmp_path)
    text = run([program(EXAMPLES / "realtime.cpp"), tmp_path / "m.keras", 500, 0.1]).stdout
    assert "steps 50\nallocations 0\n" in text


def test_the_c_program_gives_the_same_twice(tmp_path):
    model = small_model(tmp_path)
    text = run([program(EXAMPLES / "c_api.c"), tmp_path / "m.keras", 0.5, -1, 2]).stdout
    expected = model.predict(np.array([[0.5, -1, 2]], "float32"), verbose=0)[0]
    for line, value in zip(text.splitlines(), expected, strict=True):
        predicted, run_by_session = map(float, line.split())
        assert predicted == run_by_session == float(f"{value:.9g}")


def test_digits_are_trained_further_and_python_goes_on(tmp_path):
    (x, y), (x_test, y_test) = keraunos.datasets.digits.load_data()
    keraunos.utils.set_random_seed(1)
    model = keraunos.Sequential(
        [keraunos.Input((8, 8)), layers.Flatten(), layers.Rescaling(1 / 16), layers.Dense(32, activation="relu"), layers.Dense(10, activation="softmax")]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=1, verbose=0)
    model.save(tmp_path / "in.keras")
    lines = [" ".join(map(str, [*row.ravel(), label])) for row, label in zip(x, y)]
    (tmp_path / "digits.txt").write_text("\n".join(lines) + "\n")
    run([program(EXAMPLES / "train_digits.cpp"), tmp_path / "in.keras", tmp_path / "digits.txt", tmp_path / "out.keras"])
    before = model.evaluate(x_test, y_test, verbose=0)[1]
    trained = keraunos.saving.load_model(tmp_path / "out.keras")
    after = trained.evaluate(x_test, y_test, verbose=0)[1]
    assert after > before and after > 0.9
    assert int(trained.optimizer.iterations) > int(model.optimizer.iterations)
    trained.fit(x, y, epochs=1, verbose=0)


def test_a_model_designed_in_cpp_is_trained_there_and_python_goes_on(tmp_path):
    (x, y), (x_test, y_test) = keraunos.datasets.digits.load_data()
    lines = [" ".join(map(str, [*row.ravel(), label])) for row, label in zip(x, y)]
    (tmp_path / "digits.txt").write_text("\n".join(lines) + "\n")
    printed = run([program(EXAMPLES / "train_digits.cpp"), "-", tmp_path / "digits.txt", tmp_path / "out.keras"]).stdout
    model = keraunos.saving.load_model(tmp_path / "out.keras")
    names = ["rescaling", "reshape", "conv2d", "batch_normalization", "max_pooling2d", "conv2d_1", "flatten", "dropout", "dense"]
    assert [layer.name for layer in model.layers] == names
    in_cpp = float(printed.rsplit(" ", 1)[1])
    assert abs(model.evaluate(x, y, verbose=0)[1] - in_cpp) < 1e-3
    assert model.evaluate(x_test, y_test, verbose=0)[1] > 0.95
    steps = int(model.optimizer.iterations)
    assert steps > 0
    model.fit(x, y, epochs=1, verbose=0)
    assert int(model.optimizer.iterations) > steps
