"""Writes `recorded/`: what real Keras answers for the cases. Run where Keras is installed:

KERAS_BACKEND=torch python tests/layers/record.py [FAMILY ...]
"""

import json
import pathlib
import sys
import warnings

import keras
import numpy as np

warnings.simplefilter("ignore")

# The cases say `keraunos`; here that is Keras.
sys.modules["keraunos"] = keras
sys.path.insert(0, str(pathlib.Path(__file__).parent))

from cases import BATCH, CASES, FAMILIES
from data import call_arguments_of, inputs_of, weights_of


def rounded(array):
    return np.vectorize(lambda number: float(f"{number:.8g}"), otypes=[float])(array).tolist()


def record(case):
    """Values of outputs and of weights after the call."""
    layer = case.make()
    x = inputs_of(case, BATCH)
    case.run(layer, x)
    layer.set_weights(weights_of(case, [w.shape for w in layer.weights]))
    if case.arguments.get("stateful"):
        layer.reset_state()
    outputs = keras.tree.flatten(case.run(layer, x, call_arguments_of(case, BATCH)))
    values = [rounded(keras.ops.convert_to_numpy(y)) for y in outputs]
    record = {
        "outputs": values if isinstance(case.y, list) else values[0],
        "dtype": keras.backend.standardize_dtype(outputs[0].dtype),
    }
    if case.call.get("training"):
        record["weights"] = [rounded(w) for w in layer.get_weights()]
    record["paths"] = [w.path.split("/")[-1] for w in layer.weights]
    return record


def main():
    for family in sys.argv[1:] or FAMILIES:
        cases = [case for case in CASES if case.family == family and not case.is_random]
        lines = ",\n".join(f"{json.dumps(repr(case))}: {json.dumps(record(case))}" for case in cases)
        path = pathlib.Path(__file__).parent / "recorded" / f"{family}.json"
        path.write_text("{\n" + lines + "\n}\n")


if __name__ == "__main__":
    main()
