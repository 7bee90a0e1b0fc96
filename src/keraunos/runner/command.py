"""The command line `python -m keraunos`."""

from __future__ import annotations

import importlib
import io
import os
import runpy
import sys
from collections.abc import Callable
from types import ModuleType, TracebackType

from keraunos.runner.commands import COMMANDS
from keraunos.runner.finder import install

USAGE = """\
usage: python -m keraunos SCRIPT [args ...]      run a script
       python -m keraunos -c CODE [args ...]     run a piece of code
       python -m keraunos -m MODULE [args ...]   run a module
       python -m keraunos -                      run what comes on standard input
       python -m keraunos check FILE             say what is in a model file, and what is not supported
       python -m keraunos summary FILE           print the layers of a model file
       python -m keraunos convert IN OUT         save a model file anew, with functions for C++
       python -m keraunos --cmake-dir            print where find_package(keraunos) looks
       python -m keraunos --version | --help

The code may say `import keras`, `import tensorflow as tf` or `from tensorflow.keras... import ...`:
keraunos stands for Keras, and a small part of tensorflow's own names is there too.
"""


def main(arguments: list[str]) -> int:
    """Runs the command line `arguments` (without the program's name) and returns the exit status.

    Example:
        >>> main(["-c", "import keras; print(keras.layers.Dense(3).units)"])
        3
        0
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(USAGE, end="", file=sys.stdout if arguments else sys.stderr)
        return 0 if arguments else 2
    first, rest = arguments[0], arguments[1:]
    if first == "--version":
        return _print_version()
    if first == "--cmake-dir":
        return _print_cmake_folder()
    if first in COMMANDS:
        return importlib.import_module(f"keraunos.runner.commands.{first}").main(rest)
    if first in ("-c", "-m"):
        if not rest:
            print(f"Argument expected for the {first} option\n{USAGE}", end="", file=sys.stderr)
            return 2
        run = _run_code if first == "-c" else _run_module
        return run(rest[0], rest[1:])
    if first.startswith("-") and first != "-":
        print(f"Unknown option: {first}\n{USAGE}", end="", file=sys.stderr)
        return 2
    return _run_script(first, rest)


def _print_version() -> int:
    import keraunos

    print(f"keraunos {keraunos.__version__}")
    return 0


def _print_cmake_folder() -> int:
    import keraunos

    package = os.path.dirname(os.path.abspath(keraunos.__file__))
    for folder, _, files in sorted(os.walk(package)):
        if "keraunosConfig.cmake" in files or "keraunos-config.cmake" in files:
            print(folder)
            return 0
    print("keraunos was installed without its CMake package (pip install . puts it there)", file=sys.stderr)
    return 1


def _run_script(path: str, arguments: list[str]) -> int:
    if path != "-" and (os.path.isdir(path) or _is_zip(path)):
        return _run_folder(path, arguments)
    if path == "-":
        source: bytes | str = sys.stdin.read()
        filename, search = "<stdin>", ""
    else:
        try:
            with io.open_code(os.path.abspath(path)) as file:
                source = file.read()
        except OSError as error:
            print(f"python -m keraunos: can't open file {path!r}: {error.strerror}", file=sys.stderr)
            return 2
        filename, search = path, os.path.dirname(os.path.realpath(path))
    return _run_as_main(source, filename, search, [path, *arguments])


def _run_code(source: str, arguments: list[str]) -> int:
    return _run_as_main(source, "<string>", "", ["-c", *arguments])


def _is_zip(path: str) -> bool:
    import zipfile

    return zipfile.is_zipfile(path)


def _run_folder(path: str, arguments: list[str]) -> int:
    install()
    sys.argv = [path, *arguments]
    sys.path[0] = ""
    return _guarded(lambda: runpy.run_path(path, run_name="__main__"))


def _run_module(name: str, arguments: list[str]) -> int:
    install()
    sys.argv = ["-m", *arguments]
    return _guarded(lambda: runpy.run_module(name, run_name="__main__", alter_sys=True))


def _run_as_main(source: bytes | str, filename: str, search: str, argv: list[str]) -> int:
    install()
    module = ModuleType("__main__")
    module.__dict__["__builtins__"] = sys.modules["builtins"]
    if not filename.startswith("<"):
        module.__file__ = filename
        module.__dict__["__cached__"] = None
    sys.modules["__main__"] = module
    sys.argv = argv
    if not getattr(sys.flags, "safe_path", False):
        # `python -m` put the current folder first; for a script Python puts the script's folder there.
        sys.path[0] = search

    def run() -> None:
        # Inheriting would turn on this file's `annotations` future in the user's code.
        exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)

    return _guarded(run)


def _guarded(run: Callable[[], object]) -> int:
    """Runs user code; an error is shown as Python shows it, without the frames of this file."""
    try:
        run()
    except SystemExit:
        raise
    except BaseException as error:
        sys.stdout.flush()
        traceback = _frames_of_user(error.__traceback__)
        sys.excepthook(type(error), error.with_traceback(traceback), traceback)
        return 130 if isinstance(error, KeyboardInterrupt) else 1
    return 0


def _frames_of_user(traceback: TracebackType | None) -> TracebackType | None:
    own = (__file__, runpy.__file__, "<frozen runpy>")
    while traceback is not None and traceback.tb_frame.f_code.co_filename in own:
        traceback = traceback.tb_next
    return traceback
