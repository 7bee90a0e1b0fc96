"""`ops.rearrange`: reshaping and moving axes by a pattern of names."""

from __future__ import annotations

import re

from keraunos.ops import _dims
from keraunos.ops._arguments import tensor as to_tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import shaping

operation = operations("einops")

_TOKEN = re.compile(r"\(([^()]*)\)|(\S+)")


def _axes(pattern):
    """A list of groups of names, one per axis: `"b (h w)"` -> `[["b"], ["h", "w"]]`."""
    groups = []
    for grouped, single in _TOKEN.findall(pattern):
        groups.append([single] if single else grouped.split())
    return groups


@operation("tensor", "pattern")
def rearrange(tensor, pattern, **axes_lengths):
    """`tensor` with its axes renamed by a pattern, as in einops.

    Args:
        tensor: the tensor.
        pattern: names of the axes before and after `->`; parentheses join axes into one: `"b (h w) -> b h w"`.
        axes_lengths: sizes of names inside parentheses on the left; one per group may be left out.

    >>> from keraunos import ops
    >>> ops.rearrange(ops.ones((2, 6)), "b (h w) -> w b h", h=3).shape
    (2, 2, 3)
    """
    x = to_tensor(tensor)
    before, arrow, after = pattern.partition("->")
    if not arrow:
        raise ValueError(f"rearrange: the pattern needs '->'. Received: pattern='{pattern}'")
    left, right = _axes(before), _axes(after)
    if len(left) != len(x.shape):
        raise ValueError(
            f"rearrange: the pattern names {len(left)} axes. Received: shape {tuple(x.shape)}, pattern='{pattern}'"
        )
    names = [name for group in left for name in group]
    wanted = [name for group in right for name in group]
    if len(set(names)) != len(names) or sorted(names) != sorted(wanted):
        raise ValueError(f"rearrange: both sides must hold the same names, each once. Received: pattern='{pattern}'")
    sizes = {}
    for group, size in zip(left, _dims.shape_of(x)):
        if len(group) == 1:
            sizes[group[0]] = size
            continue
        unknown = [name for name in group if name not in axes_lengths]
        if len(unknown) > 1:
            raise ValueError(f"rearrange: the sizes of {unknown} are needed. Received: pattern='{pattern}'")
        known = _dims.product(axes_lengths[name] for name in group if name in axes_lengths)
        for name in group:
            sizes[name] = size // known if name in unknown else axes_lengths[name]
    x = _dims.reshape(x, tuple(sizes[name] for name in names))
    x = shaping.permute(x, [names.index(name) for name in wanted])
    return _dims.reshape(x, tuple(_dims.product(sizes[name] for name in group) for group in right))


__all__ = ["rearrange"]
