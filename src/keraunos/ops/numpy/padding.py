"""Margins around a tensor."""

from __future__ import annotations

import numpy as np

from keraunos.ops._arguments import concrete, tensor, with_dtype
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import joining
from keraunos.tensor import convert_to_tensor, execute

operation = operations("numpy")


@operation("x", "constant_values")
def pad(x, pad_width, mode="constant", constant_values=None):
    """`x` with a margin.

    Args:
        x: the tensor.
        pad_width: an int, a pair `(before, after)`, or one pair per axis.
        mode: `"constant"`, `"reflect"` (mirrored without the edge), `"symmetric"` (with the edge), `"edge"`, `"wrap"`.
        constant_values: the value of a constant margin, 0 by default.
    """
    x = tensor(x)
    widths = _pad_widths(pad_width, len(x.shape))
    if mode == "constant":
        value = with_dtype(0 if constant_values is None else constant_values, x.dtype)
        if not any(before or after for before, after in widths):
            return x
        low, high = [before for before, _ in widths], [after for _, after in widths]
        return execute("pad", [x, value], {"low": low, "high": high})
    if constant_values is not None:
        raise ValueError(
            "Argument `constant_values` can only be provided when `mode == 'constant'`. "
            f"Received: mode={mode}, constant_values={constant_values}"
        )
    if mode not in ("reflect", "symmetric", "edge", "wrap"):
        raise ValueError(
            "pad: `mode` must be 'constant', 'reflect', 'symmetric', 'edge' or 'wrap'. " f"Received: mode={mode}"
        )
    for axis, (before, after) in enumerate(widths):
        if before or after:
            x = _pad_axis(x, axis, before, after, mode)
    return x


def _pad_widths(pad_width, rank):
    widths = np.asarray(concrete(pad_width))
    if widths.dtype.kind not in "iu" or widths.ndim > 2:
        raise ValueError(f"pad: `pad_width` must be integers. Received: pad_width={pad_width}")
    if widths.ndim < 2:
        if widths.ndim == 1 and widths.size == 1:
            widths = np.repeat(widths, 2)
        if widths.ndim == 1 and widths.size != 2:
            raise ValueError(f"pad: `pad_width` must be a pair or one pair per axis. Received: pad_width={pad_width}")
        widths = np.broadcast_to(widths, (rank, 2))
    elif widths.shape == (1, 2):
        widths = np.broadcast_to(widths, (rank, 2))
    elif widths.shape != (rank, 2):
        raise ValueError(
            "`pad_width` must have the same length as `x.shape`. "
            f"Received: pad_width={pad_width} (of length {len(widths)}) and a tensor of rank {rank}"
        )
    return [(int(before), int(after)) for before, after in widths]


def _pad_axis(x, axis, before, after, mode):
    length = x.shape[axis]
    if length is not None:
        index = np.pad(np.arange(length, dtype="int32"), (before, after), mode)
        return execute("gather", [x, convert_to_tensor(index)], {"axis": axis})
    parts = []
    if mode == "wrap":
        parts = [joining.slice_axis(x, axis, -before, None)] if before else []
        parts += [x] + ([joining.slice_axis(x, axis, 0, after)] if after else [])
    elif mode == "edge":
        parts = [joining.slice_axis(x, axis, 0, 1)] * before + [x] + [joining.slice_axis(x, axis, -1, None)] * after
    else:
        skip = 1 if mode == "reflect" else 0
        if before:
            parts.append(execute("flip", [joining.slice_axis(x, axis, skip, before + skip)], {"axes": [axis]}))
        parts.append(x)
        if after:
            end = -skip if skip else None
            parts.append(execute("flip", [joining.slice_axis(x, axis, -after - skip, end)], {"axes": [axis]}))
    return execute("concatenate", parts, {"axis": axis})


__all__ = ["pad"]
