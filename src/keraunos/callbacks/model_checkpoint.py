"""Saves the model during training."""

import os
import re
import warnings

import numpy as np

from keraunos.callbacks.batch_counter import BatchCounter
from keraunos.callbacks.callback import default
from keraunos.callbacks.monitor_callback import MonitorCallback
from keraunos.utils import io_utils


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, at some frequency.

    Args:
        filepath: path of the file; may hold placeholders such as `{epoch:02d}` or `{val_loss:.2f}`.
            It ends in `.weights.h5` if `save_weights_only=True`, else in `.keras` (or `.h5`).
        monitor: name of the number in the logs that tells the best model.
        verbose: 1 to report.
        save_best_only: whether to save only when the number got better.
        save_weights_only: whether to save only the weights.
        mode: `"auto"`, `"min"` or `"max"`.
        save_freq: `"epoch"`, or a number of batches.
        initial_value_threshold: first best value of the number.

    Raises:
        ValueError: for a wrong ending or frequency.
        KeyError: when saving, for a placeholder that is not in the logs.

    Example:

    >>> import keraunos
    >>> save = keraunos.callbacks.ModelCheckpoint("best.keras", monitor="loss", save_best_only=True)
    """

    def __init__(
        self,
        filepath,
        monitor="val_loss",
        verbose=0,
        save_best_only=False,
        save_weights_only=False,
        mode="auto",
        save_freq="epoch",
        initial_value_threshold=None,
    ):
        super().__init__(monitor, mode, initial_value_threshold)
        self.verbose = verbose
        self.filepath = os.fspath(filepath)
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._current_epoch = 0
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(
                f"Unrecognized save_freq: {save_freq}. "
                "Expected save_freq are 'epoch' or integer values"
            )
        self._counter = None if save_freq == "epoch" else BatchCounter(save_freq)
        if self._counter is None:
            # Without saving inside an epoch there is no need to stop after every batch.
            self.on_train_batch_end = _no_batch_hook
        if save_weights_only and not self.filepath.endswith(".weights.h5"):
            raise ValueError(
                "When using `save_weights_only=True` in `ModelCheckpoint`, the filepath provided "
                "must end in `.weights.h5` (Keras weights format). Received: "
                f"filepath={self.filepath}"
            )
        if not save_weights_only and not self.filepath.endswith((".keras", ".h5")):
            raise ValueError(
                "The filepath provided must end in `.keras` (Keras model format). Received: "
                f"filepath={self.filepath}"
            )

    def on_epoch_begin(self, epoch, logs=None):
        self._current_epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self._counter is not None and self._counter.is_due(batch):
            self._save_model(epoch=self._current_epoch, batch=batch, logs=logs)

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor_op is None:
            # Only now are the model's metrics built.
            self._set_monitor_op()
        if self._counter is None:
            self._save_model(epoch=epoch, batch=None, logs=logs)

    def _save_model(self, epoch, batch, logs):
        logs = logs or {}
        filepath = self._get_file_path(epoch, batch, logs)
        if not self._should_save_model(epoch, logs, filepath):
            return
        try:
            folder = os.path.dirname(filepath)
            if folder:
                os.makedirs(folder, exist_ok=True)
            if self.save_weights_only:
                self.model.save_weights(filepath, overwrite=True)
            else:
                self.model.save(filepath, overwrite=True)
        except OSError as error:
            if isinstance(error, IsADirectoryError) or "is a directory" in str(error).lower():
                raise OSError(
                    "Please specify a non-directory filepath for ModelCheckpoint. "
                    f"Filepath used is an existing directory: {filepath}"
                ) from error
            raise
        if self.verbose > 0:
            io_utils.print_msg(f"\nEpoch {epoch + 1}: finished saving model to {filepath}")

    def _should_save_model(self, epoch, logs, filepath):
        if not self.save_best_only:
            if self.verbose > 0:
                io_utils.print_msg(f"\nEpoch {epoch + 1}: saving model to {filepath}")
            return True
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Can save best model only with {self.monitor} available.", stacklevel=2
            )
            return True
        if np.ndim(current) > 0:
            warnings.warn(
                "Can save best model only when `monitor` is a scalar value. Received: "
                f"{current}. Falling back to `save_best_only=False`.",
                stacklevel=2,
            )
            return True
        if self.monitor_op is None:
            self._set_monitor_op()
        best = "None" if self.best is None else f"{self.best:.5f}"
        if not self._is_improvement(current, self.best):
            if self.verbose > 0:
                io_utils.print_msg(
                    f"\nEpoch {epoch + 1}: {self.monitor} did not improve from {best}"
                )
            return False
        if self.verbose > 0:
            io_utils.print_msg(
                f"\nEpoch {epoch + 1}: {self.monitor} improved from {best} to {current:.5f}, "
                f"saving model to {filepath}"
            )
        self.best = current
        return True

    def _get_file_path(self, epoch, batch, logs):
        values = dict(logs, epoch=epoch + 1)
        if batch is not None:
            values.setdefault("batch", batch + 1)
        try:
            return self.filepath.format(**values)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". Reason: {error}. '
                f"Available: {sorted(values)}"
            ) from None

    def _checkpoint_exists(self, filepath):
        return os.path.exists(filepath)

    def _get_most_recently_modified_file_matching_pattern(self, pattern):
        """Returns the newest file whose name fits a pattern with placeholders, or `None`.

        Among files of the same age the last by name is taken.
        """
        folder, name = os.path.split(pattern)
        if not os.path.exists(folder):
            return None
        matcher = re.compile(f"^{re.sub(r'{.*}', r'.*', name)}$")
        matches = [os.path.join(folder, item) for item in os.listdir(folder) if matcher.match(item)]
        if not matches:
            return None
        newest = max(os.path.getmtime(path) for path in matches)
        newest_files = [path for path in matches if os.path.getmtime(path) == newest]
        return newest_files[0] if len(newest_files) == 1 else max(matches)


@default
def _no_batch_hook(batch, logs=None):
    """Stands for the hook of a batch when saving happens once per epoch."""
