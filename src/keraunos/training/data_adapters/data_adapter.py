"""Base class of the ways to read data."""


class DataAdapter:
    """Turns one kind of data into batches of NumPy arrays.

    Subclasses implement `get_numpy_iterator`, which yields `x`, `(x,)`, `(x, y)` or
    `(x, y, sample_weight)`, and `num_batches`.
    """

    def get_numpy_iterator(self):
        """Returns an iterator over the batches of one epoch."""
        raise NotImplementedError

    @property
    def num_batches(self):
        """Number of batches in an epoch, `None` if unknown."""
        raise NotImplementedError

    @property
    def batch_size(self):
        """Number of rows in a batch, `None` if unknown."""
        return None

    @property
    def has_partial_batch(self):
        """Whether the last batch is smaller."""
        return False

    @property
    def partial_batch_size(self):
        """Number of rows of the last batch if it is smaller, else `None`."""
        return None

    def on_epoch_begin(self):
        """Called before an epoch."""

    def on_epoch_end(self):
        """Called after an epoch."""

    def close(self):
        """Called when the data is no longer needed, also after an error."""
