"""A CMake project that knows nothing but `find_package(keraunos)` builds and runs against the installed package."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1] / "cpp" / "embed"


def cmake() -> str | None:
    beside_python = Path(sys.executable).with_name("cmake")
    return str(beside_python) if beside_python.exists() else shutil.which("cmake")


def test_a_strangers_project_finds_builds_and_runs(tmp_path):
    found = subprocess.run([sys.executable, "-m", "keraunos", "--cmake-dir"], capture_output=True, text=True, cwd=tmp_path)
    if found.returncode != 0:
        pytest.skip("keraunos is used from its source folder, without its CMake package")
    if cmake() is None:
        pytest.skip("there is no cmake")
    folder = found.stdout.strip()
    assert os.path.isabs(folder)
    for arguments in (
        ["-S", str(PROJECT), "-B", str(tmp_path), f"-DCMAKE_PREFIX_PATH={folder}", "-DCMAKE_BUILD_TYPE=Release"],
        ["--build", str(tmp_path)],
    ):
        finished = subprocess.run([cmake(), *arguments], capture_output=True, text=True)
        assert finished.returncode == 0, finished.stdout + finished.stderr
    finished = subprocess.run([str(tmp_path / "embed")], capture_output=True, text=True)
    assert finished.returncode == 0
    version, size, op = finished.stdout.split()
    import keraunos

    assert (version, size, op) == (keraunos.__version__, "24", "matmul")
