"""Shapes and dtypes of any function's results, found by running it once on tensors without values."""

from __future__ import annotations

from keraunos import _core, tree
from keraunos.stateless_scope import StatelessScope, SymbolicScope
from keraunos.tensor import KerasTensor, Tensor


def compute_output_spec(fn, *args, **kwargs):
    """What `fn(*args, **kwargs)` returns, with KerasTensors in place of tensors.

    The function runs in a trace that is thrown away: nothing is computed and no variable changes.

    Example:

    >>> from keraunos import KerasTensor, ops
    >>> compute_output_spec(ops.matmul, KerasTensor((None, 3)), KerasTensor((3, 2))).shape
    (None, 2)
    """
    with StatelessScope(), SymbolicScope():
        trace = _core.Trace(scratch=True)
        with trace:

            def to_symbolic(x):
                return trace.input(x.dtype, x.shape, x.name) if isinstance(x, KerasTensor) else x

            args, kwargs = tree.map_structure(to_symbolic, (args, kwargs))
            outputs = fn(*args, **kwargs)
            return tree.map_structure(to_keras_tensor, outputs)


def to_keras_tensor(x):
    """A `KerasTensor` like the tensor or variable `x`; anything else as it is."""
    from keraunos.variable import Variable

    if isinstance(x, Tensor):
        return KerasTensor(x.shape, x.dtype)
    if isinstance(x, Variable):
        return KerasTensor(x.shape, x.dtype)
    return x
