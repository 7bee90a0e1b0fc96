"""keraunos: Keras on its own C++ core.

The namespaces and names are Keras's. They are resolved when they are first used, so that the import costs next
to nothing.
"""

import importlib
import importlib.util

from keraunos import class_table as _class_table

_NAMESPACES = frozenset(
    """activations applications backend callbacks config constraints datasets distillation distribution dtype_policies
    export initializers layers legacy losses metrics mixed_precision models ops optimizers preprocessing quantizers
    random regularizers saving tracing training tree utils visualization wrappers""".split()
)

# Where the names of the top level live.
_HOMES = {
    "DTypePolicy": "dtype_policies",
    "FloatDTypePolicy": "dtype_policies",
    "Function": "ops.function",
    "GradientTape": "tracing",
    "Initializer": "initializers",
    "Input": "layers",
    "InputSpec": "layers",
    "KerasTensor": "backend",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Model": "models",
    "Operation": "ops.operation",
    "Optimizer": "optimizers",
    "Quantizer": "quantizers",
    "Regularizer": "regularizers",
    "RematScope": "rematerialization",
    "Sequential": "models",
    "StatelessScope": "stateless_scope",
    "SymbolicScope": "stateless_scope",
    "Variable": "backend",
    "device": "device",
    "name_scope": "naming",
    "remat": "rematerialization",
}


def version():
    """Returns the version of the package, `keraunos.__version__`."""
    from keraunos._core import __version__

    return __version__


def __getattr__(name):
    if name == "__version__":
        return version()
    home = _HOMES.get(name)
    if home is None and name not in _NAMESPACES:
        raise AttributeError(f"module 'keraunos' has no attribute '{name}'")
    path = f"{__name__}.{home or name}"
    try:
        value = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name != path:
            raise
        raise AttributeError(f"keraunos does not offer '{name}'") from None
    if home is not None:
        value = getattr(value, name)
    globals()[name] = value
    return value


def __dir__():
    return sorted({*filter(_is_there, _NAMESPACES), *filter(_is_there, _HOMES), "__version__", "version"})


def _is_there(name):
    """Whether the module of a public name is part of this version."""
    return importlib.util.find_spec(f"{__name__}.{_HOMES.get(name, name)}") is not None


class _TopLevel:
    """The classes of the top level that a config may name."""

    names = ("DTypePolicy", "FloatDTypePolicy", "Initializer", "Layer", "Loss", "Metric", "Model", "Optimizer")
    names += ("Quantizer", "Regularizer", "Sequential")

    def __dir__(self):
        return self.names

    def __getattr__(self, name):
        return __getattr__(name)


def _namespace_of(name):
    """The public namespace that configs may name classes of, for the closed table."""
    if not name:
        return _TopLevel()
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name and error.name.startswith(f"{__name__}.{name}"):
            return None
        raise


_class_table.table.set_source(_namespace_of)
