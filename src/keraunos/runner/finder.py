"""The import finder that answers `keras`, `tensorflow` and `tf_keras` with keraunos."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import sys
from types import ModuleType
from typing import Any

from keraunos.runner.older_names import OLDER_MODULES

SUBSET = "keraunos.runner.tensorflow"

# The longest matching prefix wins; what follows it is kept.
PREFIXES = {
    "keras": "keraunos",
    "tf_keras": "keraunos",
    "tensorflow": SUBSET,
    "tensorflow.keras": "keraunos",
    "tensorflow.python": SUBSET,
    "tensorflow.python.keras": "keraunos",
    "keras.api": "keraunos",
    "keras.api._v2": "keraunos",
    "keras.api._v2.keras": "keraunos",
    "keras._tf_keras": "keraunos",
    "keras._tf_keras.keras": "keraunos",
}


def _matching_prefix(name: str) -> str | None:
    while name:
        if name in PREFIXES:
            return name
        name = name.rpartition(".")[0]
    return None


def target_of(name: str) -> str | None:
    """The keraunos module that stands for the module `name`, or None when it is none of ours.

    >>> target_of("tensorflow.keras.layers")
    'keraunos.layers'
    """
    prefix = _matching_prefix(name)
    return None if prefix is None else PREFIXES[prefix] + name[len(prefix) :]


class _OlderModule(ModuleType):
    """A module of older Keras (`keras.layers.core`): shows the public names of where they live now."""

    def __init__(self, name: str, sources: list[ModuleType]) -> None:
        super().__init__(name, "A module of older Keras: shows the names where they are now.")
        self._sources = sources
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        # Names such as __all__ belong to one module and would hide those of the others.
        if not (name.startswith("__") and name.endswith("__")):
            for source in self._sources:
                try:
                    return getattr(source, name)
                except AttributeError:
                    continue
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({name for source in self._sources for name in dir(source)})


class _AliasLoader(importlib.abc.Loader):
    """Hands out a module that is already loaded under its own name."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._own_spec = getattr(module, "__spec__", None)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        # The import system has just written the alias's spec over the module's own.
        if self._own_spec is not None:
            module.__spec__ = self._own_spec


class Finder(importlib.abc.MetaPathFinder):
    """Maps `keras...`, `tf_keras...` and `tensorflow...` to keraunos; same objects, not copies."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        name = target_of(fullname)
        if name is None and fullname in OLDER_MODULES and _own_spec(fullname, path) is None:
            name = fullname  # `from keras.utils import np_utils` ends here: the module's own name is keraunos.utils
        if name is None:
            if fullname.startswith(SUBSET + ".") and _own_spec(fullname, path) is None:
                # `from tensorflow import X` ends here: the module's own name is SUBSET. Naming another module in
                # the error keeps the import system from replacing it by one that says less.
                raise _not_in_subset("tensorflow" + fullname[len(SUBSET) :])
            if fullname.startswith("keraunos.") and "." in fullname[len("keraunos.") :] and _own_spec(fullname, path) is None:
                _explain_missing(fullname)  # the top level imports what it is asked for: asking it would end here again
            return None
        module = _load(fullname, name)
        is_package = hasattr(module, "__path__")
        return importlib.machinery.ModuleSpec(fullname, _AliasLoader(module), is_package=is_package)


def _own_spec(fullname: str, path: Any) -> importlib.machinery.ModuleSpec | None:
    return importlib.machinery.PathFinder.find_spec(fullname, path)


def _not_in_subset(name: str) -> ModuleNotFoundError:
    return ModuleNotFoundError(f"{name} is not part of keraunos's tensorflow subset", name=name)


def _explain_missing(fullname: str) -> None:
    """`from keras.layers import Conv2D` ends here too: what the module says about the name becomes the error."""
    parent, _, name = fullname.rpartition(".")
    try:
        getattr(sys.modules.get(parent), name)
    except AttributeError as error:
        if not str(error).endswith(f"has no attribute {name!r}"):
            raise ImportError(str(error), name=parent) from None


def _load(fullname: str, name: str) -> ModuleType:
    if name in OLDER_MODULES:
        sources = [importlib.import_module(source) for source in OLDER_MODULES[name]]
        own = None if fullname == name else _import_if_there(name)
        return _OlderModule(fullname, sources if own is None else [own, *sources])
    module = _import_if_there(name)
    if module is None and name.startswith(SUBSET):
        raise _not_in_subset(fullname)
    if module is None:
        raise ModuleNotFoundError(f"No module named {fullname!r}: keraunos has no {name!r}", name=fullname)
    return module


def _import_if_there(name: str) -> ModuleType | None:
    """The module, or None when there is none of that name; its own errors come through."""
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        # The finder itself answers for parts of the subset, under their tensorflow name.
        missing = (error.name or "").replace("tensorflow", SUBSET, 1) if name.startswith(SUBSET) else error.name
        if missing is not None and (missing == name or name.startswith(missing + ".")):
            return None
        raise


_finder = Finder()


def install() -> None:
    """Makes `keras`, `tensorflow` and `tf_keras` mean keraunos in this process.

    Modules of those names that are already imported stay what they are in the code that holds them, but later
    imports see keraunos.

    Example:
        >>> from keraunos import runner
        >>> runner.install()
        >>> from tensorflow.keras.layers import Dense
    """
    if _finder in sys.meta_path:
        return
    _forget_aliases()
    sys.meta_path.insert(0, _finder)


def uninstall() -> None:
    """Takes the finder of `install()` away again. Does nothing when it is not there."""
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
        _forget_aliases()


def _forget_aliases() -> None:
    for name in list(sys.modules):
        if _matching_prefix(name) is not None:
            del sys.modules[name]
