"""Tensor contraction by transposing, reshaping and one matrix product; `einsum` on top of it."""

from __future__ import annotations

import collections
import functools

from keraunos.ops import _dims
from keraunos.ops.numpy import arithmetic, diagonals, shaping
from keraunos.tensor import execute


def contract(a, b, axes_a, axes_b):
    """The sums of products over pairs of axes: the free axes of `a`, then those of `b`."""
    for axis_a, axis_b in zip(axes_a, axes_b):
        size_a, size_b = a.shape[axis_a], b.shape[axis_b]
        if size_a is not None and size_b is not None and size_a != size_b:
            raise ValueError(
                "Summed axes must have the same size. "
                f"Received: shapes {tuple(a.shape)} and {tuple(b.shape)}, axes {axes_a} and {axes_b}"
            )
    free_a = [axis for axis in range(len(a.shape)) if axis not in axes_a]
    free_b = [axis for axis in range(len(b.shape)) if axis not in axes_b]
    sizes_a, sizes_b = _dims.shape_of(a), _dims.shape_of(b)
    rows = [sizes_a[axis] for axis in free_a]
    columns = [sizes_b[axis] for axis in free_b]
    if len(free_b) <= 1 and len(axes_a) == 1 and len(free_a) >= 1 and len(b.shape) == 2:
        # x @ w with any leading axes: no reshaping of x.
        left = shaping.permute(a, free_a + list(axes_a))
        return execute("matmul", [left, b], {"transpose_a": False, "transpose_b": axes_b[0] == 1})
    summed = _dims.product(sizes_a[axis] for axis in axes_a)
    left = _dims.reshape(shaping.permute(a, free_a + list(axes_a)), (_dims.product(rows), summed))
    right = _dims.reshape(shaping.permute(b, list(axes_b) + free_b), (summed, _dims.product(columns)))
    product = execute("matmul", [left, right], {"transpose_a": False, "transpose_b": False})
    return _dims.reshape(product, (*rows, *columns))


def einsum(subscripts, operands):
    """`einsum` of Tensors of one dtype."""
    terms, result = _parse(subscripts, tuple([len(x.shape) for x in operands]))
    pending = [_diagonals(term, x) for term, x in zip(terms, operands)]
    term, x = pending[0]
    for index in range(1, len(pending)):
        later = frozenset(result).union(*(t for t, _ in pending[index + 1 :]))
        term, x = _pairwise(term, x, *pending[index], later)
    term, x = _sum_out(term, x, result)
    if set(term) != set(result):
        missing = [label for label in result if label not in term]
        raise ValueError(f"einsum: the result has labels that no operand has: {missing}. Received: {subscripts}")
    return shaping.permute(x, [term.index(label) for label in result])


@functools.lru_cache(maxsize=256)
def _parse(subscripts, ranks):
    """The labels of every operand and of the result, as tuples; labels of `...` are negative numbers."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    if len(parts) != len(ranks):
        raise ValueError(
            f"einsum: {len(parts)} operands are named by the subscripts. Received: {len(ranks)} ('{subscripts}')"
        )
    terms = []
    broadcast = 0
    for part, rank in zip(parts, ranks):
        before, dots, after = part.partition("...")
        if not (before + after).isalpha() and before + after:
            raise ValueError(f"einsum: subscripts must be letters. Received: '{subscripts}'")
        extra = rank - len(before) - len(after)
        if extra < 0 or (extra and not dots):
            raise ValueError(
                f"einsum: '{part}' does not fit a tensor of rank {rank}. Received: '{subscripts}'"
            )
        broadcast = max(broadcast, extra)
        terms.append((*before, *range(-extra, 0), *after))
    if arrow:
        before, dots, after = output.partition("...")
        result = (*before, *(range(-broadcast, 0) if dots else ()), *after)
    else:
        letters = [label for term in terms for label in term if isinstance(label, str)]
        result = (*range(-broadcast, 0), *sorted(label for label in set(letters) if letters.count(label) == 1))
    if len(set(result)) != len(result):
        raise ValueError(f"einsum: a label of the result must not be repeated. Received: '{subscripts}'")
    return terms, result


def _diagonals(term, x):
    """Repeated labels within one operand: their diagonal."""
    if len(set(term)) == len(term):
        return term, x
    for label in dict.fromkeys(term):
        while term.count(label) > 1:
            first = term.index(label)
            second = term.index(label, first + 1)
            x = diagonals.diagonal(x, 0, first, second)
            term = (*[t for i, t in enumerate(term) if i not in (first, second)], label)
    return term, x


def _sum_out(term, x, wanted):
    """Sums over the labels that nobody wants any more."""
    axes = [axis for axis, label in enumerate(term) if label not in wanted]
    if not axes:
        return term, x
    return tuple([label for label in term if label in wanted]), execute("sum", [x], {"axes": axes, "keepdims": False})


# How two operands are multiplied: the orders of their axes and what these are joined to, the shape and labels of the result.
# A shape is `None` where nothing changes; without orders the operands are broadcast and the labels in `summed` are summed.
_Layout = collections.namedtuple("_Layout", ["labels", "summed", "order_a", "order_b", "shape_a", "shape_b", "shape"])


def _layout(term_a, sizes_a, term_b, sizes_b, later):
    shared = [label for label in term_a if label in term_b]
    summed = [label for label in shared if label not in later]
    batch = [label for label in shared if label in later]
    free_a = [label for label in term_a if label not in shared]
    free_b = [label for label in term_b if label not in shared]
    labels = (*batch, *free_a, *free_b)
    size_a, size_b = dict(zip(term_a, sizes_a)), dict(zip(term_b, sizes_b))
    for label in shared:
        one, other = size_a[label], size_b[label]
        if type(one) is int and type(other) is int and one != other and 1 not in (one, other):
            raise ValueError(f"einsum: axis '{label}' has sizes {one} and {other}.")
    if not summed or any(_is_one(size_a[label]) != _is_one(size_b[label]) for label in shared):
        return _Layout(labels, summed, None, None, None, None, None)
    batches = [size_a[label] for label in batch]
    inner = _dims.product(size_a[label] for label in summed)
    shape_a = shape_b = shape = None
    if len(free_a) != 1 or len(summed) != 1:
        shape_a = (*batches, _dims.product(size_a[label] for label in free_a), inner)
    if len(free_b) != 1 or len(summed) != 1:
        shape_b = (*batches, inner, _dims.product(size_b[label] for label in free_b))
    if len(free_a) != 1 or len(free_b) != 1:
        shape = (*batches, *[size_a[label] for label in free_a], *[size_b[label] for label in free_b])
    order_a = [term_a.index(label) for label in batch + free_a + summed]
    order_b = [term_b.index(label) for label in batch + summed + free_b]
    return _Layout(labels, summed, order_a, order_b, shape_a, shape_b, shape)


_layout_of_known_sizes = functools.lru_cache(maxsize=256)(_layout)


def _pairwise(term_a, a, term_b, b, later):
    """The product of two operands, summed over the labels that occur neither later nor in the result."""
    term_a, a = _sum_out(term_a, a, later.union(term_b))
    term_b, b = _sum_out(term_b, b, later.union(term_a))
    is_known = None not in a.shape and None not in b.shape
    find = _layout_of_known_sizes if is_known else _layout
    layout = find(term_a, _dims.shape_of(a), term_b, _dims.shape_of(b), later)
    if layout.order_a is None:
        return layout.labels, _by_broadcasting(term_a, a, term_b, b, layout.labels, layout.summed)
    a, b = shaping.permute(a, layout.order_a), shaping.permute(b, layout.order_b)
    if layout.shape_a is not None:
        a = _dims.reshape(a, layout.shape_a)
    if layout.shape_b is not None:
        b = _dims.reshape(b, layout.shape_b)
    product = execute("matmul", [a, b], {"transpose_a": False, "transpose_b": False})
    return layout.labels, product if layout.shape is None else _dims.reshape(product, layout.shape)


def _is_one(size):
    return type(size) is int and size == 1


def _by_broadcasting(term_a, a, term_b, b, kept, summed):
    labels = [*kept, *summed]

    def aligned(term, x):
        x = shaping.permute(x, [term.index(label) for label in labels if label in term])
        sizes = iter(_dims.shape_of(x))
        return _dims.reshape(x, tuple(next(sizes) if label in term else 1 for label in labels))

    product = arithmetic.multiply(aligned(term_a, a), aligned(term_b, b))
    if summed:
        product = execute("sum", [product], {"axes": list(range(len(kept), len(labels))), "keepdims": False})
    return product
