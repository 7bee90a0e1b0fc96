"""A batch from a generator or data set as NumPy arrays."""

from keraunos.training.data_adapters.arrays import as_array, is_array_like
from keraunos.training.structure import map_leaves


def as_numpy_batch(batch):
    """Converts every leaf of a batch; lists stay containers of arrays."""
    return map_leaves(_convert, batch)


def _convert(leaf):
    if not is_array_like(leaf):
        raise ValueError(
            "A batch must be made of arrays, in tuples, lists and dicts. "
            f"Received: {str(leaf)[:100]} of type {type(leaf)}"
        )
    return as_array(leaf, "batch")
