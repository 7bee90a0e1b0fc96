"""The examples in the docstrings of the layers run and print what they say."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import keraunos
from keraunos import layers

MODULES = sorted(module.name for module in pkgutil.walk_packages(layers.__path__, "keraunos.layers."))


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(name)
    results = doctest.testmod(module, extraglobs={"keraunos": keraunos, "np": np})
    assert results.failed == 0


def test_every_public_layer_has_an_example():
    for name in layers.__all__:
        assert (getattr(layers, name).__doc__ or "").strip(), f"layers.{name} has no docstring"
