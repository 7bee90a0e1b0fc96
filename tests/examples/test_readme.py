"""What the README and the docs show works as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", text, flags=re.DOTALL)


def test_the_ten_lines_of_the_readme_run(tmp_path):
    (source,) = blocks(README, "python")
    command = [sys.executable, "-c", source]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    accuracy = float(re.search(r"'accuracy': ([\d.]+)", finished.stdout)[1])
    assert accuracy > 0.9
    assert (tmp_path / "digits.keras").exists()


def test_the_command_line_of_the_readme_runs(tmp_path):
    line = next(line for line in README.splitlines() if line.strip().startswith("python -m keraunos -c"))
    command = [sys.executable, *shlex.split(line)[1:]]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path)
    assert finished.stdout.startswith("<Dense name=dense"), finished.stderr


def test_ci_finds_both_commands_in_the_readme():
    for name in ("train", "test"):
        assert len(re.findall(rf"<!-- command: {name} -->\n```sh\n\S.*\n```", README)) == 1


def test_the_layer_and_the_optimizer_of_the_docs_work():
    import numpy as np

    import keraunos as keras
    from keraunos import ops

    shown = [block for block in blocks((ROOT / "docs/adding.md").read_text(encoding="utf-8"), "python") if block.startswith("class")]
    names = {"Layer": keras.Layer, "Optimizer": keras.optimizers.Optimizer, "ops": ops}
    for block in shown:
        exec(block, names)
    model = keras.Sequential([keras.Input((3,)), names["Scale"]()])
    model.compile(optimizer=names["SignSGD"](learning_rate=0.1), loss="mse")
    model.fit(np.ones((4, 3), "float32"), np.zeros((4, 3), "float32"), batch_size=4, epochs=2, verbose=0)
    assert np.allclose(model.get_weights()[0], 0.8)
