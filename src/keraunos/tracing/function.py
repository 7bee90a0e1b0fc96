"""`Function`: Python code traced once into a graph, then run natively."""

import operator

import numpy as np

from keraunos import _core
from keraunos import tree
from keraunos.variable import Variable

# Native calls by what they are called with.
CallTable = _core.CallTable

_Tensor = _core.Tensor
_NATIVE = (_Tensor, np.ndarray)


class Function:
    """A Python function of tensors that is traced once per structure of its arguments and then runs natively.

    The first size of every argument (the batch) is left open, so that another batch size needs no new trace; other sizes
    are opened when they are seen to change. Arguments that are not tensors or arrays are constants of the trace.
    Inside another trace, or while a tape listens, the Python function runs as it is.

    Args:
        function: The Python function. Its results are nestings of tensors.
        name: For messages; the function's own name if `None`.
        reduce_retracing: Whether sizes that changed are left open from then on.

    Example:

    >>> double = Function(lambda x: x * 2)
    >>> double(np.ones((3, 2), "float32")).shape
    (3, 2)
    """

    def __init__(self, function, name=None, reduce_retracing=True):
        self.function = function
        self.name = name or getattr(function, "__name__", "function")
        self.reduce_retracing = reduce_retracing
        self.trace_count = 0
        self._concretes = {}

    def __call__(self, *args):
        if _core.is_tracing() or _core.is_recording():
            return self.function(*args)
        concrete, tensors = self.concrete_for(args)
        return concrete.pack(concrete.native.call(tensors))

    def concrete_for(self, args):
        """Returns the trace that fits `args`, and the tensors and arrays among `args` in its order."""
        leaves = tree.flatten(args)
        tensors = []
        key = [None]
        for leaf in leaves:
            if isinstance(leaf, Variable):
                leaf = leaf.value
            if isinstance(leaf, _NATIVE):
                if not isinstance(leaf, _Tensor) and not leaf.flags.c_contiguous:
                    leaf = np.ascontiguousarray(leaf)
                tensors.append(leaf)
                key.append((str(leaf.dtype), leaf.ndim))
            else:
                key.append(leaf)
        key[0] = _structure_key(args, leaves)
        key = tuple(key)
        known = self._concretes.setdefault(key, [])
        for concrete in known:
            if concrete.accepts(tensors):
                return concrete, tensors
        specs = [_open_batch(tensor.shape) for tensor in tensors]
        if self.reduce_retracing and known:
            specs = [_common(spec, old) for spec, old in zip(specs, known[0].shapes)]
        concrete = self._trace_openly(args, tensors, specs)
        known.insert(0, concrete)
        return concrete, tensors

    def trace_for(self, args):
        """Returns a trace for arguments of which only dtypes and shapes are known, made if there is none yet.

        Args:
            args: A tuple of nestings of objects with `dtype` and `shape`; a size of `None` stays open.
        """
        leaves = tree.flatten(args)
        specs = [leaf for leaf in leaves if _is_spec(leaf)]
        shapes = [_open_batch(tuple(spec.shape)) for spec in specs]
        key = (_structure_key(args, leaves), *[(str(leaf.dtype), len(leaf.shape)) if _is_spec(leaf) else leaf for leaf in leaves])
        known = self._concretes.setdefault(key, [])
        for concrete in known:
            if all(map(_is_as_open, concrete.shapes, shapes)):
                return concrete
        remaining = iter(specs)
        stand_ins = [_stand_in(next(remaining)) if _is_spec(leaf) else leaf for leaf in leaves]
        tensors = [leaf for leaf, original in zip(stand_ins, leaves) if _is_spec(original)]
        known.insert(0, self._trace(tree.pack_sequence_as(args, stand_ins), tensors, shapes))
        return known[0]

    def latest(self):
        """Returns the trace that was made last, or `None`."""
        return next((known[0] for known in reversed(self._concretes.values()) if known), None)

    def _trace_openly(self, args, tensors, shapes):
        """Traces with open sizes; code that needs them as numbers is traced with the sizes at hand."""
        try:
            return self._trace(args, tensors, shapes)
        except (TypeError, ValueError):
            exact = [tuple(tensor.shape) for tensor in tensors]
            if exact == shapes:
                raise
            return self._trace(args, tensors, exact)

    def _trace(self, args, tensors, shapes):
        self.trace_count += 1
        with _core.Trace() as trace:
            symbols = [
                trace.input(str(tensor.dtype), shape, f"{self.name}_{i}") for i, (tensor, shape) in enumerate(zip(tensors, shapes))
            ]
            remaining = iter(symbols)
            leaves = [next(remaining) if isinstance(leaf, (*_NATIVE, Variable)) else leaf for leaf in tree.flatten(args)]
            results = self.function(*tree.pack_sequence_as(args, leaves))
            flat = [leaf.value if isinstance(leaf, Variable) else leaf for leaf in tree.flatten(results)]
            outputs = [leaf for leaf in flat if isinstance(leaf, _Tensor)]
            graph = trace.finish(outputs)
        return ConcreteFunction(_core.Function(graph), args, shapes, results, flat)


class ConcreteFunction:
    """One trace of a `Function`: the native function, the input shapes it accepts, the structure of its results.

    Args:
        native: The `_core.Function`.
        args: The arguments that were traced.
        shapes: One tuple per input; `None` is an open size.
        results: What the Python function returned.
        flat: The leaves of `results`.
    """

    def __init__(self, native, args, shapes, results, flat):
        self.native = native
        self.shapes = shapes
        # The leaves that are inputs, by number: the trace must not keep the first batch alive.
        numbers = iter(range(len(shapes)))
        self._arguments = tree.map_structure(lambda leaf: next(numbers) if isinstance(leaf, (*_NATIVE, Variable)) else None, args)
        self._dtypes = [dtype for dtype, _ in native.graph.input_specs]
        self._constants = [None if isinstance(leaf, _Tensor) else leaf for leaf in flat]
        self._is_tensor = [isinstance(leaf, _Tensor) for leaf in flat]
        self._is_single = not tree.is_nested(results)
        self.gives_one_tensor = self._is_single and self._is_tensor == [True]
        is_flat = type(results) in (list, tuple) and len(results) == len(flat) and all(self._is_tensor)
        # What the results are in, where they are nothing but tensors side by side.
        self._container = type(results) if is_flat else None
        # Results without their values: a trace must not keep its tensors alive.
        self._structure = None if self._is_single else tree.pack_sequence_as(results, list(range(len(flat))))

    def accepts(self, tensors):
        """Whether the trace was made for tensors of these shapes."""
        for tensor, shape in zip(tensors, self.shapes):
            given = tensor.shape
            if given == shape:
                continue
            for size, wanted in zip(given, shape):
                if wanted is not None and size != wanted:
                    return False
        return True

    def argument_specs(self):
        """Returns the arguments with a `Spec` for each input, `None` for everything else."""
        specs = [Spec(dtype, shape) for dtype, shape in zip(self._dtypes, self.shapes)]
        return tree.map_structure(lambda number: None if number is None else specs[number], self._arguments)

    def argument_paths(self):
        """Returns the path (indices and keys) of each input in the arguments."""
        return [path for path, number in tree.flatten_with_path(self._arguments) if number is not None]

    def result_paths(self):
        """Returns the path of each output in the results."""
        if self._is_single:
            return [()] * sum(self._is_tensor)
        pairs = tree.flatten_with_path(self._structure)
        return [path for path, number in pairs if self._is_tensor[number]]

    def pack(self, outputs):
        """Returns the native outputs in the structure that the Python function returned."""
        if self._container is not None:
            return self._container(outputs)
        if self._is_single:
            return outputs[0] if outputs else self._constants[0]
        remaining = iter(outputs)
        flat = [next(remaining) if is_tensor else constant for is_tensor, constant in zip(self._is_tensor, self._constants)]
        return tree.pack_sequence_as(self._structure, flat)


class Spec:
    """Dtype and shape of an input; `None` is an open size."""

    def __init__(self, dtype, shape):
        self.dtype = dtype
        self.shape = tuple(shape)


def _is_spec(leaf):
    return hasattr(leaf, "dtype") and hasattr(leaf, "shape")


def _is_as_open(shape, wanted):
    return all(size is None or size == other for size, other in zip(shape, wanted))


def _stand_in(spec):
    """An array of that dtype and number of axes, without memory to speak of. NumPy has no bfloat16: the core casts."""
    dtype = "float32" if str(spec.dtype) == "bfloat16" else str(spec.dtype)
    return np.zeros([0] * len(spec.shape), dtype)


def _structure_key(args, leaves):
    is_flat = len(leaves) == len(args) and all(map(operator.is_, leaves, args))
    return len(args) if is_flat else repr(tree.map_structure(lambda leaf: 0, args))


def _open_batch(shape):
    return (None, *shape[1:]) if shape else ()


def _common(shape, other):
    return tuple(a if a == b else None for a, b in zip(shape, other))
