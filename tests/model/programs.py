"""Builds C++ programs against the library of this checkout or of the installed package, and runs `tests/cpp/drive`."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
CPP = ROOT / "tests" / "cpp"


def cmake() -> str | None:
    beside_python = Path(sys.executable).with_name("cmake")
    return str(beside_python) if beside_python.exists() else shutil.which("cmake")


@functools.cache
def package_folder() -> str | None:
    """Where the installed package keeps its CMake files, or `None` when keraunos is used from its source folder."""
    found = subprocess.run([sys.executable, "-m", "keraunos", "--cmake-dir"], capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else None


def built_library() -> Path | None:
    """The static library of a build of this checkout."""
    folders = [os.environ.get("KERAUNOS_BUILD"), ROOT / "build", ROOT / "build" / "dev", ROOT / "build" / "release"]
    found = [Path(folder) / "libkeraunos.a" for folder in folders if folder]
    return next((path for path in found if path.exists()), None)


def run(arguments, **kwargs) -> subprocess.CompletedProcess:
    finished = subprocess.run([str(argument) for argument in arguments], capture_output=True, text=True, **kwargs)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished


@functools.cache
def program(source: Path, flags: tuple[str, ...] = ()) -> Path:
    """Compiles a program of one file; skips the test where that cannot be done."""
    out = Path(tempfile.mkdtemp(prefix="keraunos_program_")) / source.stem
    library = built_library()
    compiler = os.environ.get("CXX") or shutil.which("c++")
    if package_folder() is not None:
        root = Path(package_folder()).parents[2]
        library, include = root / "lib" / "libkeraunos.a", root / "include"
    elif library is not None:
        include = ROOT / "cpp" / "include"
    else:
        pytest.skip("the library is not built for C++")
    if compiler is None:
        pytest.skip("there is no C++ compiler")
    language = ["-x", "c", "-std=c99"] if source.suffix == ".c" else ["-std=c++17"]
    objects = out.with_suffix(".o")
    run([compiler, *language, "-O1", "-Wall", "-Wextra", f"-I{include}", *flags, "-c", source, "-o", objects])
    run([compiler, objects, library, "-o", out, "-pthread", "-ldl", *(flag for flag in flags if flag.startswith("-Wl"))])
    return out


def drive(*arguments, check: bool = True) -> subprocess.CompletedProcess:
    """Runs `tests/cpp/drive/drive.cpp` with these arguments."""
    command = [str(program(CPP / "drive" / "drive.cpp")), *map(str, arguments)]
    # Threads take part in what they are asked for on a machine with one processor, too.
    finished = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "KERAUNOS_NUM_THREADS": "3"})
    assert not check or finished.returncode == 0, finished.stdout + finished.stderr
    return finished


def write_tensor(path: Path, array) -> Path:
    array = np.ascontiguousarray(array)
    words = " ".join([array.dtype.name, *map(str, array.shape)])
    path.write_bytes(words.encode() + b"\n" + array.tobytes())
    return path


def write_tensors(folder: Path, arrays) -> list[Path]:
    return [write_tensor(folder / f"in.{i}", array) for i, array in enumerate(arrays)]


def read_tensor(path: Path):
    line, _, data = path.read_bytes().partition(b"\n")
    dtype, *shape = line.decode().split()
    return np.frombuffer(data, dtype).reshape([int(size) for size in shape])


def values_of(text: str) -> dict[str, list[float]]:
    """Lines "name value" as lists by name."""
    found: dict[str, list[float]] = {}
    for line in text.splitlines():
        name, _, value = line.rpartition(" ")
        found.setdefault(name, []).append(float(value))
    return found
