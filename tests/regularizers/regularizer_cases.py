"""Regularizer cases: what is run with keraunos and, by `tests/oracle/record.py`, with Keras.

A new regularizer needs a line in `CASES`; then run `tests/oracle/record.py` with Keras installed.
"""

import numpy as np

CASES = {
    "L1": [{}, {"l1": 0.3}],
    "L2": [{}, {"l2": 0.3}],
    "L1L2": [{}, {"l1": 0.1, "l2": 0.2}],
    "OrthogonalRegularizer": [{}, {"factor": 0.5, "mode": "columns"}],
}

# Regularizers without recorded values, and why.
WITHOUT_VALUES = {"Regularizer": "abstract"}


def cases():
    """Dictionary from case name to (class name, arguments)."""
    return {f"{name}-{i}": (name, arguments) for name, variants in CASES.items() for i, arguments in enumerate(variants)}


def run(keras, name, arguments):
    """The penalty of a matrix."""
    x = np.random.RandomState(3).normal(size=(4, 3)).astype("float32")
    penalty = getattr(keras.regularizers, name)(**arguments)(keras.ops.convert_to_tensor(x))
    return np.asarray(keras.ops.convert_to_numpy(penalty)).reshape(1)
