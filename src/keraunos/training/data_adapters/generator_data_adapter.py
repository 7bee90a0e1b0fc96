"""Batches from a Python generator."""

import itertools

from keraunos.training.data_adapters.batches import as_numpy_batch
from keraunos.training.data_adapters.data_adapter import DataAdapter


class GeneratorDataAdapter(DataAdapter):
    """Takes batches from a generator, which is read once and goes on between epochs.

    Args:
        generator: generator of `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

    Raises:
        ValueError: if it is empty or does not yield tuples.
    """

    def __init__(self, generator):
        first = list(itertools.islice(generator, 2))
        if not first:
            raise ValueError(
                "When passing a Python generator to a Keras model, the generator must yield at "
                "least one batch. Received an empty generator."
            )
        if not isinstance(first[0], tuple):
            raise ValueError(
                "When passing a Python generator to a Keras model, the generator must return a "
                "tuple, either (input,) or (inputs, targets) or (inputs, targets, "
                f"sample_weights). Received: {str(first[0])[:200]} of type {type(first[0])}"
            )
        self._first_batches = first
        self._generator = generator

    def get_numpy_iterator(self):
        # The batches read above come first in every new iteration, as in Keras.
        for batch in itertools.chain(self._first_batches, self._generator):
            yield as_numpy_batch(batch)

    @property
    def num_batches(self):
        return None
