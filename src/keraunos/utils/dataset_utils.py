"""Splitting of data sets."""

import random

import numpy as np

from keraunos.training.structure import leaves_of, map_leaves


class SampleDataset:
    """Samples in memory that can be iterated again and again, and cut into batches.

    Args:
        samples: list of samples: arrays, or tuples, lists and dicts of arrays.
    """

    def __init__(self, samples):
        self._samples = samples

    def __iter__(self):
        return iter(self._samples)

    def __len__(self):
        return len(self._samples)

    def __getitem__(self, index):
        return self._samples[index]

    def cardinality(self):
        """Number of samples."""
        return len(self._samples)

    def batch(self, batch_size, drop_remainder=False):
        """Returns a data set of batches of `batch_size` samples, the form that `fit` takes."""
        batches = []
        for start in range(0, len(self._samples), batch_size):
            part = self._samples[start : start + batch_size]
            if len(part) == batch_size or not drop_remainder:
                batches.append(stack(part))
        return SampleDataset(batches)


def stack(samples):
    """Stacks samples of the same structure into one structure of arrays."""
    columns = zip(*[leaves_of(sample) for sample in samples])
    stacked = iter([np.stack([np.asarray(leaf) for leaf in column]) for column in columns])
    return map_leaves(lambda _: next(stacked), samples[0])


def split_dataset(
    dataset, left_size=None, right_size=None, shuffle=False, seed=None, preferred_backend=None
):
    """Splits data into a left and a right part.

    Args:
        dataset: array, list or tuple of arrays of the same length (samples along the first axis), or
            an iterable of samples.
        left_size: part of the samples (`float`) or their number (`int`) on the left; by default all
            that `right_size` leaves.
        right_size: the same for the right.
        shuffle: whether to shuffle the samples first.
        seed: seed of the shuffling.
        preferred_backend: accepted for compatibility; the result is the same for all.

    Returns:
        Two data sets of samples, each with `len()`, iteration and `batch(batch_size)`.

    Raises:
        TypeError: if the data is of no known kind.
        ValueError: for sizes that do not fit.

    Example:

    >>> import numpy as np, keraunos
    >>> left, right = keraunos.utils.split_dataset(np.arange(10), left_size=0.8)
    >>> len(left), len(right)
    (8, 2)
    """
    samples = _samples_of(dataset)
    if left_size is None and right_size is None:
        raise ValueError(
            "At least one of the `left_size` or `right_size` must be specified. "
            "Received: left_size=None and right_size=None"
        )
    left, right = _sizes(left_size, right_size, len(samples))
    if shuffle:
        random.Random(random.randint(0, 10**6) if seed is None else seed).shuffle(samples)
    return SampleDataset(samples[:left]), SampleDataset(samples[len(samples) - right :])


def _samples_of(dataset):
    if isinstance(dataset, np.ndarray):
        return list(dataset)
    if isinstance(dataset, (list, tuple, dict)):
        columns = leaves_of(dataset)
        if not columns:
            raise ValueError("Received an empty list dataset. Please provide arrays.")
        lengths = {len(column) for column in columns}
        if len(lengths) > 1:
            raise ValueError(
                "Received a list of NumPy arrays with different lengths. "
                f"Received: lengths {sorted(lengths)}"
            )
        return [
            map_leaves(lambda column, i=i: column[i], dataset) for i in range(lengths.pop())
        ]
    if isinstance(dataset, (str, bytes)) or not hasattr(dataset, "__iter__"):
        if hasattr(dataset, "__getitem__") and hasattr(dataset, "__len__"):
            return [_to_numpy(dataset[i]) for i in range(len(dataset))]
        raise TypeError(
            "The `dataset` argument must be an array, a list/tuple of arrays, or an iterable of "
            f"samples. Received: dataset of type {type(dataset)}"
        )
    return [_to_numpy(sample) for sample in dataset]


def _to_numpy(sample):
    return map_leaves(np.asarray, sample)


def _sizes(left, right, total):
    for name, size in (("left_size", left), ("right_size", right)):
        if size is None:
            continue
        if isinstance(size, bool) or not isinstance(size, (int, float)):
            raise TypeError(
                f"Invalid `{name}`. Expected: an integer or float. Received: {type(size)}"
            )
        if isinstance(size, float) and not 0 < size < 1:
            raise ValueError(
                f"`{name}` should be a float in (0, 1) or a positive integer. Received: {size}"
            )
        if isinstance(size, int) and not 0 < size < total:
            raise ValueError(
                f"`{name}` should be in (0, {total}), the number of samples. Received: {size}"
            )
    both_are_parts = isinstance(left, float) and isinstance(right, float)
    if both_are_parts and left + right > 1:
        raise ValueError(
            "The sum of `left_size` and `right_size` is greater than 1. "
            f"Received: left_size={left}, right_size={right}"
        )
    left = round(left * total) if isinstance(left, float) else left
    right = round(right * total) if isinstance(right, float) else right
    left = total - right if left is None else left
    right = total - left if right is None else right
    if left + right > total:
        raise ValueError(
            "The sum of `left_size` and `right_size` should be smaller than the number of samples "
            f"{total}. Received: left_size={left}, right_size={right}"
        )
    for name, size in (("left_size", left), ("right_size", right)):
        if size == 0:
            raise ValueError(
                f"With {total} samples, the resulting `{name}` is 0. Adjust the arguments."
            )
    return left, right
