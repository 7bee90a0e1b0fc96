"""Batches from a data set that can be iterated again and again."""

from keraunos.training.data_adapters.batches import as_numpy_batch
from keraunos.training.data_adapters.data_adapter import DataAdapter
from keraunos.training.data_adapters.weights import class_weight_to_sample_weights
from keraunos.training.packing import unpack_x_y_sample_weight


class IterableDataAdapter(DataAdapter):
    """Takes batches from an object with `__iter__`: a `tf.data`-like set, a torch `DataLoader`, ...

    Args:
        dataset: iterable of `x`, `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
        class_weight: dict from class index to weight.
    """

    def __init__(self, dataset, class_weight=None):
        self._dataset = dataset
        self._class_weight = class_weight

    def get_numpy_iterator(self):
        for batch in self._dataset:
            # torch's loader collates pairs into lists.
            batch = tuple(batch) if isinstance(batch, list) else batch
            batch = as_numpy_batch(batch)
            if self._class_weight is not None:
                batch = self._weigh(batch)
            yield batch

    def _weigh(self, batch):
        x, y, sample_weight = unpack_x_y_sample_weight(batch)
        if sample_weight is not None:
            raise ValueError("You cannot `class_weight` and `sample_weight` at the same time.")
        return (x, y, class_weight_to_sample_weights(y, self._class_weight))

    @property
    def num_batches(self):
        cardinality = getattr(self._dataset, "cardinality", None)
        if callable(cardinality):
            count = int(cardinality())
            # Negative numbers stand for "infinite" and "unknown" in `tf.data`.
            return count if count >= 0 else None
        try:
            return len(self._dataset)
        except (TypeError, NotImplementedError, AttributeError):
            return None
