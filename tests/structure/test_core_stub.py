"""`_core.pyi` says what the compiled module has, no more and no less."""

from __future__ import annotations

import ast
from pathlib import Path

import keraunos
from keraunos import _core

STUB = ast.parse((Path(__file__).parents[2] / "src/keraunos/_core.pyi").read_text(encoding="utf-8"))


def names_in(body) -> set[str]:
    named = {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    return named | {node.target.id for node in body if isinstance(node, ast.AnnAssign)}


def public(names) -> set[str]:
    return {name for name in names if not name.startswith("_")}


def test_the_stub_names_what_the_module_has():
    assert public(names_in(STUB.body)) == public(vars(_core))


def test_the_stub_names_what_the_classes_have():
    for node in STUB.body:
        if isinstance(node, ast.ClassDef) and node.name != "Tensor":
            assert public(names_in(node.body)) == public(vars(getattr(_core, node.name))), node.name


def test_the_stub_names_what_the_core_itself_gives_a_tensor():
    # tensor.py attaches more of Keras's methods to it.
    stub = next(node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name == "Tensor")
    assert public(names_in(stub.body)) <= public(vars(_core.Tensor))


def test_there_is_one_version_number():
    assert keraunos.__version__ == _core.__version__
