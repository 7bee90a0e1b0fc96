"""Derivatives along a direction (forward mode), by differentiating a gradient."""

from __future__ import annotations

from keraunos import _core, tree
from keraunos.ops._arguments import tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, creation, elementwise, reduction

operation = operations("linalg")


@operation("fun", "primals", "tangents", name="JVP")
def jvp(fun, primals, tangents, has_aux=False):
    """A function's values, and its derivatives along a direction.

    Args:
        fun: a function of tensors, or of structures of them, that gives one tensor or a structure of them.
        primals: a tuple or list of the arguments of `fun`.
        tangents: the direction: as `primals`.
        has_aux: whether `fun` gives a pair, whose second part is passed on as it is.

    Returns:
        `(values, derivatives)`, or `(values, derivatives, aux)`.
    """
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, (tuple, list)):
            raise TypeError(f"jvp: `{name}` must be a tuple or a list. Received: {name}={value}")
    tree.assert_same_structure(list(primals), list(tangents))
    sources = [elementwise.copy(tensor(leaf)) for leaf in tree.flatten(list(primals))]
    directions = [tensor(leaf) for leaf in tree.flatten(list(tangents))]
    inner, outer = _core.Tape(True, False), _core.Tape(False, False)
    outer.start()
    inner.start()
    for source in sources:
        inner.watch(source)
    result = fun(*tree.pack_sequence_as(list(primals), sources))
    values, aux = result if has_aux else (result, None)
    targets = [tensor(leaf) for leaf in tree.flatten(values)]
    inner.stop()
    # The gradients are linear in what flows into the values; the derivative with respect to that is the one along the direction.
    flows = [creation.zeros_like(target) for target in targets]
    for flow in flows:
        outer.watch(flow)
    total = _inner_products(inner.gradient(targets, sources, flows), directions)
    outer.stop()
    found = outer.gradient([total], flows) if total is not None else [None] * len(flows)
    derivatives = [creation.zeros_like(target) if slope is None else slope for target, slope in zip(targets, found)]
    derivatives = tree.pack_sequence_as(values, derivatives)
    return (values, derivatives, aux) if has_aux else (values, derivatives)


def _inner_products(gradients, directions):
    total = None
    for gradient, direction in zip(gradients, directions):
        if gradient is not None:
            part = reduction.sum(arithmetic.multiply(gradient, direction))
            total = part if total is None else arithmetic.add(total, part)
    return total


__all__ = ["jvp"]
