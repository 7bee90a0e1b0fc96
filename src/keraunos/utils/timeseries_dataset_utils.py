"""Windows of a time series as a data set."""

import itertools

import numpy as np


class WindowDataset:
    """Windows cut from an array, in batches; can be iterated again and again.

    Args:
        data: array whose first axis is time.
        targets: array of the targets by start of the window, or `None`.
        starts: starts of the windows.
        offsets: array of the positions within a window.
        batch_size: windows per batch, `None` for single windows.
        seed: seed of the shuffling, `None` for no shuffling. Every iteration has another order.
    """

    def __init__(self, data, targets, starts, offsets, batch_size, seed):
        self._data = data
        self._targets = targets
        self._starts = starts
        self._offsets = offsets
        self._batch_size = batch_size
        self._random = None if seed is None else np.random.RandomState(seed)

    def __len__(self):
        return -(-len(self._starts) // (self._batch_size or 1))

    def cardinality(self):
        """Number of batches."""
        return len(self)

    def __iter__(self):
        starts = self._starts
        if self._random is not None:
            starts = self._random.permutation(starts)
        if self._batch_size is None:
            groups = starts
        else:
            size = self._batch_size
            groups = [starts[i : i + size] for i in range(0, len(starts), size)]
        for group in groups:
            windows = self._data[np.add.outer(group, self._offsets)]
            yield windows if self._targets is None else (windows, self._targets[group])

    def take(self, count):
        """Yields the first batches of a new iteration."""
        return itertools.islice(iter(self), count)


def timeseries_dataset_from_array(
    data,
    targets,
    sequence_length,
    sequence_stride=1,
    sampling_rate=1,
    batch_size=128,
    shuffle=False,
    seed=None,
    start_index=None,
    end_index=None,
    format="tf",
):
    """Cuts windows from a time series.

    Args:
        data: array whose first axis is time.
        targets: array with the target of the window that begins at each step, or `None`.
        sequence_length: number of steps in a window.
        sequence_stride: steps between the starts of two windows.
        sampling_rate: steps between two steps of a window.
        batch_size: windows per batch; `None` for single windows.
        shuffle: whether to shuffle the windows.
        seed: seed of the shuffling.
        start_index, end_index: part of `data` to use.
        format: accepted for compatibility; the result is the same for all.

    Returns:
        Data set of `(windows, targets)`, or of windows, to iterate over or to give to `fit`.

    Raises:
        ValueError: for values out of range, naming them.

    Example:

    >>> import numpy as np
    >>> from keraunos.utils import timeseries_dataset_from_array
    >>> series = np.arange(10)
    >>> windows, targets = next(iter(timeseries_dataset_from_array(series, series[3:], 3)))
    >>> windows.shape, int(targets[0])
    ((7, 3), 3)
    """
    length = len(data)
    _check_range("start_index", start_index, 0, length, is_lowest_allowed=True)
    _check_range("end_index", end_index, 0, length)
    _check_range("sampling_rate", sampling_rate, 0, length)
    _check_range("sequence_stride", sequence_stride, 0, length)
    if start_index and end_index and end_index <= start_index:
        raise ValueError(
            "`end_index` must be higher than `start_index`. Received: "
            f"start_index={start_index}, and end_index={end_index} "
        )
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')
    start, end = start_index or 0, length if end_index is None else end_index
    count = end - start - (sequence_length - 1) * sampling_rate
    if targets is not None:
        count = min(count, len(targets))
        targets = np.asarray(targets)[start:]
    if shuffle and seed is None:
        seed = np.random.randint(10**6)
    return WindowDataset(
        np.asarray(data)[start:end],
        targets,
        np.arange(0, count, sequence_stride),
        np.arange(sequence_length) * sampling_rate,
        batch_size,
        seed if shuffle else None,
    )


def _check_range(name, value, lowest, length, is_lowest_allowed=False):
    if value is None:
        return
    if value < lowest or (value == lowest and not is_lowest_allowed):
        rule = "0 or greater" if is_lowest_allowed else "higher than 0"
        raise ValueError(f"`{name}` must be {rule}. Received: {name}={value}")
    if value >= length:
        raise ValueError(
            f"`{name}` must be lower than the length of the data. Received: {name}={value}, for "
            f"data of length {length}"
        )
