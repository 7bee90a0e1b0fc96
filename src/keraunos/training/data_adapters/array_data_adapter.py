"""Batches cut from arrays."""

import math

import numpy as np

from keraunos.training.data_adapters.arrays import (
    all_array_like,
    as_array,
    as_arrays,
    check_same_rows,
    is_scipy_sparse,
)
from keraunos.training.data_adapters.data_adapter import DataAdapter
from keraunos.training.data_adapters.weights import resolve_sample_weight
from keraunos.training.packing import pack_x_y_sample_weight
from keraunos.training.structure import leaves_of, map_leaves


class ArrayDataAdapter(DataAdapter):
    """Cuts batches from arrays in memory.

    Args:
        x, y, sample_weight: arrays, or lists and dicts of arrays.
        batch_size: rows per batch; by default 32, or so that there are `steps` batches.
        steps: number of batches, used only without `batch_size`.
        shuffle: `True` to shuffle the rows, `"batch"` to shuffle within batches.
        class_weight: dict from class index to weight, instead of `sample_weight`.

    Attributes:
        data: the arrays, packed as a batch is packed.
        num_samples: number of rows.
    """

    def __init__(
        self,
        x,
        y=None,
        sample_weight=None,
        batch_size=None,
        steps=None,
        shuffle=False,
        class_weight=None,
    ):
        if not all_array_like((x, y, sample_weight)):
            raise ValueError(
                "Expected all elements of `x` to be array-like. "
                f"Received invalid types: x={str(x)[:200]}"
            )
        x = map_leaves(_as_rows("x"), x)
        y = map_leaves(_as_rows("y"), y)
        sample_weight = as_arrays(sample_weight, "sample_weight")
        sample_weight = resolve_sample_weight(y, sample_weight, class_weight)
        self.num_samples = check_same_rows(x, y, sample_weight)
        self.data = pack_x_y_sample_weight(x, y, sample_weight)
        if not batch_size:
            batch_size = math.ceil(self.num_samples / steps) if steps else 32
        self._batch_size = max(1, min(batch_size, self.num_samples) if steps is None else batch_size)
        self.shuffle = shuffle

    @property
    def is_dense(self):
        """Whether every array is a plain NumPy array."""
        return all(type(leaf) is np.ndarray for leaf in leaves_of(self.data))

    @property
    def num_batches(self):
        return math.ceil(self.num_samples / self._batch_size)

    @property
    def batch_size(self):
        return self._batch_size

    @property
    def has_partial_batch(self):
        return self.num_samples % self._batch_size > 0

    @property
    def partial_batch_size(self):
        return self.num_samples % self._batch_size or None

    def get_numpy_iterator(self):
        order = None
        if self.shuffle and self.shuffle != "batch":
            order = np.random.permutation(self.num_samples)
        for start in range(0, self.num_samples, self._batch_size):
            stop = min(start + self._batch_size, self.num_samples)
            if self.shuffle == "batch":
                rows = np.random.permutation(stop - start) + start
            elif order is not None:
                rows = order[start:stop]
            else:
                rows = slice(start, stop)
            yield map_leaves(lambda leaf, rows=rows: _take(leaf, rows), self.data)


def _as_rows(name):
    def convert(leaf):
        # A sparse matrix may not fit into memory as a whole: only its batches become dense.
        return leaf.tocsr() if is_scipy_sparse(leaf) else as_array(leaf, name)

    return convert


def _take(leaf, rows):
    batch = leaf[rows]
    return as_array(batch) if is_scipy_sparse(leaf) else batch


def train_validation_split(x, y, sample_weight, validation_split):
    """Cuts the last part of the rows off for validation.

    Args:
        x, y, sample_weight: arrays, or lists and dicts of arrays.
        validation_split: part of the rows to cut off, in `(0, 1)`.

    Returns:
        `(x, y, sample_weight)` for training and the same for validation.

    Raises:
        ValueError: if the data is not made of arrays, or too few rows remain.
    """
    arrays = (x, y, sample_weight)
    if not all_array_like(arrays):
        kinds = sorted({str(type(leaf)) for leaf in leaves_of(arrays)})
        raise ValueError(
            "Argument `validation_split` is only supported for tensors or NumPy arrays. "
            f"Found incompatible type in the input: {kinds}"
        )
    arrays = map_leaves(_convert_for_split, arrays)
    rows = check_same_rows(*arrays)
    split_at = math.floor(rows * (1.0 - validation_split))
    if split_at == 0 or split_at == rows:
        raise ValueError(
            f"Training data contains {rows} samples, which is not sufficient to split it into a "
            "validation and training set as specified by "
            f"`validation_split={validation_split}`. Either provide more data, or a different "
            "value for the `validation_split` argument."
        )
    train = map_leaves(lambda leaf: leaf[:split_at], arrays)
    validation = map_leaves(lambda leaf: leaf[split_at:], arrays)
    return train, validation


def _convert_for_split(leaf):
    if is_scipy_sparse(leaf):
        return leaf.tocsr()
    return as_array(leaf)
