"""The cases of all layers, a file for each family."""

import importlib
import pkgutil

from case import BATCH, CASES

__all__ = ["BATCH", "CASES", "FAMILIES"]

FAMILIES = sorted(module.name for module in pkgutil.iter_modules(__path__))
for family in FAMILIES:
    importlib.import_module(f"{__name__}.{family}")
