"""`python -m keraunos convert IN OUT`: a model file as keraunos writes it, with the functions that C++ runs."""

from __future__ import annotations

import sys

USAGE = """\
usage: python -m keraunos convert IN.keras OUT.keras

Loads a model of any version of Keras and saves it, with the functions that C++ programs run.
"""


def main(arguments: list[str]) -> int:
    """Runs the command and returns its exit status."""
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print(USAGE, end="", file=sys.stderr)
        return 2
    from keraunos import saving

    source, target = arguments
    try:
        model = saving.load_model(source)
        saving.save_model(model, target)
    except (ValueError, TypeError, OSError, NotImplementedError, ImportError) as error:
        print(f"keraunos convert: {error}", file=sys.stderr)
        return 1
    if target.endswith(".keras") and not has_native_functions(target):
        print("The model cannot be traced: the file is good for Python, but holds no functions for C++.", file=sys.stderr)
    return 0


def has_native_functions(path: str) -> bool:
    """Whether a `.keras` file holds the functions that C++ programs run."""
    from keraunos.saving import archive, native_functions

    with archive.open_archive(path) as source:
        return native_functions.MEMBER in source
