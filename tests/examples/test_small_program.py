"""A program that loads and predicts is small. Runs where KERAUNOS_SMALL_BUILD names a build folder of the type MinSizeRel."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))
from programs import ROOT, run  # noqa: E402

FOLDER = os.environ.get("KERAUNOS_SMALL_BUILD")


@pytest.mark.skipif(not FOLDER, reason="KERAUNOS_SMALL_BUILD names no build folder")
def test_the_stripped_static_program_has_less_than_two_megabytes(tmp_path):
    flags = ["-std=c++17", "-Os", f"-I{ROOT / 'cpp' / 'include'}", "-pthread", "-Wl,--gc-sections", "-s"]
    source, library = ROOT / "examples" / "cpp" / "predict.cpp", Path(FOLDER) / "libkeraunos.a"
    run([os.environ.get("CXX", "c++"), source, library, *flags, "-o", tmp_path / "predict"])
    assert (tmp_path / "predict").stat().st_size < 2_000_000
