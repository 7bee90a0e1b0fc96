"""Activation cases: what is run with keraunos and, by `tests/oracle/record.py`, with Keras.

A new activation needs a line in `CASES`; then run `tests/oracle/record.py` with Keras installed.
"""

import numpy as np

CASES = {
    "celu": [{}, {"alpha": 0.5}],
    "elu": [{}, {"alpha": 0.5}],
    "exponential": [{}],
    "gelu": [{}, {"approximate": True}],
    "glu": [{}],
    "hard_shrink": [{}, {"threshold": 1.5}],
    "hard_sigmoid": [{}],
    "hard_silu": [{}],
    "hard_tanh": [{}],
    "leaky_relu": [{}, {"negative_slope": 0.01}],
    "linear": [{}],
    "log_sigmoid": [{}],
    "log_softmax": [{}, {"axis": 0}],
    "mish": [{}],
    "relu": [
        {},
        {"max_value": 6},
        {"max_value": 1.5},
        {"negative_slope": 0.1},
        {"threshold": 0.5},
        {"negative_slope": 0.2, "max_value": 2.0, "threshold": 0.7},
        {"negative_slope": 0.2, "max_value": 2.0},
    ],
    "relu6": [{}],
    "selu": [{}],
    "sigmoid": [{}],
    "silu": [{}],
    "soft_shrink": [{}, {"threshold": 1.5}],
    "softmax": [{}, {"axis": 0}],
    "softplus": [{}],
    "softsign": [{}],
    "sparse_plus": [{}],
    "sparse_sigmoid": [{}],
    "sparsemax": [{}],
    "squareplus": [{}, {"b": 2}],
    "tanh": [{}],
    "tanh_shrink": [{}],
    "threshold": [{"threshold": 0.5, "default_value": -1.0}],
}


def cases():
    """Dictionary from case name to (function name, arguments)."""
    return {f"{name}-{i}": (name, arguments) for name, variants in CASES.items() for i, arguments in enumerate(variants)}


def inputs():
    """Numbers around 0 and far from it, always the same."""
    return np.concatenate([np.linspace(-4, 4, 20), [-30.0, 30.0, 0.5, -0.5]]).astype("float32").reshape(6, 4)


def run(keras, name, arguments):
    """The activation of the inputs."""
    return np.asarray(keras.ops.convert_to_numpy(getattr(keras.activations, name)(inputs(), **arguments)))
