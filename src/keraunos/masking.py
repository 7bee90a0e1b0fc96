"""The mask that travels with a tensor as its `_keras_mask` attribute."""

from __future__ import annotations


def get_keras_mask(x):
    """The mask of `x`, or `None`."""
    return getattr(x, "_keras_mask", None)


def set_keras_mask(x, mask):
    """Attaches `mask` to `x`; `None` takes it away."""
    if mask is None:
        if getattr(x, "_keras_mask", None) is not None:
            del x._keras_mask
        return
    x._keras_mask = mask
