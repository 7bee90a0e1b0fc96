"""Counts batches between two savings."""


class BatchCounter:
    """Says after which batches to save, for "every `frequency` batches".

    Batches are counted through epochs. When several batches run at once, the index jumps.
    """

    def __init__(self, frequency):
        self.frequency = frequency
        self._last_batch = None
        self._seen = 0

    def is_due(self, batch):
        """Returns `True` if `frequency` batches have passed since the last `True`."""
        if self._last_batch is None or batch <= self._last_batch:
            self._seen += batch + 1
        else:
            self._seen += batch - self._last_batch
        self._last_batch = batch
        if self._seen < self.frequency:
            return False
        self._seen = 0
        return True
