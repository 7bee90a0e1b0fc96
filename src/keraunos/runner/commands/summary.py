"""`python -m keraunos summary FILE`: the table of layers of a model file, or the arrays of a weights file."""

from __future__ import annotations

import sys

USAGE = """\
usage: python -m keraunos summary FILE

Prints the layers of a .keras, .h5, .json or .yaml file, or the arrays of a .weights.h5 file.
"""


def main(arguments: list[str]) -> int:
    """Runs the command and returns its exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(USAGE, end="", file=sys.stderr)
        return 2
    from keraunos import saving
    from keraunos.runner.commands.convert import load

    path = arguments[0]
    try:
        if path.endswith(".weights.h5"):
            saving.KerasFileEditor(path).summary()
        else:
            load(path, compile=False).summary()
    except (ValueError, TypeError, OSError, NotImplementedError, ImportError) as error:
        print(f"keraunos summary: {error}", file=sys.stderr)
        return 1
    return 0
