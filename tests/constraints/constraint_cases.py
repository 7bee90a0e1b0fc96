"""Constraint cases: what is run with keraunos and, by `tests/oracle/record.py`, with Keras.

A new constraint needs a line in `CASES`; then run `tests/oracle/record.py` with Keras installed.
"""

import numpy as np

CASES = {
    "MaxNorm": [{}, {"max_value": 1.0, "axis": 1}],
    "NonNeg": [{}],
    "UnitNorm": [{}, {"axis": 1}],
    "MinMaxNorm": [{}, {"min_value": 0.5, "max_value": 1.5, "rate": 0.7, "axis": 1}],
}

# Constraints without recorded values, and why.
WITHOUT_VALUES = {"Constraint": "abstract"}


def cases():
    """Dictionary from case name to (class name, arguments)."""
    return {f"{name}-{i}": (name, arguments) for name, variants in CASES.items() for i, arguments in enumerate(variants)}


def run(keras, name, arguments):
    """The projection of a matrix with a zero row."""
    w = np.random.RandomState(4).normal(size=(4, 3)).astype("float32")
    w[2] = 0.0
    return np.asarray(keras.ops.convert_to_numpy(getattr(keras.constraints, name)(**arguments)(w)))
