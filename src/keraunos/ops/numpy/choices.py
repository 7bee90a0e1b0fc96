"""Elements chosen by a condition, or limited."""

from __future__ import annotations

from keraunos.dtypes import promoted
from keraunos.ops._arguments import (
    booleans,
    cast_tensor,
    operand_type,
    pair,
    with_dtype,
    without_bool,
)
from keraunos.ops._dispatch import operations
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.tensor import KerasTensor, execute

operation = operations("numpy")


def _where_spec(condition, x1=None, x2=None):
    if x1 is None and x2 is None:
        return KerasTensor(condition.shape, dtype="int32")
    return compute_output_spec(where.__wrapped__, condition, x1, x2)


@operation("condition", "x1", "x2", spec=_where_spec)
def where(condition, x1=None, x2=None):
    """`x1` where the condition holds, `x2` elsewhere; without both, the indices where it holds (see `nonzero`)."""
    if (x1 is None) != (x2 is None):
        raise ValueError("`x1` and `x2` either both should be `None` or both should have non-None value.")
    if x1 is None:
        from keraunos.ops.numpy.sorting import nonzero

        return nonzero(condition)
    x1, x2 = pair(x1, x2)
    return execute("select", [booleans(condition), x1, x2], {})


@operation("condlist", "choicelist", "default")
def select(condlist, choicelist, default=0):
    """For each element, the choice of the first condition that holds, else `default`."""
    if not isinstance(condlist, (list, tuple)) or not isinstance(choicelist, (list, tuple)):
        raise ValueError(
            "condlist and choicelist must be lists. "
            f"Received: type(condlist) = {type(condlist)}, type(choicelist) = {type(choicelist)}"
        )
    if not condlist or len(condlist) != len(choicelist):
        raise ValueError(
            "condlist and choicelist must be non-empty and of equal length. "
            f"Received: len(condlist)={len(condlist)}, len(choicelist)={len(choicelist)}"
        )
    result = default
    for condition, choice in zip(reversed(condlist), reversed(choicelist)):
        result = where(condition, choice, result)
    return result


@operation
def clip(x, x_min, x_max):
    """`x` limited to [x_min, x_max]; `None` is no limit."""
    x = without_bool(x)
    kinds = [operand_type(limit) for limit in (x_min, x_max) if limit is not None]
    x = cast_tensor(x, promoted(x.dtype, *kinds)) if kinds else x
    if x_min is not None:
        x = execute("maximum", [x, with_dtype(x_min, x.dtype)], {})
    if x_max is not None:
        x = execute("minimum", [x, with_dtype(x_max, x.dtype)], {})
    return x


__all__ = [
    "clip",
    "select",
    "where",
]
