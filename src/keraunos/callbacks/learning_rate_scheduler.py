"""Learning rate as a function of the epoch."""

import numpy as np

from keraunos.callbacks.callback import Callback
from keraunos.callbacks.learning_rates import learning_rate_logs, optimizers_of
from keraunos.utils import io_utils


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of every epoch.

    Args:
        schedule: function of `(epoch, learning_rate)` that returns the new learning rate.
        verbose: 1 to report.

    Example:

    >>> import keraunos
    >>> halve = keraunos.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    """

    def __init__(self, schedule, verbose=0):
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch, logs=None):
        for optimizer, name in optimizers_of(self.model):
            if not hasattr(optimizer, "learning_rate"):
                raise ValueError('Optimizer must have a "learning_rate" attribute.')
            learning_rate = self._next_learning_rate(epoch, float(optimizer.learning_rate))
            optimizer.learning_rate = learning_rate
            if self.verbose > 0:
                io_utils.print_msg(
                    f"\nEpoch {epoch + 1}: LearningRateScheduler setting {name}learning rate "
                    f"to {learning_rate}."
                )

    def _next_learning_rate(self, epoch, learning_rate):
        try:
            result = self.schedule(epoch, learning_rate)
        except TypeError:
            # Functions of the epoch alone are the older form.
            result = self.schedule(epoch)
        if not isinstance(result, (float, np.float32, np.float64)):
            raise ValueError(
                f"The output of the `schedule` function should be a float. Got: {result}"
            )
        return result

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            logs.update(learning_rate_logs(self.model))
