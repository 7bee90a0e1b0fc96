"""What the tests of ONNX share: exporting a function and running it with onnxruntime."""

import numpy as np
import pytest

onnxruntime = pytest.importorskip("onnxruntime")

from keraunos import tree
from keraunos.layers import InputSpec

# onnxruntime sums and multiplies in another order than keraunos.
TOLERANCE = {"rtol": 1e-5, "atol": 1e-5}


def open_spec(array, name):
    """A spec with an open batch."""
    return InputSpec(shape=(None, *array.shape[1:]), dtype=str(array.dtype), name=name)


def session(proto):
    """A session that is silent about what it optimizes."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(proto if isinstance(proto, (str, bytes)) else proto.SerializeToString(), options)


def run(runner, named):
    """The outputs of a session on the arrays that it asks for by name."""
    wanted = {given.name for given in runner.get_inputs()}
    return runner.run(None, {name: array for name, array in named.items() if name in wanted})


def assert_same(outputs, expected):
    """Equal dtypes and shapes, and values within the tolerance."""
    leaves = [np.asarray(leaf) for leaf in tree.flatten(expected)]
    assert len(outputs) == len(leaves)
    for output, leaf in zip(outputs, leaves, strict=True):
        assert (output.dtype, output.shape) == (leaf.dtype, leaf.shape)
        np.testing.assert_allclose(output.astype("float64"), leaf.astype("float64"), **TOLERANCE)
