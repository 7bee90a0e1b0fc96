"""Object files of kernels compiled for one family of processors must not offer their code to the rest of the library."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KERNELS = ROOT / "cpp" / "src" / "kernels"

PROJECT = f"""
cmake_minimum_required(VERSION 3.20)
project(kernel_objects LANGUAGES CXX)
add_subdirectory("{KERNELS}" kernels)
"""


@pytest.fixture(scope="module")
def level_objects(tmp_path_factory):
    if not (KERNELS / "CMakeLists.txt").exists() or not shutil.which("nm"):
        pytest.skip("needs the sources and nm")
    build = os.environ.get("KERAUNOS_BUILD_DIR")
    if build is None:
        if not shutil.which("cmake"):
            pytest.skip("needs cmake, or KERAUNOS_BUILD_DIR")
        folder = tmp_path_factory.mktemp("kernel_objects")
        (folder / "CMakeLists.txt").write_text(PROJECT)
        build = folder / "build"
        subprocess.run(["cmake", "-S", folder, "-B", build, "-DCMAKE_BUILD_TYPE=Release"], check=True)
        subprocess.run(["cmake", "--build", build, "--target", "keraunos_kernels", "-j", "2"], check=True)
    objects = [path for path in Path(build).rglob("*.o") if "keraunos_kernels_" in str(path) and path.parent.name == "level"]
    assert objects, f"no kernel objects under {build}"
    return objects


def test_objects_of_a_level_have_no_weak_symbols(level_objects):
    # The linker keeps one copy of a weak symbol: it could be the one that only a newer processor can run.
    weak = []
    for path in level_objects:
        listing = subprocess.run(["nm", "-C", path], check=True, capture_output=True, text=True).stdout
        weak += [f"{path.parent.parent.name}/{path.name}: {line}" for line in listing.splitlines() if line[17:18] in {*"WVwvu"}]
    assert not weak, "\n".join(weak)


def test_objects_of_a_level_define_tables_only(level_objects):
    for path in level_objects:
        listing = subprocess.run(["nm", "-C", "--defined-only", "--extern-only", path], check=True, capture_output=True, text=True)
        names = [line.split(maxsplit=2)[2] for line in listing.stdout.splitlines() if line.strip()]
        assert len(names) == 1, f"{path}: {names}"
        assert names[0].endswith("_table"), f"{path}: {names}"
