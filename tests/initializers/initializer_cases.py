"""Initializer cases: what is run with keraunos and, by `tests/oracle/record.py`, with Keras.

A new initializer needs a line in `CASES` (recorded values), or in `DISTRIBUTIONS` when it is random.
"""

import math

import numpy as np

CASES = {
    "Zeros": [((2, 3), {})],
    "Ones": [((2, 3), {})],
    "Constant": [((2, 3), {"value": 1.5})],
    "Identity": [((3, 3), {"gain": 2.0}), ((2, 4), {})],
    "STFT": [
        ((8, 1, 5), {}),
        ((8, 1, 5), {"side": "imag", "window": "hamming", "scaling": "spectrum", "periodic": True}),
        ((6, 1, 5), {"window": None, "scaling": None}),
    ],
}

# Name: shape, arguments, expected mean and standard deviation, and bound of the values.
DISTRIBUTIONS = {
    "RandomNormal": ((400, 500), {"mean": 1.0, "stddev": 0.5}, 1.0, 0.5, math.inf),
    "RandomUniform": ((400, 500), {"minval": -0.2, "maxval": 0.4}, 0.1, 0.6 / math.sqrt(12), 0.4),
    "TruncatedNormal": ((400, 500), {"stddev": 0.5}, 0.0, 0.5 * 0.87962566, 1.0),
    "VarianceScaling": ((400, 500), {"scale": 2.0, "mode": "fan_out"}, 0.0, math.sqrt(2.0 / 500), math.inf),
    "GlorotUniform": ((400, 500), {}, 0.0, math.sqrt(2.0 / 900), math.sqrt(6.0 / 900)),
    "GlorotNormal": ((400, 500), {}, 0.0, math.sqrt(2.0 / 900), math.inf),
    "LecunUniform": ((400, 500), {}, 0.0, math.sqrt(1.0 / 400), math.sqrt(3.0 / 400)),
    "LecunNormal": ((400, 500), {}, 0.0, math.sqrt(1.0 / 400), math.inf),
    "HeUniform": ((400, 500), {}, 0.0, math.sqrt(2.0 / 400), math.sqrt(6.0 / 400)),
    "HeNormal": ((3, 3, 50, 400), {}, 0.0, math.sqrt(2.0 / 450), math.inf),
    "Orthogonal": ((400, 500), {"gain": 2.0}, 0.0, 2.0 / math.sqrt(500), 2.0),
}

# Initializers without a case, and why.
WITHOUT_VALUES = {"Initializer": "abstract"}


def cases():
    """Dictionary from case name to (class name, shape, arguments)."""
    return {
        f"{name}-{i}": (name, shape, arguments)
        for name, variants in CASES.items()
        for i, (shape, arguments) in enumerate(variants)
    }


def run(keras, name, shape, arguments):
    """The values of the initializer."""
    return np.asarray(keras.ops.convert_to_numpy(getattr(keras.initializers, name)(**arguments)(shape)))
