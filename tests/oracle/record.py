"""Records what Keras 3.15.1 computes for the cases of the tests, into `tests/data`.

Run by hand in an environment with Keras:

    KERAS_BACKEND=torch python tests/oracle/record.py
    KERAS_BACKEND=jax python tests/oracle/record.py optimizers ScheduleFreeAdamW

The second line, because with torch `ScheduleFreeAdamW` reads its momentum after changing it in place, where the formula
has the old one. Arguments: one area, and the beginning of the names of the cases to record anew.
"""

import importlib.util
import json
import os
import pathlib
import sys
import warnings

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
from recorded import recorded

TESTS = pathlib.Path(__file__).resolve().parent.parent
AREAS = {
    "activations": "activation_cases",
    "constraints": "constraint_cases",
    "initializers": "initializer_cases",
    "losses": "loss_cases",
    "metrics": "metric_cases",
    "optimizers": "optimizer_cases",
    "regularizers": "regularizer_cases",
}


def load(area):
    """The module of cases of an area."""
    spec = importlib.util.spec_from_file_location(AREAS[area], TESTS / area / f"{AREAS[area]}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record(area, prefix=""):
    """Writes `tests/data/keras_<area>.npz`; a case with several results has the names `case/0`, `case/1`, ..."""
    module, arrays = load(area), recorded(area) if prefix else {}
    for case, arguments in module.cases().items():
        if not case.startswith(prefix):
            continue
        result = module.run(keras, *arguments)
        if isinstance(result, tuple):
            arrays.update({f"{case}/{i}": part for i, part in enumerate(result)})
        else:
            arrays[case] = result
    if area == "optimizers" and not prefix:
        record_optimizers(module, arrays)
    # One long vector: an archive member per array would be larger than most arrays.
    shapes = json.dumps({name: list(array.shape) for name, array in arrays.items()}, separators=(",", ":"))
    values = np.concatenate([np.asarray(array, dtype="float32").reshape(-1) for array in arrays.values()])
    np.savez_compressed(TESTS / "data" / f"keras_{area}.npz", shapes=np.array(shapes), values=values)
    print(area, len(arrays), "arrays")


def record_optimizers(module, arrays):
    """Adds the values of the schedules, and writes the variables of the optimizers."""
    for schedule in module.SCHEDULES:
        arrays[f"schedule-{schedule}"] = module.schedule_values(keras, schedule)
    tables = {case: module.variable_table(keras, *arguments) for case, arguments in module.cases().items()}
    text = json.dumps(tables, separators=(",", ":"))
    (TESTS / "data" / "keras_optimizer_variables.json").write_text(text + "\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if len(sys.argv) > 1:
        record(*sys.argv[1:])
    else:
        for name in AREAS:
            record(name)
