"""Every public name says what it is."""

from __future__ import annotations

import importlib
import inspect
from types import ModuleType

import pytest

import keraunos

NAMESPACES = [
    "activations",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "datasets",
    "dtype_policies",
    "export",
    "initializers",
    "layers",
    "losses",
    "metrics",
    "models",
    "ops",
    "optimizers",
    "optimizers.schedules",
    "quantizers",
    "random",
    "regularizers",
    "saving",
    "tree",
    "utils",
]


def public_names(module: ModuleType) -> list[str]:
    names = getattr(module, "__all__", None) or dir(module)
    return sorted(name for name in names if not name.startswith("_"))


def described() -> dict[str, object]:
    found = {}
    for namespace in ["", *NAMESPACES]:
        module = importlib.import_module(f"keraunos.{namespace}".rstrip("."))
        for name in public_names(module):
            # Names of Keras that are not built yet are listed at the top level, and say so when they are asked for.
            value = getattr(module, name, None)
            is_ours = (inspect.isclass(value) or inspect.isroutine(value)) and getattr(value, "__module__", "").startswith("keraunos")
            if is_ours:
                found[f"{namespace}.{name}".lstrip(".")] = value
    return found


def test_every_public_name_has_a_docstring_of_its_own():
    names = described()
    assert len(names) > 500
    for name, value in names.items():
        text = value.__dict__.get("__doc__") if inspect.isclass(value) else value.__doc__
        assert text and text.strip(), f"keraunos.{name} ({value.__module__}) has no docstring"


@pytest.mark.parametrize("namespace", NAMESPACES)
def test_a_public_namespace_is_an_attribute_of_the_package(namespace):
    module = keraunos
    for part in namespace.split("."):
        module = getattr(module, part)
    assert isinstance(module, ModuleType)
