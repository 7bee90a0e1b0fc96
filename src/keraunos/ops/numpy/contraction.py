"""Tensor contraction by transposing, reshaping and one matrix product; `einsum` on top of it."""

from __future__ import annotations

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
    terms, result = _parse(subscripts, operands)
    counts = {}
    for term in terms:
        for label in set(term):
            counts[label] = counts.get(label, 0) + 1
    wanted = set(result)
    pending = []
    for term, x in zip(terms, operands):
        term, x = _diagonals(term, x)
        pending.append((term, x))
    term, x = pending[0]
    for index in range(1, len(pending)):
        later = set(result).union(*(t for t, _ in pending[index + 1 :]))
        term, x = _pairwise(term, x, *pending[index], later)
    term, x = _sum_out(term, x, wanted)
    if set(term) != wanted:
        missing = [label for label in result if label not in term]
        raise ValueError(f"einsum: the result has labels that no operand has: {missing}. Received: {subscripts}")
    return shaping.permute(x, [term.index(label) for label in result])


def _parse(subscripts, operands):
    """The labels of every operand and of the result, as lists; labels of `...` are negative numbers."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    if len(parts) != len(operands):
        raise ValueError(
            f"einsum: {len(parts)} operands are named by the subscripts. Received: {len(operands)} ('{subscripts}')"
        )
    terms = []
    broadcast = 0
    for part, x in zip(parts, operands):
        before, dots, after = part.partition("...")
        if not (before + after).isalpha() and before + after:
            raise ValueError(f"einsum: subscripts must be letters. Received: '{subscripts}'")
        extra = len(x.shape) - len(before) - len(after)
        if extra < 0 or (extra and not dots):
            raise ValueError(
                f"einsum: '{part}' does not fit a tensor of rank {len(x.shape)}. Received: '{subscripts}'"
            )
        broadcast = max(broadcast, extra)
        terms.append([*before, *range(-extra, 0), *after])
    if arrow:
        before, dots, after = output.partition("...")
        result = [*before, *(range(-broadcast, 0) if dots else ()), *after]
    else:
        letters = [label for term in terms for label in term if isinstance(label, str)]
        result = [*range(-broadcast, 0), *sorted(label for label in set(letters) if letters.count(label) == 1)]
    if len(set(result)) != len(result):
        raise ValueError(f"einsum: a label of the result must not be repeated. Received: '{subscripts}'")
    return terms, result


def _diagonals(term, x):
    """Repeated labels within one operand: their diagonal."""
    for label in list(dict.fromkeys(term)):
        while term.count(label) > 1:
            first = term.index(label)
            second = term.index(label, first + 1)
            x = diagonals.diagonal(x, 0, first, second)
            term = [t for i, t in enumerate(term) if i not in (first, second)] + [label]
    return term, x


def _sum_out(term, x, wanted):
    """Sums over the labels that nobody wants any more."""
    axes = [axis for axis, label in enumerate(term) if label not in wanted]
    if axes:
        x = execute("sum", [x], {"axes": axes, "keepdims": False})
    return [label for label in term if label in wanted], x


def _pairwise(term_a, a, term_b, b, later):
    """The product of two operands, summed over the labels that occur neither later nor in the result."""
    term_a, a = _sum_out(term_a, a, later.union(term_b))
    term_b, b = _sum_out(term_b, b, later.union(term_a))
    shared = [label for label in term_a if label in term_b]
    summed = [label for label in shared if label not in later]
    batch = [label for label in shared if label in later]
    free_a = [label for label in term_a if label not in shared]
    free_b = [label for label in term_b if label not in shared]
    size_a = dict(zip(term_a, _dims.shape_of(a)))
    size_b = dict(zip(term_b, _dims.shape_of(b)))
    for label in shared:
        one, other = size_a[label], size_b[label]
        if type(one) is int and type(other) is int and one != other and 1 not in (one, other):
            raise ValueError(f"einsum: axis '{label}' has sizes {one} and {other}.")
    if any(_is_one(size_a[label]) != _is_one(size_b[label]) for label in shared):
        return _by_broadcasting(term_a, a, term_b, b, batch + free_a + free_b, summed)
    if not summed:
        return _by_broadcasting(term_a, a, term_b, b, batch + free_a + free_b, [])
    a = shaping.permute(a, [term_a.index(label) for label in batch + free_a + summed])
    b = shaping.permute(b, [term_b.index(label) for label in batch + summed + free_b])
    batches = [size_a[label] for label in batch]
    rows = _dims.product(size_a[label] for label in free_a)
    columns = _dims.product(size_b[label] for label in free_b)
    inner = _dims.product(size_a[label] for label in summed)
    if len(free_a) != 1 or len(summed) != 1:
        a = _dims.reshape(a, (*batches, rows, inner))
    if len(free_b) != 1 or len(summed) != 1:
        b = _dims.reshape(b, (*batches, inner, columns))
    product = execute("matmul", [a, b], {"transpose_a": False, "transpose_b": False})
    if len(free_a) != 1 or len(free_b) != 1:
        sizes = batches + [size_a[label] for label in free_a] + [size_b[label] for label in free_b]
        product = _dims.reshape(product, tuple(sizes))
    return batch + free_a + free_b, product


def _is_one(size):
    return type(size) is int and size == 1


def _by_broadcasting(term_a, a, term_b, b, kept, summed):
    labels = kept + summed

    def aligned(term, x):
        x = shaping.permute(x, [term.index(label) for label in labels if label in term])
        sizes = iter(_dims.shape_of(x))
        return _dims.reshape(x, tuple(next(sizes) if label in term else 1 for label in labels))

    product = arithmetic.multiply(aligned(term_a, a), aligned(term_b, b))
    if summed:
        product = execute("sum", [product], {"axes": list(range(len(kept), len(labels))), "keepdims": False})
    return kept, product
