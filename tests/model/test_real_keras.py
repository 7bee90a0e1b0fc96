"""Files of keraunos and of C++ programs in real Keras. Runs where KERAUNOS_KERAS_PYTHON names a Python that has Keras 3.15 with torch."""

from __future__ import annotations

import os
import subprocess
import zipfile

import numpy as np
import pytest
from programs import drive, read_tensor, write_tensors
from test_cpp_models import given, made

KERAS = os.environ.get("KERAUNOS_KERAS_PYTHON")
pytestmark = pytest.mark.skipif(not KERAS, reason="KERAUNOS_KERAS_PYTHON is not set")

PROGRAM = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import keras, numpy as np
model = keras.saving.load_model(sys.argv[1])
data = np.load(sys.argv[2])
x = [data[name] for name in sorted(data.files) if name.startswith("x")]
y = [data[name] for name in sorted(data.files) if name.startswith("y")]
outputs = model.predict(x[0] if len(x) == 1 else x, verbose=0)
steps = int(model.optimizer.iterations)
loss = model.train_on_batch(x[0] if len(x) == 1 else x, y[0] if len(y) == 1 else y)
model.save(sys.argv[3])
np.savez(sys.argv[4], steps=steps, loss=np.ravel(loss)[0], *(outputs if isinstance(outputs, list) else [outputs]))
"""


def in_keras(path, x, y, folder):
    data = {f"x{i}": array for i, array in enumerate(x)} | {f"y{i}": array for i, array in enumerate(y)}
    np.savez(folder / "data.npz", **data)
    command = [KERAS, "-c", PROGRAM, path, folder / "data.npz", folder / "keras.keras", folder / "outputs.npz"]
    finished = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return np.load(folder / "outputs.npz")


@pytest.mark.parametrize("name", ["dense_32_32_1", "classifier", "two_inputs_and_outputs", "embedding", "nested_models"])
def test_keras_loads_continues_and_gives_the_same(name, tmp_path):
    model, x, y = made(name)
    model.train_on_batch(given(model, x), given(model, y, "y"))
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert "keraunos.json" in archive.namelist()
    # Trained further by C++, then loaded by Keras.
    drive(tmp_path / "m.keras", "fit", 2, 10, 1, 5, len(x), tmp_path / "cpp.keras", *write_tensors(tmp_path, [*x, *y]))
    for file, steps in (("m.keras", 1), ("cpp.keras", 1 + 2 * -(-len(x[0]) // 10))):
        drive(tmp_path / file, "predict", 32, tmp_path / "out", *write_tensors(tmp_path, x))
        found = in_keras(tmp_path / file, x, y, tmp_path)
        assert int(found["steps"]) == steps and np.isfinite(found["loss"])
        for i in range(len(model.outputs)):
            np.testing.assert_allclose(read_tensor(tmp_path / f"out.{i}"), found[f"arr_{i}"], rtol=2e-5, atol=1e-6)
