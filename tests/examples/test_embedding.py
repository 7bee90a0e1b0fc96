"""A CMake project that knows nothing but `find_package(keraunos)` builds and runs against the wheel and against an install tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import keraunos

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))
from programs import CPP, built_library, cmake, package_folder, run  # noqa: E402


def prefix_of_wheel(tmp_path):
    if package_folder() is None:
        pytest.skip("keraunos is used from its source folder, without its CMake package")
    return package_folder()


def prefix_of_install_tree(tmp_path):
    library = built_library()
    if library is None:
        pytest.skip("there is no build of this checkout")
    run([cmake(), "--install", library.parent, "--prefix", tmp_path / "tree"])
    return tmp_path / "tree"


@pytest.mark.parametrize("prefix", [prefix_of_wheel, prefix_of_install_tree])
def test_a_strangers_project_finds_builds_and_runs(prefix, tmp_path):
    if cmake() is None:
        pytest.skip("there is no cmake")
    build = tmp_path / "build"
    folder = prefix(tmp_path)
    run([cmake(), "-S", CPP / "embed", "-B", build, f"-DCMAKE_PREFIX_PATH={folder}", "-DCMAKE_BUILD_TYPE=Release"])
    run([cmake(), "--build", build])
    version, size, op = run([build / "embed"]).stdout.split()
    assert (version, size, op) == (keraunos.__version__, "24", "matmul")

    model = keraunos.Sequential([keraunos.Input((3,)), keraunos.layers.Dense(1)])
    model.save(tmp_path / "m.keras")
    expected = model.predict(np.array([[1, 2, 3]], "float32"), verbose=0)[0, 0]
    assert float(run([build / "embed", tmp_path / "m.keras"]).stdout) == float(f"{expected:.9g}")
    missing = subprocess.run([build / "embed", tmp_path / "none.keras"], capture_output=True)
    assert missing.returncode != 0
