"""Every file uses only its own floor and those below it: reads every #include and every import.

The floors are those of docs/architecture.md. A folder or module that no floor claims fails too: say where it stands.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "keraunos"
CPP = ROOT / "cpp"

# -- Python

# The lowest floor first. Names are of modules and packages directly inside `keraunos`.
PYTHON_FLOORS = {
    "P0": ["device", "errors", "registration", "rematerialization", "tree", "weights_budget"],
    "P1": ["class_table", "config", "dtype_policies", "dtypes", "identifiers", "masking", "naming", "ops", "random"]
    + ["serialization", "stateless_scope", "tensor", "variable"],
    "P2": ["tracing"],
    "P3": ["activations", "constraints", "initializers", "losses", "metrics", "optimizers", "quantizers", "regularizers"],
    "P4": ["layers"],
    "P5": ["applications", "backend", "callbacks", "datasets", "distribution", "export", "legacy", "mixed_precision", "models"]
    + ["preprocessing", "runner", "saving", "training", "utils", "visualization", "wrappers"]
    + ["__init__", "__main__"],
}
FLOOR_OF = {name: floor for floor, names in PYTHON_FLOORS.items() for name in names}
ORDER = list(PYTHON_FLOORS)

# Who may import the core: P1, P2, and these for the reason given.
CORE_IMPORTERS = {
    "__init__": "tells the version, which stands in the C++ headers alone",
    "config": "sets the number of threads",
    "training/native.py": "drives the native training loop",
    "saving/native_functions.py": "hands graphs to the writer that C++ shares",
}


def python_files() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> list[tuple[int, str]]:
    """(line, module inside keraunos) of every import of the package itself, those inside functions too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            # `from keraunos import x` may import the module x or a name of the package.
            names = [f"{node.module}.{alias.name}" for alias in node.names] if node.module == "keraunos" else [node.module]
        elif isinstance(node, ast.ImportFrom) and node.level > 0:
            names = [f"keraunos.{'.'.join(path.relative_to(PACKAGE).parts[: -node.level])}.{node.module or ''}".replace("..", ".")]
        for name in names:
            parts = name.split(".")
            if parts[0] == "keraunos" and len(parts) > 1:
                found.append((node.lineno, parts[1]))
    return found


def test_every_python_file_imports_only_from_its_floor_or_below():
    assert python_files()
    for path in python_files():
        check_imports(path)


def check_imports(path: Path) -> None:
    own = FLOOR_OF.get(module_of(path))
    assert own, f"{path.relative_to(ROOT)}: give {module_of(path)!r} a floor in PYTHON_FLOORS"
    for line, module in imported(path):
        if module == "_core":
            allowed = own in ("P1", "P2") or module_of(path) in CORE_IMPORTERS
            allowed = allowed or str(path.relative_to(PACKAGE)) in CORE_IMPORTERS
            assert allowed, f"{path.relative_to(ROOT)}:{line}: only P1, P2 and {list(CORE_IMPORTERS)} import the core"
            continue
        floor = FLOOR_OF.get(module)
        if floor is None:
            continue  # a public name of the package, such as keraunos.Variable
        assert ORDER.index(floor) <= ORDER.index(own), f"{path.relative_to(ROOT)}:{line}: {own} must not import {floor} ({module})"


# -- C++

CPP_FLOORS = ["base", "kernels", "tensor", "ops", "graph", "runtime", "model"]
# The floor that each public header belongs to. `version.h` and the umbrella stand outside: they include, nobody climbs.
PUBLIC_HEADERS = {
    "error.h": "base",
    "dtype.h": "base",
    "tensor.h": "tensor",
    "op.h": "ops",
    "graph.h": "graph",
    "model.h": "model",
    "version.h": "base",
    "keraunos.h": "model",
    "keraunos_c.h": "model",
    "layers.h": "model",
    "export.h": "base",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def cpp_files() -> list[Path]:
    return sorted(path for pattern in ("*.h", "*.cpp", "*.inc") for path in CPP.rglob(pattern))


def cpp_floor(path: Path) -> str:
    parts = path.relative_to(CPP).parts
    if parts[0] == "bindings":
        return "bindings"
    if parts[:2] == ("include", "keraunos"):
        return PUBLIC_HEADERS[parts[2]]
    return parts[1]


def test_every_cpp_file_includes_only_from_its_floor_or_below():
    assert cpp_files()
    for path in cpp_files():
        check_includes(path)


def check_includes(path: Path) -> None:
    order = [*CPP_FLOORS, "bindings"]
    own = cpp_floor(path)
    assert own in order, f"{path.relative_to(ROOT)}: {own!r} is no floor"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match is None:
            continue
        name = match[1]
        if name.startswith(("pybind11/", "Python.h")):
            assert own == "bindings", f"{path.relative_to(ROOT)}:{number}: only bindings/ knows Python"
            continue
        floor = _floor_of_include(name)
        if floor is not None:
            assert order.index(floor) <= order.index(own), f"{path.relative_to(ROOT)}:{number}: {own} must not include {name}"


def _floor_of_include(name: str) -> str | None:
    folder, _, rest = name.partition("/")
    if folder == "keraunos":
        assert rest in PUBLIC_HEADERS, f"{name}: give this public header a floor in PUBLIC_HEADERS"
        return PUBLIC_HEADERS[rest]
    return folder if folder in CPP_FLOORS else None
