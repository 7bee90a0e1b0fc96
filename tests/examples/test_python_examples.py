"""Every Python example runs, with settings that keep it short."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
# Name of the example: its arguments. An example without a line here fails the first test.
ARGUMENTS = {
    "custom_train_step": ["--epochs", "3"],
    "fashion_mnist_mlp": ["--epochs", "1", "--samples", "10000"],
    "functional_two_inputs": ["--epochs", "8"],
    "train_digits": [],
}


def run(name: str, folder: Path) -> str:
    command = [sys.executable, str(EXAMPLES / f"{name}.py"), *ARGUMENTS[name]]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished.stdout


def test_every_example_has_a_line_here():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(ARGUMENTS)


def test_the_digits_example_reaches_its_accuracy_and_leaves_a_model_and_a_picture(tmp_path):
    pytest.importorskip("matplotlib")
    printed = run("train_digits", tmp_path)
    accuracy = float(re.search(r"test accuracy: ([\d.]+)", printed)[1])
    assert accuracy >= 0.97
    assert (tmp_path / "digits.png").read_bytes().startswith(b"\x89PNG")
    import numpy as np

    import keraunos as keras

    _, (x_test, y_test) = keras.datasets.digits.load_data()
    model = keras.models.load_model(tmp_path / "digits.keras")
    assert np.mean(model.predict(x_test, verbose=0).argmax(axis=1) == y_test) == pytest.approx(accuracy, abs=1e-4)


def test_the_custom_train_step_example_learns(tmp_path):
    first, last = re.search(r"error: ([\d.]+) -> ([\d.]+)", run("custom_train_step", tmp_path)).groups()
    assert float(last) < float(first) / 2


def test_the_two_inputs_example_learns(tmp_path):
    share, error = re.search(r"alike: ([\d.]+) right; distance: off by ([\d.]+)", run("functional_two_inputs", tmp_path)).groups()
    assert float(share) > 0.85
    assert float(error) < 0.15


def test_the_fashion_mnist_example_learns_where_the_data_is(tmp_path):
    import keraunos as keras

    try:
        keras.datasets.fashion_mnist.load_data()
    except Exception as error:
        pytest.skip(f"Fashion-MNIST is not on this machine: {type(error).__name__}")
    assert float(re.search(r"test accuracy: ([\d.]+)", run("fashion_mnist_mlp", tmp_path))[1]) > 0.6
