"""The samples of all primitive ops, a file for each family."""

import importlib
import pkgutil

from primitive_sample import SAMPLES

__all__ = ["SAMPLES"]

for family in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{family.name}")
