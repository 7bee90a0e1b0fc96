"""`python -m keraunos convert IN OUT`: a model file of any version of Keras, written anew in any form."""

from __future__ import annotations

import sys
from typing import Any

USAGE = """\
usage: python -m keraunos convert IN [WEIGHTS] OUT

IN is a .keras or .h5 file, or a .json or .yaml file with its WEIGHTS in another file, of any version of Keras.
OUT ends in .keras (with the functions that C++ programs run), .h5, .weights.h5 or .json (the architecture alone).
"""
_TEXTS = (".json", ".yaml", ".yml")


def main(arguments: list[str]) -> int:
    """Runs the command and returns its exit status."""
    if len(arguments) not in (2, 3) or any(argument.startswith("-") for argument in arguments):
        print(USAGE, end="", file=sys.stderr)
        return 2
    source, target = arguments[0], arguments[-1]
    try:
        model = load(source)
        if len(arguments) == 3:
            model.load_weights(arguments[1])
        write(model, target)
    except (ValueError, TypeError, OSError, NotImplementedError, ImportError) as error:
        print(f"keraunos convert: {error}", file=sys.stderr)
        return 1
    if target.endswith(".keras") and not has_native_functions(target):
        print("The model cannot be traced: the file is good for Python, but holds no functions for C++.", file=sys.stderr)
    return 0


def load(path: str, **options: Any) -> Any:
    """The model in a file of any form; one from a text has fresh weights."""
    from keraunos import models, saving

    if path.endswith(_TEXTS):
        from keraunos.saving.inspection import read_config

        return models.model_from_config(read_config(path))
    return saving.load_model(path, **options)


def write(model: Any, path: str) -> None:
    """Saves a model in the form that the ending of the path names."""
    from keraunos.saving.atomic import atomic_write

    if path.endswith(".weights.h5"):
        model.save_weights(path)
    elif path.endswith(".json"):
        with atomic_write(path) as file:
            file.write(model.to_json().encode())
    else:
        model.save(path)


def has_native_functions(path: str) -> bool:
    """Whether a `.keras` file holds the functions that C++ programs run."""
    from keraunos.saving import archive, native_functions

    with archive.open_archive(path) as source:
        return native_functions.MEMBER in source
