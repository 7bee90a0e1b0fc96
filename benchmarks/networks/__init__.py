"""Networks that are no stack of dense layers, a module for each: `Case.network` names it.

Such a module has `data(case, generator, count)`, `keras_model(case, keras)` without compile, `torch_network(case)` and
`jax_network(case)`, which gives the weights and `forward(weights, x, key)`. Classifiers of torch and JAX return logits.
"""

from __future__ import annotations

import importlib
from typing import Any


def network(case: Any) -> Any:
    """The module of the case's network."""
    return importlib.import_module(f"networks.{case.network}")
