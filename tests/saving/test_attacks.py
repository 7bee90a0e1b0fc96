"""The attack matrix: hostile configs, HDF5 files, archives and texts through every door that reads models."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("h5py")


@pytest.mark.skipif(sys.platform != "linux", reason="memory and open files are read from /proc")
def test_every_attack_is_refused_quickly_and_touches_nothing():
    child = Path(__file__).parent / "attacks" / "child.py"
    result = subprocess.run([sys.executable, str(child)], capture_output=True, text=True, env=dict(os.environ), check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    found = json.loads(result.stdout.splitlines()[-1])
    assert found["failures"] == []
    assert found["cells"] >= 3000
