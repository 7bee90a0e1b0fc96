"""Batches of one epoch, for data that is not a set of plain arrays."""

import warnings

from keraunos import config
from keraunos.training.data_adapters import get_data_adapter


class EpochIterator:
    """Yields `(first_step, last_step, batches)` for the steps of an epoch.

    With `steps_per_epoch` the next epoch goes on where the last one stopped; the data starts anew
    when it is used up.

    Args:
        x, y, sample_weight, batch_size, shuffle, class_weight: as in `fit`.
        steps_per_epoch: number of batches in an epoch, `None` for all.
        steps_per_execution: number of batches yielded at once.
    """

    def __init__(
        self,
        x,
        y=None,
        sample_weight=None,
        batch_size=None,
        steps_per_epoch=None,
        shuffle=False,
        class_weight=None,
        steps_per_execution=1,
    ):
        limit = max_steps_per_epoch()
        if limit and (not steps_per_epoch or limit < steps_per_epoch):
            warnings.warn(f"Limiting steps_per_epoch to {limit}", stacklevel=2)
            steps_per_epoch = limit
        self.steps_per_epoch = steps_per_epoch
        self.steps_per_execution = steps_per_execution
        self.data_adapter = get_data_adapter(
            x=x,
            y=y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
        )
        self._num_batches = self.data_adapter.num_batches
        self._iterator = None
        self._steps_seen = 0
        self._peeked = None
        self._is_begun = False

    @property
    def num_batches(self):
        """Number of batches in an epoch, `None` until known."""
        return self.steps_per_epoch or self._num_batches

    def peek(self):
        """Returns the first batch without using it up."""
        if self._peeked is None:
            self.data_adapter.on_epoch_begin()
            self._is_begun = True
            self._iterator = self.data_adapter.get_numpy_iterator()
            self._peeked = next(self._iterator, None)
        return self._peeked

    def reset(self):
        """Makes the next epoch begin at the start of the data."""
        if self._peeked is None:
            self._iterator = None
            self._steps_seen = 0

    def close(self):
        """Frees what the data holds, also after an error."""
        self._iterator = None
        self.data_adapter.close()

    def enumerate_epoch(self):
        """Yields `(first_step, last_step, batches)`."""
        return iter(self)

    def __iter__(self):
        if not self._is_begun:
            self.data_adapter.on_epoch_begin()
        self._is_begun = False
        is_complete = False
        try:
            yield from self._steps()
            is_complete = True
        finally:
            if is_complete:
                self.data_adapter.on_epoch_end()
            else:
                # Broken off by a callback or an error: still the end of this epoch.
                self._abandon()

    def _abandon(self):
        if self.steps_per_epoch is None:
            self._iterator = None
        self.data_adapter.on_epoch_end()

    def _start(self):
        if self._peeked is not None:
            return
        if self._iterator is None or self.steps_per_epoch is None:
            self._iterator = self.data_adapter.get_numpy_iterator()
            self._steps_seen = 0

    def _steps(self):
        self._start()
        limit = self.steps_per_epoch
        step = 0
        while limit is None or step < limit:
            if limit is not None and self._num_batches and self._steps_seen >= self._num_batches:
                self._warn_ran_out()
                break
            wanted = self.steps_per_execution
            batches = self._take(wanted)
            self._steps_seen += len(batches)
            if batches:
                yield step, step + wanted - 1, batches
            step += wanted
            if len(batches) < wanted:
                self._end_of_data()
                return
        if self._num_batches and self._steps_seen >= self._num_batches:
            self._iterator = None

    def _take(self, count):
        batches = []
        if self._peeked is not None:
            batches.append(self._peeked)
            self._peeked = None
        while len(batches) < count:
            batch = next(self._iterator, None)
            if batch is None:
                break
            batches.append(batch)
        return batches

    def _end_of_data(self):
        expected = self.num_batches
        if expected is not None and self._steps_seen < expected:
            self._warn_ran_out()
        if self._num_batches is None:
            self._num_batches = self._steps_seen
        self._iterator = None

    def _warn_ran_out(self):
        warnings.warn(
            "Your input ran out of data; interrupting training. Make sure that your dataset or "
            "generator can generate at least `steps_per_epoch * epochs` batches. You may need to "
            "use the `.repeat()` function when building your dataset.",
            stacklevel=2,
        )


def max_steps_per_epoch():
    """The limit set by `keraunos.config.set_max_steps_per_epoch`, `None` if there is none."""
    return config.max_steps_per_epoch()


def max_epochs():
    """The limit set by `keraunos.config.set_max_epochs`, `None` if there is none."""
    return config.max_epochs()
