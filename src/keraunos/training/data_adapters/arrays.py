"""Arrays as `fit` takes them: what counts as one, and how it becomes a plain NumPy array."""

import numpy as np

from keraunos import config
from keraunos.training.structure import leaves_of, map_leaves

_PLAIN_KINDS = "biu"
# (dtype, floatx) -> dtype to convert to, or the same dtype; filled as dtypes are met.
_TARGETS = {}


def _top_module(x):
    return type(x).__module__.partition(".")[0]


def is_pandas(x):
    return _top_module(x) == "pandas"


def is_scipy_sparse(x):
    return _top_module(x) == "scipy" and hasattr(x, "tocsr")


def is_array_like(x):
    """Returns `True` for anything with rows that can be cut into batches."""
    if isinstance(x, np.ndarray) or x is None:
        return True
    if isinstance(x, type) or isinstance(x, (str, bytes)):
        return False
    return hasattr(x, "__array__") or is_pandas(x) or is_scipy_sparse(x)


def all_array_like(structure):
    return all(is_array_like(leaf) for leaf in leaves_of(structure))


def as_array(x, name="x"):
    """Turns one array-like into a contiguous NumPy array in native byte order.

    Floats become `floatx()`; integers and booleans keep their type; a mask of a masked array is
    ignored.

    Args:
        x: NumPy array, tensor, pandas object, SciPy sparse matrix, anything with `__array__`.
        name: name of the argument, for messages.

    Raises:
        ValueError: naming dtype and position, if the values are no real numbers, or for a scalar.
    """
    if type(x) is not np.ndarray:
        x = _to_numpy(x, name)
    if x.ndim == 0:
        raise ValueError(
            f"Arrays must have at least one axis (the batch). Received: `{name}` of rank 0"
        )
    dtype = x.dtype
    target = _TARGETS.get((dtype, config.floatx()))
    if target is None:
        target = _target_dtype(x, name)
    if target is not dtype and target != dtype:
        x = x.astype(target)
    flags = x.flags
    if not (flags.c_contiguous and flags.aligned):
        x = np.require(x, requirements="CA")
    return x


def _target_dtype(x, name):
    dtype, floatx = x.dtype, config.floatx()
    is_bfloat16 = dtype.name == "bfloat16"
    if dtype.kind == "f" and not is_bfloat16:
        target = np.dtype(_numpy_dtype(floatx))
    elif dtype.kind in _PLAIN_KINDS or is_bfloat16:
        target = dtype.newbyteorder("=")
    else:
        _refuse_dtype(x, name)
    _TARGETS[(dtype, floatx)] = target
    return target


def _numpy_dtype(name):
    # NumPy has no bfloat16; float32 holds it and the graph casts.
    return "float32" if name == "bfloat16" else name


def _to_numpy(x, name):
    if is_pandas(x):
        return _pandas_to_numpy(x, name)
    if is_scipy_sparse(x):
        return np.asarray(x.todense())
    if isinstance(x, np.ma.MaskedArray):
        return np.asarray(x.data)
    if hasattr(x, "detach"):
        # torch: `__array__` refuses tensors that need a gradient or live elsewhere.
        x = x.detach().cpu()
    return np.asarray(x)


def _pandas_to_numpy(x, name):
    if not hasattr(x, "columns"):
        return np.expand_dims(x.to_numpy(), -1)
    for column, dtype in x.dtypes.items():
        if getattr(dtype, "kind", "O") not in "biuf":
            raise ValueError(
                "Invalid dtype: every column of a DataFrame must be numeric. "
                f"Received: column {column!r} of `{name}` with dtype {dtype}"
            )
    return x.to_numpy()


def _refuse_dtype(x, name):
    position = ""
    if x.dtype.kind == "O":
        for index, value in np.ndenumerate(x):
            if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
                position = f", first at {tuple(index)}: {str(value)[:50]!r}"
                break
    hint = ""
    if x.dtype.kind == "c":
        hint = " Complex values are not supported: pass real and imaginary parts."
    raise ValueError(
        f"Invalid dtype: {x.dtype}. Arrays must hold real numbers or booleans. "
        f"Received: `{name}` of shape {x.shape}{position}.{hint}"
    )


def as_arrays(structure, name):
    """Applies `as_array` to every leaf; a mapping's or list's own name is kept for messages."""
    return map_leaves(lambda leaf: as_array(leaf, name), structure)


def check_same_rows(x, y, sample_weight):
    """Returns the common number of rows; raises a `ValueError` listing all sizes otherwise."""
    rows = {leaf.shape[0] for leaf in leaves_of((x, y, sample_weight))}
    if len(rows) <= 1:
        return int(rows.pop()) if rows else 0
    lines = "".join(
        f"'{name}' sizes: {', '.join(str(leaf.shape[0]) for leaf in leaves_of(part))}\n"
        for name, part in (("x", x), ("y", y), ("sample_weight", sample_weight))
        if part is not None
    )
    raise ValueError(
        "Data cardinality is ambiguous. "
        f"Make sure all arrays contain the same number of samples.\n{lines}"
    )
