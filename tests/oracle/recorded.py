"""Reads what `record.py` wrote."""

import json
import pathlib

import numpy as np

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"


def recorded(area):
    """Dictionary from case name to the array that Keras computed."""
    with np.load(DATA / f"keras_{area}.npz") as file:
        shapes, values = json.loads(str(file["shapes"])), file["values"]
    arrays, start = {}, 0
    for name, shape in shapes.items():
        size = int(np.prod(shape))
        arrays[name] = values[start : start + size].reshape(shape)
        start += size
    return arrays


def missing_case(area, name):
    """What to tell the author of a public object that no case tests."""
    singular = area[:-1] if area != "losses" else "loss"
    return (
        f"keraunos.{area}.{name} has no case. Add a line for it to tests/{area}/{singular}_cases.py, then run "
        "`KERAS_BACKEND=torch python tests/oracle/record.py` with Keras installed (or say in WITHOUT_VALUES why not)."
    )
