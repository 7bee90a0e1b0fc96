"""Control flow: conditions, loops and scans, as Python outside of traces and as graph ops inside."""

from __future__ import annotations

import builtins

from keraunos import _core, tree
from keraunos.ops import _dims
from keraunos.ops._arguments import axis_index, concrete, tensor
from keraunos.ops._dispatch import operations
from keraunos.ops.numpy import arithmetic, comparisons, joining, repeating
from keraunos.ops.shape_inference import compute_output_spec
from keraunos.tensor import KerasTensor, Tensor, cast_tensor, convert_to_tensor, execute

operation = operations("core")


class _Branch:
    """A function traced by itself: its graph, the outer tensors that it uses, and the structure of its result."""

    def __init__(self, function, specs):
        trace = _core.Trace(branch=True)
        with trace:
            inputs = [trace.input(dtype, shape, f"input_{i}") for i, (dtype, shape) in enumerate(specs)]
            self.structure = function(*inputs)
            leaves = tree.flatten(self.structure)
            self.is_none = [leaf is None for leaf in leaves]
            outputs = [convert_to_tensor(leaf) for leaf in leaves if leaf is not None]
            self.specs = [(x.dtype, tuple(x.shape)) for x in outputs]
            self.graph = trace.finish(outputs)
        self.captures = list(trace.captures)

    def pack(self, results):
        """The structure of the function's result around other tensors."""
        results = iter(results)
        return tree.pack_sequence_as(self.structure, [None if none else next(results) for none in self.is_none])


def _as_tuple(results):
    return results if isinstance(results, tuple) else (results,)


def _specs(values):
    return [(x.dtype, tuple(x.shape)) for x in values]


# ------------------------------------------------------------------ conditions


def _cond_spec(pred, true_fn, false_fn):
    when_true, when_false = compute_output_spec(true_fn), compute_output_spec(false_fn)
    if not _are_same(when_true, when_false):
        raise ValueError(
            "`true_fn` and `false_fn` should return outputs of the same kind (struct, dtype and shape). "
            f"Got {when_true} and {when_false} instead."
        )
    return when_true


def _are_same(a, b):
    try:
        tree.assert_same_structure(a, b)
    except ValueError:
        return False
    for x, y in zip(tree.flatten(a), tree.flatten(b)):
        if (x is None) != (y is None):
            return False
        if x is not None and hasattr(x, "shape") and hasattr(y, "shape") and (x.shape, x.dtype) != (y.shape, y.dtype):
            return False
    return True


@operation("pred", "true_fn", "false_fn", spec=_cond_spec)
def cond(pred, true_fn, false_fn):
    """`true_fn()` if the bool `pred` holds, else `false_fn()`. In a trace both must give the same structure.

    >>> from keraunos import ops
    >>> ops.cond(True, lambda: 1, lambda: 2)
    1
    """
    known = concrete(pred)
    if known is not None:
        return true_fn() if bool(known) else false_fn()
    then, otherwise = _Branch(true_fn, []), _Branch(false_fn, [])
    try:
        tree.assert_same_structure(then.structure, otherwise.structure)
    except ValueError as error:
        raise ValueError(f"cond: `true_fn` and `false_fn` must return the same structure. {error}") from None
    inputs = [cast_tensor(pred, "bool"), *then.captures, *otherwise.captures]
    attributes = {"then": then.graph, "otherwise": otherwise.graph, "then_count": len(then.captures)}
    if not then.specs:
        return then.structure
    return then.pack(_as_tuple(execute("cond", inputs, attributes)))


@operation("index", "branches", "operands")
def switch(index, branches, *operands):
    """`branches[index](*operands)`; an index out of range counts as the nearest in range."""
    branches = list(branches)
    known = concrete(index)
    if known is not None:
        return branches[builtins.min(builtins.max(int(known), 0), len(branches) - 1)](*operands)
    index = tensor(index)

    def chain(i):
        if i == len(branches) - 1:
            return branches[i](*operands)
        return cond(comparisons.less_equal(index, i), lambda: branches[i](*operands), lambda: chain(i + 1))

    return chain(0)


# ------------------------------------------------------------------ loops


def _loop_spec(cond, body, loop_vars, maximum_iterations=None):
    return tree.map_structure(lambda v: KerasTensor(v.shape, dtype=v.dtype), loop_vars)


@operation("loop_vars", spec=_loop_spec)
def while_loop(cond, body, loop_vars, maximum_iterations=None):
    """Applies `body` to the loop variables as long as `cond` of them holds.

    Args:
        cond: a function of the loop variables that gives a bool.
        body: a function of the loop variables that gives new ones, of the same structure, shapes and dtypes.
        loop_vars: a tensor, or a list or tuple of (structures of) tensors, handed over one by one.
        maximum_iterations: an upper limit of repetitions.

    >>> from keraunos import ops
    >>> int(ops.while_loop(lambda i: i < 10, lambda i: i + 3, 0))
    12
    """
    is_sequence = isinstance(loop_vars, (list, tuple))
    state = tree.map_structure(convert_to_tensor, loop_vars)

    def call(function, variables):
        return function(*variables) if is_sequence else function(variables)

    count = 0
    while maximum_iterations is None or count < maximum_iterations:
        holds = concrete(call(cond, state))
        if holds is None:
            left = -1 if maximum_iterations is None else maximum_iterations - count
            return _graph_loop(cond, body, state, left, call)
        if not bool(holds):
            break
        result = call(body, state)
        if is_sequence and not isinstance(result, (list, tuple)):
            result = (result,)
        state = tree.map_structure(convert_to_tensor, type(loop_vars)(result) if is_sequence else result)
        count += 1
    return state


def _graph_loop(cond, body, state, limit, call):
    flat = tree.flatten(state)

    def packed(function):
        return lambda *leaves: call(function, tree.pack_sequence_as(state, list(leaves)))

    test = _Branch(lambda *leaves: cast_tensor(tensor(packed(cond)(*leaves)), "bool"), _specs(flat))
    step = _Branch(packed(body), _specs(flat))
    attributes = {
        "condition": test.graph,
        "body": step.graph,
        "variable_count": len(flat),
        "condition_captures": len(test.captures),
        "maximum_iterations": limit,
    }
    results = execute("while_loop", [*flat, *test.captures, *step.captures], attributes)
    return tree.pack_sequence_as(state, list(_as_tuple(results)))


@operation("lower", "upper", "init_val")
def fori_loop(lower, upper, body_fun, init_val):
    """Applies `body_fun(i, value)` to a value for i = lower, ..., upper - 1."""
    first, last = concrete(lower), concrete(upper)
    if first is not None and last is not None:
        if not _core.is_tracing():
            value = init_val
            for i in range(int(first), int(last)):
                value = body_fun(tensor(i), value)
            return tree.map_structure(convert_to_tensor, value)
        indices = arithmetic.add(_dims.iota(builtins.max(int(last) - int(first), 0), "int32"), int(first))
        return scan(lambda value, i: (body_fun(i, value), None), init_val, indices)[0]
    start = (tensor(lower), init_val)
    return while_loop(lambda i, _: comparisons.less(i, upper), lambda i, v: (i + 1, body_fun(i, v)), start)[1]


@operation("f", "init", "xs")
def scan(f, init, xs=None, length=None, reverse=False, unroll=1):
    """Walks along the first axis of `xs` with a carried value.

    Args:
        f: `f(carry, x) -> (carry, y)`; the carry keeps its structure, shapes and dtypes.
        init: the first carry.
        xs: a structure of tensors with one first axis, or `None`.
        length: the number of steps, where `xs` is `None`.
        reverse: whether to walk from the end.
        unroll: `True` to write every step out in a trace.

    Returns `(the last carry, the stacked ys)`.

    >>> from keraunos import ops
    >>> total, sums = ops.scan(lambda c, x: (c + x, c + x), ops.array(0), ops.arange(4))
    >>> sums.numpy().tolist()
    [0, 1, 3, 6]
    """
    if not callable(f):
        raise TypeError(f"`f` should be a callable. Received: f={f}")
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(f"`unroll` must be an positive integer or boolean. Received: unroll={unroll}")
    if xs is None and length is None:
        raise ValueError("Got no `xs` to scan over and `length` not provided.")
    init = tree.map_structure(convert_to_tensor, init)
    xs = None if xs is None else tree.map_structure(convert_to_tensor, xs)
    leaves = [] if xs is None else tree.flatten(xs)
    count = int(length) if length is not None else (leaves[0].shape[0] if leaves else 0)
    if _core.is_tracing() and unroll is not True and (count is None or count > 0):
        return _graph_scan(f, init, xs, leaves, count, reverse)
    if count is None:
        raise ValueError("scan: the length must be known to write every step out.")
    return _python_scan(f, init, xs, leaves, count, reverse)


def _python_scan(f, init, xs, leaves, count, reverse):
    carry, ys = init, []
    for i in reversed(range(count)) if reverse else range(count):
        x = None
        if xs is not None:
            slices = [joining.slice_axis(leaf, 0, i, i + 1, squeeze_axis=True) for leaf in leaves]
            x = tree.pack_sequence_as(xs, slices)
        carry, y = f(carry, x)
        ys.append(y)
    if reverse:
        ys.reverse()
    if not ys:
        spec = compute_output_spec(f, *tree.map_structure(_step_spec, (init, xs)))[1]
        empty = tree.map_structure(lambda y: _dims.fill(convert_to_tensor(0, y.dtype), (0, *y.shape)), spec)
        return carry, empty
    if ys[0] is None:
        return carry, None
    return carry, tree.map_structure(lambda *rows: joining.stack(builtins.list(rows)), *ys, none_is_leaf=False)


def _step_spec(x):
    return x


def _graph_scan(f, init, xs, leaves, count, reverse):
    carry = tree.flatten(init)

    def step(*inputs):
        inputs = list(inputs)
        state = tree.pack_sequence_as(init, inputs[: len(carry)])
        x = None if xs is None else tree.pack_sequence_as(xs, inputs[len(carry) :])
        new, y = f(state, x)
        new = [cast_tensor(convert_to_tensor(v), c.dtype) for v, c in zip(tree.flatten(new), carry)]
        return new, y

    specs = _specs(carry) + [(x.dtype, tuple(x.shape)[1:]) for x in leaves]
    body = _Branch(step, specs)
    attributes = {
        "body": body.graph,
        "carry_count": len(carry),
        "xs_count": len(leaves),
        "length": count if count is not None else 0,
        "reverse": bool(reverse),
    }
    results = list(_as_tuple(execute("scan", [*carry, *leaves, *body.captures], attributes)))
    new, ys = body.pack(results)
    return tree.pack_sequence_as(init, new), ys


def _map_spec(f, xs):
    first = tree.flatten(xs)[0].shape[0]
    row = tree.map_structure(lambda x: KerasTensor(x.shape[1:], dtype=x.dtype), xs)
    result = compute_output_spec(f, row)
    return tree.map_structure(lambda y: KerasTensor((first, *y.shape), dtype=y.dtype), result)


@operation("f", "xs", spec=_map_spec)
def map(f, xs):
    """`f` of each row of the first axis of `xs`, stacked."""
    return scan(lambda _, x: ((), f(x)), (), xs)[1]


@operation("elements", spec=lambda function, elements: _map_spec(function, elements))
def vectorized_map(function, elements):
    """`function` of each row of the first axis of `elements`, stacked."""
    return map(function, elements)


def _associative_spec(f, elems, reverse=False, axis=0):
    lengths = [x.shape[axis] for x in tree.flatten(elems)]
    if len(set(lengths)) != 1:
        raise ValueError(
            "Array inputs to associative_scan must have the same first dimension. "
            f"(saw: {[x.shape for x in tree.flatten(elems)]})"
        )

    def first(x):
        shape = list(x.shape)
        shape[axis] = 1
        return KerasTensor(tuple(shape), dtype=x.dtype)

    one = tree.map_structure(first, elems)
    result = compute_output_spec(f, one, one)
    return tree.map_structure(lambda y, x: KerasTensor(x.shape, dtype=y.dtype), result, elems)


@operation("f", "elems", spec=_associative_spec)
def associative_scan(f, elems, reverse=False, axis=0):
    """All running results of an associative function of two along an axis.

    Args:
        f: `f(a, b)` with `f(f(a, b), c) == f(a, f(b, c))`, applied to many pairs at once.
        elems: a structure of tensors with the same size along the axis.
        reverse: whether to start from the end.
        axis: the axis.

    >>> from keraunos import ops
    >>> ops.associative_scan(lambda a, b: a + b, ops.arange(5)).numpy().tolist()
    [0, 1, 3, 6, 10]
    """
    if not callable(f):
        raise TypeError(f"`f` should be a callable. Received: f={f}")
    leaves = [convert_to_tensor(x) for x in tree.flatten(elems)]
    axes = [axis_index(axis, len(x.shape)) for x in leaves]
    count = leaves[0].shape[axes[0]]
    if count is None or any(x.shape[a] != count for x, a in zip(leaves, axes)):
        raise ValueError(
            "Array inputs to associative_scan must have the same first dimension. "
            f"(saw: {[tuple(x.shape) for x in leaves]})"
        )

    def part(x, a, begin, end):
        return joining.slice_axis(x, a, begin, end)

    def combine(first, second):
        result = f(tree.pack_sequence_as(elems, first), tree.pack_sequence_as(elems, second))
        return [convert_to_tensor(x) for x in tree.flatten(result)]

    if reverse:
        leaves = [repeating.flip(x, a) for x, a in zip(leaves, axes)]
    # Each round lets every element take in what lies 1, 2, 4, ... before it.
    distance = 1
    while distance < count:
        earlier = [part(x, a, 0, count - distance) for x, a in zip(leaves, axes)]
        later = [part(x, a, distance, None) for x, a in zip(leaves, axes)]
        joined = combine(earlier, later)
        heads = [part(x, a, 0, distance) for x, a in zip(leaves, axes)]
        leaves = [joining.concatenate([head, new], axis=a) for head, new, a in zip(heads, joined, axes)]
        distance *= 2
    if reverse:
        leaves = [repeating.flip(x, a) for x, a in zip(leaves, axes)]
    return tree.pack_sequence_as(elems, leaves)


# ------------------------------------------------------------------ gradients


def custom_gradient(f):
    """Gives a function its own gradient.

    Args:
        f: a function of tensors that returns `(result, gradient)`, where `gradient(upstream)` returns the gradients
            with respect to the arguments: one, or as many as there are.

    Example:

    >>> from keraunos import ops
    >>> @ops.custom_gradient
    ... def passed_through_sign(x):
    ...     return ops.sign(x), lambda upstream: upstream
    >>> float(passed_through_sign(ops.array(-3.0)))
    -1.0
    """

    def with_gradient(*args, **kwargs):
        args = tree.map_structure(lambda x: x if callable(x) or isinstance(x, str) else convert_to_tensor(x), args)
        inputs = [x for x in tree.flatten(args) if isinstance(x, Tensor)]
        _core.stop_recording()
        try:
            result, gradient = f(*args, **kwargs)
        finally:
            _core.resume_recording()
        outputs = [convert_to_tensor(x) for x in tree.flatten(result)]

        def callback(*upstream):
            found = gradient(*upstream)
            found = list(found) if isinstance(found, (list, tuple)) else [found]
            if len(found) != len(inputs):
                raise ValueError(
                    f"custom_gradient: as many gradients as arguments are needed, {len(inputs)}. Received: {len(found)}"
                )
            return [None if g is None else convert_to_tensor(g) for g in found]

        outputs = _core.custom_gradient(outputs, inputs, callback)
        return tree.pack_sequence_as(result, list(outputs))

    with_gradient.__name__ = getattr(f, "__name__", "with_gradient")
    with_gradient.__doc__ = f.__doc__
    with_gradient.__wrapped__ = f
    return with_gradient


__all__ = [
    "associative_scan",
    "cond",
    "custom_gradient",
    "fori_loop",
    "map",
    "scan",
    "switch",
    "vectorized_map",
    "while_loop",
]
