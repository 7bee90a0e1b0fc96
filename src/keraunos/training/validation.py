"""What `fit` validates on, and when."""

from keraunos.training import arguments
from keraunos.training.data_adapters.array_data_adapter import ArrayDataAdapter
from keraunos.training.epoch_iterator import EpochIterator
from keraunos.training.packing import unpack_x_y_sample_weight


class Validation:
    """The validation arguments of `fit`.

    Args:
        data: the argument `validation_data`.
        freq, steps, batch_size: the arguments `validation_freq`, `validation_steps`,
            `validation_batch_size`.
    """

    def __init__(self, data, freq, steps, batch_size):
        self.has_data = data is not None
        self.x = self.y = self.sample_weight = None
        self.steps = arguments.check_positive_integer(steps, "validation_steps")
        self.batch_size = arguments.check_positive_integer(batch_size, "validation_batch_size")
        self.freq = freq
        if not self.has_data:
            return
        arguments.check_validation_freq(freq)
        if isinstance(data, (list, tuple)) and not 2 <= len(data) <= 3:
            raise ValueError(
                "`validation_data` must be `(x, y)`, `(x, y, sample_weight)` or a data set. "
                f"Received: a {type(data).__name__} of length {len(data)}"
            )
        self.x, self.y, self.sample_weight = unpack_x_y_sample_weight(data)

    def is_due(self, epoch):
        if not self.has_data:
            return False
        if isinstance(self.freq, (list, tuple, set)):
            return epoch + 1 in self.freq
        return (epoch + 1) % self.freq == 0

    def make_iterator(self, steps_per_execution):
        try:
            iterator = EpochIterator(
                x=self.x,
                y=self.y,
                sample_weight=self.sample_weight,
                batch_size=self.batch_size,
                steps_per_epoch=self.steps,
                shuffle=False,
                steps_per_execution=steps_per_execution,
            )
            require_rows(iterator, "fit")
        except ValueError as error:
            raise ValueError(f"`validation_data` cannot be used: {error}") from error
        return iterator


def require_rows(iterator, method):
    """Raises a `ValueError` naming the method if arrays have no rows."""
    adapter = iterator.data_adapter
    if isinstance(adapter, ArrayDataAdapter) and adapter.num_samples == 0:
        raise ValueError(f"`{method}()` needs at least one sample. Received: `x` with 0 rows")
