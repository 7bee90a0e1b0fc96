"""Data sets written as a Python class."""

import itertools
import warnings


class PyDataset:
    """Base class of data sets whose batches are made by Python code.

    Implement `__getitem__(index)`, which returns a batch `(x, y)`, and `__len__`, the number of
    batches (or the property `num_batches`, `None` for an endless set). Optional hooks:
    `on_epoch_begin`, `on_epoch_end`.

    Args:
        workers: number of threads that prepare batches ahead; 1 prepares them in the loop itself.
        use_multiprocessing: accepted for compatibility; batches are prepared by threads.
        max_queue_size: number of batches prepared ahead.

    Example:

    >>> import math, numpy as np, keraunos
    >>> class Squares(keraunos.utils.PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         x = np.full((2, 1), index, dtype="float32")
    ...         return x, x**2
    >>> len(list(Squares()))
    3
    """

    def __init__(self, workers=1, use_multiprocessing=False, max_queue_size=10):
        self._workers = workers
        self._use_multiprocessing = use_multiprocessing
        self._max_queue_size = max_queue_size

    def _option(self, name, default):
        if name not in self.__dict__:
            warnings.warn(
                "Your `PyDataset` class should call `super().__init__(**kwargs)` in its "
                "constructor. `**kwargs` can include `workers`, `use_multiprocessing`, "
                "`max_queue_size`. Do not pass these arguments to `fit()`, as they will be "
                "ignored.",
                stacklevel=3,
            )
            PyDataset.__init__(self)
        return self.__dict__.get(name, default)

    @property
    def workers(self):
        return self._option("_workers", 1)

    @workers.setter
    def workers(self, value):
        self._workers = value

    @property
    def use_multiprocessing(self):
        return self._option("_use_multiprocessing", False)

    @use_multiprocessing.setter
    def use_multiprocessing(self, value):
        self._use_multiprocessing = value

    @property
    def max_queue_size(self):
        return self._option("_max_queue_size", 10)

    @max_queue_size.setter
    def max_queue_size(self, value):
        self._max_queue_size = value

    def __getitem__(self, index):
        """Returns the batch with this index."""
        raise NotImplementedError

    def __iter__(self):
        try:
            count = self.num_batches
        except NotImplementedError:
            count = None
        for index in itertools.count() if count is None else range(count):
            yield self[index]

    @property
    def num_batches(self):
        """Number of batches, `None` for an endless set."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(
            "You need to implement the `num_batches` property:\n\n"
            "@property\ndef num_batches(self):\n  return ..."
        )

    def on_epoch_begin(self):
        """Called before every epoch."""

    def on_epoch_end(self):
        """Called after every epoch."""
