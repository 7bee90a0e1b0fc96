"""Calls the ops with damaged arguments. Prints the calls that end in anything but a result or a Python error of the kinds that users expect.

    python tests/ops/mutated_calls.py SEED COUNT
"""

from __future__ import annotations

import random
import sys
import warnings

import numpy as np
from op_samples import SAMPLES

from keraunos import ops

EXPECTED = (ValueError, TypeError, IndexError, NotImplementedError, ZeroDivisionError, OverflowError, MemoryError)
ODD_VALUES = [
    *(np.zeros(shape, "float32") for shape in [0, (0, 3), (2, 0, 3), (1, 1, 1, 1, 1)]),
    *(np.full((3, 4), value, "float32") for value in (np.nan, np.inf, 1e38)),
    np.float32(np.nan),
    np.array(7),
    np.array([2**31 - 1, -(2**31)], "int32"),
    np.array([[1, -5, 9**9]], "int64"),
    np.zeros((3, 4), bool),
    np.arange(6, dtype="uint8").reshape(2, 3),
    *(None, -1, 0, 1, 3, 1000, -1000, True, float("inf"), "x", (), (0,), (-1, 2), [], [1, [2]]),
]
DTYPES = ["float64", "float16", "int64", "int32", "uint8", "bool"]


def damaged_array(array: np.ndarray, generator: random.Random) -> object:
    cut = generator.randint(0, len(array)) if array.ndim else 0
    changes = [
        lambda: generator.choice(ODD_VALUES),
        lambda: array.astype(generator.choice(DTYPES)),
        lambda: array[:cut] if array.ndim else array,
        lambda: array[None],
        lambda: array[0] if array.size else array,
        lambda: np.concatenate([array.ravel(), array.ravel()]),
        lambda: array * generator.choice([1e20, np.nan, -np.inf]),
    ]
    return generator.choice(changes)()


def damaged(value: object, generator: random.Random) -> object:
    if isinstance(value, np.ndarray) and value.ndim:
        return damaged_array(value, generator)
    if isinstance(value, (list, tuple)) and value and generator.random() < 0.6:
        place = generator.randrange(len(value))
        return (*value[:place], damaged(value[place], generator), *value[place + 1 :])
    return value if callable(value) else generator.choice(ODD_VALUES)


def main(seed: int, count: int) -> None:
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    generator = random.Random(seed)
    for _ in range(count):
        name, tensors, settings = generator.choice(SAMPLES)
        arguments = {**dict(enumerate(tensors)), **settings}
        for place in generator.sample(list(arguments), min(len(arguments), generator.randint(1, 2))):
            arguments[place] = damaged(arguments[place], generator)
        call = f"{name}({', '.join(f'{place}={value!r}' for place, value in arguments.items())})"[:1000]
        print("calling", call, file=sys.stderr, flush=True)
        operation = ops
        for part in name.split("."):
            operation = getattr(operation, part)
        try:
            operation(*(arguments[i] for i in range(len(tensors))), **{key: arguments[key] for key in settings})
        except EXPECTED:
            pass
        except Exception as error:
            print(f"{type(error).__name__}: {error} from {call}")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
