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
    "char_lstm": ["--quick"],
    "conv_autoencoder": ["--quick"],
    "custom_train_step": ["--epochs", "3"],
    "digits_cnn": ["--quick"],
    "fashion_mnist_mlp": ["--epochs", "1", "--samples", "10000"],
    "functional_two_inputs": ["--epochs", "8"],
    "gan": ["--quick"],
    "gru_co2": ["--quick"],
    "mnist_convnet": ["--quick"],
    "resnet_fashion": ["--quick"],
    "train_digits": [],
    "transformer_text": ["--quick"],
    "vae": ["--quick"],
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


def numbers(pattern: str, printed: str) -> list[float]:
    found = re.search(pattern, printed)
    assert found, printed
    return [float(number) for number in found.groups()]


def picture(path: Path) -> None:
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.fixture
def fashion_mnist():
    import keraunos as keras

    try:
        keras.datasets.fashion_mnist.load_data()
    except Exception as error:
        pytest.skip(f"Fashion-MNIST is not on this machine: {type(error).__name__}")


@pytest.mark.parametrize(("name", "least"), [("fashion_mnist_mlp", 0.6), ("mnist_convnet", 0.6), ("resnet_fashion", 0.5)])
def test_the_classifiers_of_clothing_learn_where_the_data_is(name, least, tmp_path, fashion_mnist):
    assert numbers(r"test accuracy: ([\d.]+)", run(name, tmp_path))[0] > least


def test_the_digits_cnn_example_learns_and_draws_its_mistakes(tmp_path):
    pytest.importorskip("matplotlib")
    assert numbers(r"test accuracy: ([\d.]+)", run("digits_cnn", tmp_path))[0] > 0.9
    picture(tmp_path / "digits_cnn.png")


def test_the_autoencoder_example_removes_noise(tmp_path, fashion_mnist):
    pytest.importorskip("matplotlib")
    noisy, restored = numbers(r"error: ([\d.]+) with noise, ([\d.]+) restored", run("conv_autoencoder", tmp_path))
    assert restored < noisy / 2
    picture(tmp_path / "conv_autoencoder.png")


def test_the_character_example_learns_and_writes(tmp_path):
    bits, share = numbers(r"([\d.]+) bits for each character, ([\d.]+) of them", run("char_lstm", tmp_path))
    assert bits < 4.2 and share > 0.2


def test_the_time_series_example_beats_no_change(tmp_path):
    pytest.importorskip("statsmodels")
    pytest.importorskip("matplotlib")
    error, without = numbers(r"off by ([\d.]+) ppm; no change would be off by ([\d.]+)", run("gru_co2", tmp_path))
    assert error < without / 2
    picture(tmp_path / "gru_co2.png")


def test_the_text_example_learns_where_the_texts_are(tmp_path):
    if not Path("/usr/share/games/fortunes/computers").exists():
        pytest.skip("the Debian packages fortunes and fortunes-min are not on this machine")
    assert numbers(r"test accuracy: ([\d.]+)", run("transformer_text", tmp_path))[0] > 0.55


def test_the_vae_example_learns_and_draws_its_codes(tmp_path):
    pytest.importorskip("matplotlib")
    assert numbers(r"test: loss ([\d.]+)", run("vae", tmp_path))[0] < 29
    picture(tmp_path / "vae.png")


def test_the_gan_example_runs_its_own_loop_and_draws_digits(tmp_path):
    pytest.importorskip("matplotlib")
    printed = run("gan", tmp_path)
    discriminator, generator = numbers(r"epoch 10: discriminator ([\d.]+), generator ([\d.]+)", printed)
    assert 0.3 < discriminator < 2 and 0.3 < generator < 5
    assert numbers(r"at least 2 %: ([\d.]+) of 10", printed)[0] >= 3
    picture(tmp_path / "gan.png")
