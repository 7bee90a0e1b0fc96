"""Stops training whose loss is no longer a number."""

import math

from keraunos.callbacks.callback import Callback
from keraunos.utils import io_utils


class TerminateOnNaN(Callback):
    """Stops training when the loss is NaN or infinite.

    Args:
        raise_error: `False` stops after the batch as usual; `True` raises a `RuntimeError` at once,
            so that `on_train_end` of other callbacks is not called.

    Example:

    >>> import keraunos
    >>> guard = keraunos.callbacks.TerminateOnNaN()
    """

    def __init__(self, raise_error=False):
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch, logs=None):
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. Loss value: {loss}. "
                "Terminating training immediately."
            )
        io_utils.print_msg(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
