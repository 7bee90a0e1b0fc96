"""`keras.backend`: settings, dtypes and helpers that code outside of layers uses."""

from keraunos.config import (
    backend,
    epsilon,
    floatx,
    image_data_format,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    standardize_data_format,
)
from keraunos.dtypes import is_float_dtype, is_int_dtype, result_type, standardize_dtype
from keraunos.masking import get_keras_mask, set_keras_mask
from keraunos.naming import clear_session, current_path, get_uid, name_scope
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.stateless_scope import (
    StatelessScope,
    SymbolicScope,
    get_stateless_scope,
    get_symbolic_scope,
    in_stateless_scope,
    in_symbolic_scope,
)
from keraunos.tensor import (
    KerasTensor,
    any_symbolic_tensors,
    cast_tensor,
    convert_to_numpy,
    convert_to_tensor,
    is_keras_tensor,
    is_tensor,
    shape_equal,
    standardize_shape,
)
from keraunos.variable import AutocastScope, Variable, get_autocast_scope, initialize_all_variables

SUPPORTS_SPARSE_TENSORS = False
SUPPORTS_RAGGED_TENSORS = False
SUPPORTS_COMPLEX_DTYPES = False
IS_THREAD_SAFE = True


def random_seed_dtype():
    """The dtype of a seed's two numbers."""
    return "uint32"


__all__ = [
    "AutocastScope",
    "IS_THREAD_SAFE",
    "KerasTensor",
    "SUPPORTS_COMPLEX_DTYPES",
    "SUPPORTS_RAGGED_TENSORS",
    "SUPPORTS_SPARSE_TENSORS",
    "StatelessScope",
    "SymbolicScope",
    "Variable",
    "any_symbolic_tensors",
    "backend",
    "cast_tensor",
    "clear_session",
    "compute_output_spec",
    "convert_to_numpy",
    "convert_to_tensor",
    "current_path",
    "epsilon",
    "floatx",
    "get_autocast_scope",
    "get_keras_mask",
    "get_stateless_scope",
    "get_symbolic_scope",
    "get_uid",
    "image_data_format",
    "in_stateless_scope",
    "in_symbolic_scope",
    "initialize_all_variables",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "is_tensor",
    "name_scope",
    "random_seed_dtype",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_keras_mask",
    "shape_equal",
    "standardize_data_format",
    "standardize_dtype",
    "standardize_shape",
]


def __getattr__(name):
    # The functions of Keras 1 and 2, loaded when a script asks for one.
    import importlib

    older = importlib.import_module(f"{__name__}.older")
    if name.startswith("_") or not hasattr(older, name):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(older, name)
