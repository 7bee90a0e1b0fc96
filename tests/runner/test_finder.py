"""The finder maps names, and leaves nothing behind when it goes."""

from __future__ import annotations

import sys

import pytest

from keraunos import runner
from keraunos.runner.finder import target_of

MAPPED = {
    "keras": "keraunos",
    "keras.layers": "keraunos.layers",
    "tf_keras.models": "keraunos.models",
    "tensorflow": "keraunos.runner.tensorflow",
    "tensorflow.keras": "keraunos",
    "tensorflow.keras.layers": "keraunos.layers",
    "tensorflow.math": "keraunos.runner.tensorflow.math",
    "keras.api._v2.keras.layers": "keraunos.layers",
    "keras_tuner": None,
    "tensorflow_datasets": None,
    "numpy": None,
}


@pytest.mark.parametrize(("name", "target"), MAPPED.items())
def test_a_name_is_mapped_by_its_longest_prefix(name, target):
    assert target_of(name) == target


def test_installing_twice_and_uninstalling_twice_do_no_harm():
    before = list(sys.meta_path)
    runner.install()
    runner.install()
    assert len(sys.meta_path) == len(before) + 1
    runner.uninstall()
    runner.uninstall()
    assert sys.meta_path == before
    assert not any(name == "tensorflow" or name.startswith("keras.") for name in sys.modules)


def test_what_a_module_says_about_a_missing_name_becomes_the_import_error(monkeypatch):
    from types import ModuleType

    part = ModuleType("keraunos.part")
    part.__path__ = []

    def explain(name):
        raise AttributeError(f"keraunos.part.{name} is not built yet")

    part.__getattr__ = explain
    monkeypatch.setitem(sys.modules, "keraunos.part", part)
    runner.install()
    try:
        with pytest.raises(ImportError, match="^keraunos.part.Conv9D is not built yet$"):
            from keraunos.part import Conv9D  # noqa: F401
    finally:
        runner.uninstall()


def test_the_import_of_an_older_module_does_not_hide_the_one_of_that_name():
    import keraunos.layers.core

    real = sys.modules["keraunos.layers.core"]
    runner.install()
    try:
        from keras.layers.core import Dense

        assert Dense is keraunos.layers.Dense
        assert sys.modules["keraunos.layers.core"] is real
        from keraunos.layers.core import dense

        assert dense is real.dense
    finally:
        runner.uninstall()


def test_a_namespace_that_is_not_there_is_named_and_not_asked_for_again_and_again():
    runner.install()
    try:
        import keraunos

        assert not hasattr(keraunos, "visualization")
        with pytest.raises(ImportError, match="visualization"):
            from keras import visualization  # noqa: F401
    finally:
        runner.uninstall()
