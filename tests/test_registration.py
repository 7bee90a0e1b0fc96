"""Registration of the application's own classes and functions, and the lazy top level."""

import subprocess
import sys

import pytest

import keraunos
from keraunos import layers
from keraunos.registration import (
    custom_object_scope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)


@pytest.fixture(autouse=True)
def nothing_stays_registered():
    before = dict(get_custom_objects())
    yield
    get_custom_objects().clear()
    get_custom_objects().update(before)


def test_objects_are_known_by_package_and_name():
    @register_keras_serializable("steel", name="Grade")
    class Any(layers.Layer):
        pass

    assert get_registered_name(Any) == "steel>Grade"
    assert get_registered_object("steel>Grade") is Any
    assert get_registered_name(layers.Dense) == "Dense"
    assert get_registered_object("steel>Unknown") is None


def test_a_class_without_a_config_cannot_be_registered():
    with pytest.raises(ValueError, match="get_config"):

        @register_keras_serializable()
        class Plain:
            pass


def test_scopes_end_and_hide_outer_ones():
    def one():
        pass

    def two():
        pass

    with custom_object_scope({"f": one}):
        assert get_registered_object("f") is one
        with custom_object_scope({"f": two}):
            assert get_registered_object("f") is two
        assert get_registered_object("f") is one
    assert get_registered_object("f") is None
    assert get_registered_object("f", custom_objects={"f": one}) is one
    assert get_registered_object("f", module_objects={"f": two}) is two


def test_other_threads_do_not_see_a_scope():
    from threading import Thread

    seen = []
    with custom_object_scope({"f": print}):
        thread = Thread(target=lambda: seen.append(get_registered_object("f")))
        thread.start()
        thread.join()
    assert seen == [None]


def test_importing_the_package_loads_next_to_nothing():
    code = "import sys, keraunos; print(*sorted(m for m in sys.modules if m.split('.')[0] in "
    code += "('keraunos', 'numpy', 'h5py', 'yaml', 'pandas', 'matplotlib', 'inspect')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == ["keraunos", "keraunos.class_table"]


def test_using_models_loads_no_optional_package():
    code = "import sys, keraunos; keraunos.Sequential; print(*[m for m in "
    code += "('h5py', 'yaml', 'pandas', 'matplotlib', 'pydot', 'zipfile') if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []


def test_every_name_of_the_top_level_is_there():
    for name in dir(keraunos):
        assert getattr(keraunos, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        keraunos.__getattr__("nope")
    assert keraunos.version() == keraunos.__version__
