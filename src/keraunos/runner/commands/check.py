"""`python -m keraunos check FILE`: what is in a model file, and whether keraunos can make it."""

from __future__ import annotations

import sys

USAGE = """\
usage: python -m keraunos check FILE

Says what is in a .keras, .h5, .weights.h5, .json or .yaml file: layers, ops, sizes, what is not supported, what is made
in another way than the file has it, and whether it holds the functions that C++ programs run. Nothing in it is run.
The exit status is 0 when the file can be used and 1 when it cannot.
"""


def main(arguments: list[str]) -> int:
    """Runs the command and returns its exit status."""
    if len(arguments) != 1 or arguments[0].startswith("-"):
        print(USAGE, end="", file=sys.stderr)
        return 2
    from keraunos.saving.inspection import inspect_file

    try:
        report = inspect_file(arguments[0])
    except (ValueError, OSError, ImportError) as error:
        print(f"keraunos check: {error}", file=sys.stderr)
        return 1
    version = f", written by Keras {report.version}" if report.version else ""
    print(f"{arguments[0]}: {report.kind}{version}")
    print(f"size: {report.size} bytes; {report.arrays} arrays with {report.stored_bytes} bytes")
    if report.has_native_functions is not None:
        print(f"functions for C++: {'yes' if report.has_native_functions else 'no (python -m keraunos convert adds them)'}")
    for title, counts in (("layers", report.layers), ("ops", report.operations)):
        if counts:
            print(f"{title}: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
    for title, lines in (("made in another way", report.differences), ("not supported", report.problems)):
        if lines:
            print(f"{title}:")
            for line in lines:
                print(f"  {line}")
    print("result: " + ("cannot be loaded" if report.problems else "can be loaded"))
    return 1 if report.problems else 0
