"""Batches from a `PyDataset`."""

import collections
import itertools
import random

import numpy as np

from keraunos.training.data_adapters.batches import as_numpy_batch
from keraunos.training.data_adapters.data_adapter import DataAdapter
from keraunos.training.data_adapters.py_dataset import PyDataset
from keraunos.training.data_adapters.weights import class_weight_to_sample_weights

__all__ = ["PyDataset", "PyDatasetAdapter"]


class PyDatasetAdapter(DataAdapter):
    """Takes batches from a `PyDataset`, prepared ahead by threads if it has several workers.

    Args:
        x: the `PyDataset`.
        class_weight: dict from class index to weight.
        shuffle: whether to shuffle the order of the batches.
    """

    def __init__(self, x, class_weight=None, shuffle=False):
        self.py_dataset = x
        self.class_weight = class_weight
        self.shuffle = shuffle
        self._within_epoch = False
        workers = x.workers
        uses_threads = workers > 1 or (workers > 0 and x.use_multiprocessing)
        self._threads = workers if uses_threads else 0
        self._executor = None
        # An endless set goes on where it stopped.
        self._endless_indices = itertools.count()

    def get_numpy_iterator(self):
        indices = self._indices()
        batches = self._batches_ahead(indices) if self._threads else map(self._batch, indices)
        for batch in batches:
            yield as_numpy_batch(self._standardize_batch(batch))

    def _batch(self, index):
        return self.py_dataset[index]

    def _indices(self):
        count = self.num_batches
        if count is None:
            return self._endless_indices if self._threads else itertools.count()
        indices = list(range(count))
        if self.shuffle:
            random.shuffle(indices)
        return iter(indices)

    def _batches_ahead(self, indices):
        if self._executor is None:
            import concurrent.futures

            self._executor = concurrent.futures.ThreadPoolExecutor(
                self._threads, thread_name_prefix="keraunos_data"
            )
        pending = collections.deque()
        try:
            while True:
                wanted = max(1, self.py_dataset.max_queue_size) - len(pending)
                for index in itertools.islice(indices, wanted):
                    pending.append(self._executor.submit(self._batch, index))
                if not pending:
                    return
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()

    def _standardize_batch(self, batch):
        if isinstance(batch, dict):
            return batch
        if isinstance(batch, np.ndarray):
            batch = (batch,)
        elif isinstance(batch, list):
            batch = tuple(batch)
        if not isinstance(batch, tuple) or len(batch) not in (1, 2, 3):
            raise ValueError(
                "PyDataset.__getitem__() must return a tuple or a dict. If a tuple, it must be "
                "ordered either (input,) or (inputs, targets) or (inputs, targets, "
                f"sample_weights). Received: {str(batch)[:100]}... of type {type(batch)}"
            )
        if self.class_weight is not None:
            if len(batch) == 3:
                raise ValueError(
                    "You cannot specify `class_weight` and `sample_weight` at the same time."
                )
            if len(batch) == 2:
                weights = class_weight_to_sample_weights(batch[1], self.class_weight)
                batch = (*batch, weights)
        return batch

    def on_epoch_begin(self):
        if self._within_epoch:
            raise ValueError(
                "`on_epoch_begin` was called twice without `on_epoch_end` having been called."
            )
        self._within_epoch = True
        self.py_dataset.on_epoch_begin()

    def on_epoch_end(self):
        self.py_dataset.on_epoch_end()
        self._within_epoch = False

    def close(self):
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    @property
    def num_batches(self):
        return self.py_dataset.num_batches
