"""The translations of primitive ops to ONNX, a file for each family."""

import importlib

from keraunos.export.onnx_ops.table import TRANSLATIONS

_FAMILIES = ("elementwise", "special", "reductions", "shapes", "slicing", "indexing", "creation", "products", "order")
_FAMILIES += ("windows", "recurrent", "control_flow", "random_numbers")

for _family in _FAMILIES:
    importlib.import_module(f"{__name__}.{_family}")

__all__ = ["TRANSLATIONS"]
