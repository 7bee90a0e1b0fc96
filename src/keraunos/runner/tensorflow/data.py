"""`tf.data`: pipelines of Python objects that `fit`, `evaluate` and `predict` take.

Elements are arrays, or tuples and dicts of them. Arrays travel as NumPy arrays and are given out as tensors.
Datasets cut from arrays are shuffled, repeated and batched by index, without touching single elements.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from keraunos import ops
from keraunos.runner.tensorflow import _subset
from keraunos.runner.tensorflow.arrays import TensorSpec, as_dtype

AUTOTUNE = -1
INFINITE_CARDINALITY = -1
UNKNOWN_CARDINALITY = -2

_builtin_range = range
_builtin_zip = zip


class experimental:
    """`tf.data.experimental`: the names that moved to `tf.data` long ago."""

    AUTOTUNE = AUTOTUNE
    INFINITE_CARDINALITY = INFINITE_CARDINALITY
    UNKNOWN_CARDINALITY = UNKNOWN_CARDINALITY

    @staticmethod
    def cardinality(dataset: Dataset) -> int:
        """The number of elements, or one of the two constants."""
        return dataset.cardinality()


class Options:
    """Accepts any option and means none of them."""


def _map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    if isinstance(value, tuple):
        mapped = [_map_leaves(function, item) for item in value]
        return type(value)(*mapped) if hasattr(value, "_fields") else tuple(mapped)
    if isinstance(value, dict):
        return type(value)((key, _map_leaves(function, item)) for key, item in value.items())
    return function(value)


def _entries(arrays: Any, index: Any) -> Any:
    return _map_leaves(lambda array: array[index], arrays)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def _as_array(value: Any) -> np.ndarray:
    if isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    if ops.is_tensor(value) or hasattr(value, "__array__"):
        return np.asarray(value)
    array = np.asarray(value)
    if array.dtype == np.float64:
        return array.astype(np.float32)
    return array.astype(np.int32) if array.dtype == np.int64 else array


def _as_tensor(array: Any) -> Any:
    # Text and objects have no tensor; they are given out as they are.
    if isinstance(array, np.ndarray) and array.dtype.kind in "USOM":
        return array[()]
    return ops.convert_to_tensor(array)


def _stack(elements: list[Any]) -> Any:
    first = elements[0]
    if isinstance(first, tuple):
        parts = [_stack(list(part)) for part in _builtin_zip(*elements, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else tuple(parts)
    if isinstance(first, dict):
        return type(first)((key, _stack([element[key] for element in elements])) for key in first)
    arrays = [_as_array(element) for element in elements]
    if any(array.shape != arrays[0].shape for array in arrays):
        shapes = sorted({array.shape for array in arrays})
        raise ValueError(f"tf.data.Dataset.batch: elements of a batch must have one shape. Received: shapes={shapes}")
    return np.stack(arrays)


def _shuffled(items: Iterator[Any], buffer_size: int, generator: np.random.Generator) -> Iterator[Any]:
    """Draws from a buffer of `buffer_size` items that is refilled from `items`."""
    buffer = list(itertools.islice(items, buffer_size))
    for item in items:
        place = int(generator.integers(len(buffer)))
        yield buffer[place]
        buffer[place] = item
    generator.shuffle(buffer)
    yield from buffer


def _chunks(items: Iterator[Any], size: int, drop_remainder: bool) -> Iterator[list[Any]]:
    while chunk := list(itertools.islice(items, size)):
        if len(chunk) < size and drop_remainder:
            return
        yield chunk


def _repeated(iterate: Callable[[], Iterator[Any]], count: int | None) -> Iterator[Any]:
    for _ in itertools.count() if count is None or count < 0 else _builtin_range(count):
        is_empty = True
        for item in iterate():
            is_empty = False
            yield item
        if is_empty:
            return


class Dataset:
    """A sequence of elements that can be iterated over again and again.

    Made by `from_tensor_slices`, `from_tensors`, `from_generator`, `range` and `zip`; every method returns a new one.

    Example:
        >>> dataset = Dataset.range(5).map(lambda x: x * 2).batch(2)
        >>> [batch.tolist() for batch in dataset.as_numpy_iterator()]
        [[0, 2], [4, 6], [8]]
    """

    def __init__(self, iterate: Callable[[], Iterator[Any]], length: int) -> None:
        self._iterate = iterate
        self._length = length

    # -- sources

    @staticmethod
    def from_tensor_slices(tensors: Any, name: str | None = None) -> Dataset:
        """One element for each entry along the first axis of the array or arrays."""
        arrays = _map_leaves(_as_array, tensors)
        sizes = {array.shape[0] if array.ndim else -1 for array in _leaves(arrays)}
        if len(sizes) != 1 or -1 in sizes:
            shapes = [array.shape for array in _leaves(arrays)]
            raise ValueError(
                "tf.data.Dataset.from_tensor_slices: all arrays must have the same first size. "
                f"Received: shapes={shapes}"
            )
        (length,) = sizes
        return _Slices(arrays, lambda: iter(_builtin_range(length)), length)

    @staticmethod
    def from_tensors(tensors: Any, name: str | None = None) -> Dataset:
        """A single element."""
        element = _map_leaves(_as_array, tensors)
        return Dataset(lambda: iter([element]), 1)

    @staticmethod
    def from_generator(
        generator: Callable[..., Iterable[Any]],
        output_types: Any = None,
        output_shapes: Any = None,
        args: Any = (),
        output_signature: Any = None,
        name: str | None = None,
    ) -> Dataset:
        """The elements that `generator(*args)` yields; the signature, if given, sets their dtypes."""
        types = output_types
        if output_signature is not None:
            types = _map_leaves(lambda spec: spec.dtype, output_signature)

        def typed(element: Any, dtype: Any) -> Any:
            if isinstance(dtype, tuple):
                return tuple(typed(part, one) for part, one in _builtin_zip(element, dtype, strict=True))
            if isinstance(dtype, dict):
                return {key: typed(element[key], one) for key, one in dtype.items()}
            return np.asarray(element, as_dtype(dtype).as_numpy_dtype)

        def iterate() -> Iterator[Any]:
            for element in generator(*args):
                yield _map_leaves(_as_array, element) if types is None else typed(element, types)

        return Dataset(iterate, UNKNOWN_CARDINALITY)

    @staticmethod
    def range(*args: int, output_type: Any = "int64", name: str | None = None) -> Dataset:
        """The numbers of Python's `range(*args)`."""
        return Dataset.from_tensor_slices(np.arange(*args, dtype=as_dtype(output_type).name))

    @staticmethod
    def zip(*datasets: Any, name: str | None = None) -> Dataset:
        """Tuples of one element of each dataset, as long as the shortest."""
        parts = datasets[0] if len(datasets) == 1 and isinstance(datasets[0], tuple) else datasets
        known = [part._length for part in parts if part._length != INFINITE_CARDINALITY]
        length = min(known, default=INFINITE_CARDINALITY)
        return Dataset(lambda: _builtin_zip(*(part._iterate() for part in parts), strict=False), length)

    # -- what a pipeline does

    def map(
        self, map_func: Callable[..., Any], num_parallel_calls: Any = None, deterministic: Any = None, name: Any = None
    ) -> Dataset:
        """Every element replaced by `map_func(element)`; the parts of a tuple are separate arguments."""

        def iterate() -> Iterator[Any]:
            for element in self:
                result = map_func(*element) if isinstance(element, tuple) else map_func(element)
                yield _map_leaves(_as_array, result)

        return Dataset(iterate, self._length)

    def filter(self, predicate: Callable[..., Any], name: str | None = None) -> Dataset:
        """The elements for which `predicate` holds."""

        def iterate() -> Iterator[Any]:
            for element in self._iterate():
                tensors = _map_leaves(_as_tensor, element)
                if bool(predicate(*tensors) if isinstance(tensors, tuple) else predicate(tensors)):
                    yield element

        return Dataset(iterate, UNKNOWN_CARDINALITY)

    def shuffle(
        self, buffer_size: int, seed: int | None = None, reshuffle_each_iteration: Any = None, name: Any = None
    ) -> Dataset:
        """The elements in random order, drawn from a buffer of `buffer_size`, each iteration anew."""
        draw = _shuffler(int(buffer_size), seed, reshuffle_each_iteration in (None, True))
        return self._rearranged(lambda items: draw(items), self._length)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: Any = None,
        deterministic: Any = None,
        name: Any = None,
    ) -> Dataset:
        """`batch_size` elements stacked along a new first axis; the last batch may be smaller."""
        batch_size = _positive("batch", "batch_size", batch_size)
        iterate = self._batches(batch_size, bool(drop_remainder))
        length = self._length
        if length >= 0:
            length = length // batch_size if drop_remainder else -(-length // batch_size)
        return Dataset(iterate, length)

    def _batches(self, batch_size: int, drop_remainder: bool) -> Callable[[], Iterator[Any]]:
        return lambda: (_stack(chunk) for chunk in _chunks(self._iterate(), batch_size, drop_remainder))

    def unbatch(self, name: str | None = None) -> Dataset:
        """The entries along the first axis of every element, one by one."""

        def iterate() -> Iterator[Any]:
            for element in self._iterate():
                for i in _builtin_range(len(_leaves(element)[0])):
                    yield _entries(element, i)

        return Dataset(iterate, UNKNOWN_CARDINALITY)

    def repeat(self, count: int | None = None, name: str | None = None) -> Dataset:
        """The elements `count` times over, for ever by default."""
        if count is None or count < 0:
            return self._repeat(None, INFINITE_CARDINALITY)
        return self._repeat(count, self._length * count if self._length >= 0 else self._length)

    def _repeat(self, count: int | None, length: int) -> Dataset:
        return Dataset(lambda: _repeated(self._iterate, count), length)

    def take(self, count: int, name: str | None = None) -> Dataset:
        """The first `count` elements; all of them for -1."""
        if count < 0:
            return self
        length = count if self._length == INFINITE_CARDINALITY else min(count, self._length)
        return self._rearranged(lambda items: itertools.islice(items, count), length)

    def skip(self, count: int, name: str | None = None) -> Dataset:
        """All but the first `count` elements."""
        length = max(0, self._length - count) if self._length >= 0 else self._length
        return self._rearranged(lambda items: itertools.islice(items, count, None), length)

    def enumerate(self, start: int = 0, name: str | None = None) -> Dataset:
        """Pairs of a running number and an element."""
        return Dataset(
            lambda: ((np.int64(i), element) for i, element in enumerate(self._iterate(), start)), self._length
        )

    def concatenate(self, dataset: Dataset, name: str | None = None) -> Dataset:
        """The elements of this dataset, then those of the other."""
        lengths = (self._length, dataset._length)
        length = sum(lengths) if min(lengths) >= 0 else min(lengths, key=lambda n: (n >= 0, -n))
        return Dataset(lambda: itertools.chain(self._iterate(), dataset._iterate()), length)

    def cache(self, filename: str = "", name: str | None = None) -> Dataset:
        """The elements kept in memory after the first complete iteration."""
        if filename:
            raise NotImplementedError(f"tf.data.Dataset.cache: only memory is supported. Received: {filename!r}")
        kept: list[Any] = []
        is_complete = False

        def iterate() -> Iterator[Any]:
            nonlocal kept, is_complete
            if is_complete:
                yield from kept
                return
            seen = []
            for element in self._iterate():
                seen.append(element)
                yield element
            kept, is_complete = seen, True

        return Dataset(iterate, self._length)

    def prefetch(self, buffer_size: int, name: str | None = None) -> Dataset:
        """The same dataset: elements are made when they are asked for."""
        return self

    def with_options(self, options: Any, name: str | None = None) -> Dataset:
        """The same dataset."""
        return self

    def apply(self, transformation_func: Callable[[Dataset], Dataset]) -> Dataset:
        """`transformation_func(self)`."""
        return transformation_func(self)

    def reduce(self, initial_state: Any, reduce_func: Callable[[Any, Any], Any], name: str | None = None) -> Any:
        """`reduce_func(state, element)` over all elements; returns the last state."""
        state = _map_leaves(_as_tensor, initial_state)
        for element in self:
            state = reduce_func(state, element)
        return state

    def _rearranged(self, order: Callable[[Iterator[Any]], Iterator[Any]], length: int) -> Dataset:
        return Dataset(lambda: order(self._iterate()), length)

    # -- looking at it

    def __iter__(self) -> Iterator[Any]:
        for element in self._iterate():
            yield _map_leaves(_as_tensor, element)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """Iterates with NumPy arrays instead of tensors."""
        return (_map_leaves(_as_array, element) for element in self._iterate())

    def cardinality(self) -> int:
        """The number of elements, `tf.data.INFINITE_CARDINALITY` or `tf.data.UNKNOWN_CARDINALITY`."""
        return self._length

    def __len__(self) -> int:
        if self._length < 0:
            raise TypeError(
                f"tf.data.Dataset: the length is {'infinite' if self._length == INFINITE_CARDINALITY else 'unknown'}"
            )
        return self._length

    def __bool__(self) -> bool:
        return True

    @property
    def element_spec(self) -> Any:
        """Shapes and dtypes of an element, read off the first one; a batch's first size is None."""
        first = next(self._iterate(), None)
        if first is None:
            raise ValueError("tf.data.Dataset.element_spec: the dataset has no element")
        return _map_leaves(lambda leaf: TensorSpec(np.shape(leaf), _as_array(leaf).dtype), first)

    def __repr__(self) -> str:
        return f"<Dataset of {self._length if self._length >= 0 else 'unknown or infinite'} elements>"


class _Slices(Dataset):
    """Entries of arrays along their first axis; what changes is only the order of the indices."""

    def __init__(self, arrays: Any, order: Callable[[], Iterator[int]], length: int) -> None:
        super().__init__(lambda: (_entries(arrays, i) for i in order()), length)
        self._arrays = arrays
        self._order = order

    def _rearranged(self, order: Callable[[Iterator[Any]], Iterator[Any]], length: int) -> Dataset:
        return _Slices(self._arrays, lambda: order(self._order()), length)

    def _repeat(self, count: int | None, length: int) -> Dataset:
        return _Slices(self._arrays, lambda: _repeated(self._order, count), length)

    def _batches(self, batch_size: int, drop_remainder: bool) -> Callable[[], Iterator[Any]]:
        def iterate() -> Iterator[Any]:
            for chunk in _chunks(self._order(), batch_size, drop_remainder):
                yield _entries(self._arrays, chunk)

        return iterate


def _positive(method: str, argument: str, value: Any) -> int:
    if int(value) < 1:
        raise ValueError(f"tf.data.Dataset.{method}: {argument} must be at least 1. Received: {argument}={value}")
    return int(value)


def _shuffler(
    buffer_size: int, seed: int | None, is_new_each_time: bool
) -> Callable[[Iterator[Any]], Iterator[Any]]:
    buffer_size = _positive("shuffle", "buffer_size", buffer_size)

    def draw_seed() -> int:
        # NumPy's global generator is what keras.utils.set_random_seed seeds.
        return int(np.random.randint(2**31))

    first_seed = draw_seed() if seed is None else seed
    seeds = np.random.default_rng(first_seed)

    def draw(items: Iterator[Any]) -> Iterator[Any]:
        own = int(seeds.integers(2**31)) if is_new_each_time else first_seed
        return _shuffled(items, buffer_size, np.random.default_rng(own))

    return draw


__getattr__ = _subset.missing("tensorflow.data")
