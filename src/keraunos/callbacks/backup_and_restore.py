"""Goes on with an interrupted training run."""

import json
import os
import shutil
import warnings

from keraunos.callbacks.batch_counter import BatchCounter
from keraunos.callbacks.callback import Callback, default


class BackupAndRestore(Callback):
    """Stores the state of training so that an interrupted `fit` can be called again and goes on.

    The weights, the optimizer's state and the number of the epoch are stored in `backup_dir`. A new
    `fit` of the same model begins with what it finds there. Use the folder for nothing else.

    Args:
        backup_dir: folder of the backup.
        save_freq: `"epoch"`, or a number of batches.
        double_checkpoint: whether to keep the previous backup also, used when the last is damaged.
        delete_checkpoint: whether to delete the folder when training has finished.

    Raises:
        ValueError: for an empty `backup_dir`, a wrong `save_freq`, or, in `fit`, an unbuilt model.

    Example:

    >>> import keraunos
    >>> backup = keraunos.callbacks.BackupAndRestore("backup")
    """

    def __init__(
        self, backup_dir, save_freq="epoch", double_checkpoint=False, delete_checkpoint=True
    ):
        super().__init__()
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(
                "Invalid value for argument `save_freq`. "
                f"Received: save_freq={save_freq}. "
                "Expected either 'epoch' or an integer value."
            )
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._current_epoch = 0
        self._last_batch_seen = 0
        # `save_freq=False` means: never by itself.
        counts_batches = save_freq != "epoch" and save_freq is not False
        self._counter = BatchCounter(save_freq) if counts_batches else None
        if self._counter is None:
            self.on_train_batch_end = _no_batch_hook
        self._weights_path = os.path.join(self.backup_dir, "latest.weights.h5")
        self._training_metadata_path = os.path.join(self.backup_dir, "training_metadata.json")
        self._prev_weights_path = f"{self._weights_path}.bkp"
        self._prev_training_metadata_path = f"{self._training_metadata_path}.bkp"

    def on_train_begin(self, logs=None):
        if not self.model.built:
            raise ValueError(
                "To use the BackupAndRestore callback, you model must be built before you call "
                f"`fit()`. Model {self.model} is unbuilt. You can build it beforehand by calling "
                "it on a batch of data."
            )
        try:
            self._load_model()
        except (OSError, ValueError) as error:
            if not os.path.exists(self._prev_weights_path):
                raise
            warnings.warn(
                f"The backup {self._weights_path} cannot be read ({error}); the previous one is used.",
                stacklevel=2,
            )
            self._take_previous_backup()
            self._load_model()

    def _take_previous_backup(self):
        shutil.copy(self._prev_weights_path, self._weights_path)
        if os.path.exists(self._prev_training_metadata_path):
            shutil.copy(self._prev_training_metadata_path, self._training_metadata_path)
        elif os.path.exists(self._training_metadata_path):
            os.remove(self._training_metadata_path)

    def _load_model(self):
        if os.path.exists(self._weights_path):
            optimizer = self.model.optimizer
            if optimizer is not None and not optimizer.built:
                optimizer.build(self.model.trainable_variables)
            self.model.load_weights(self._weights_path)
        if os.path.exists(self._training_metadata_path):
            with open(self._training_metadata_path) as file:
                self.model._initial_epoch = json.load(file)["epoch"]

    def on_epoch_end(self, epoch, logs=None):
        self._current_epoch = epoch + 1
        self._last_batch_seen = 0
        if self.save_freq == "epoch":
            self._save_model()

    def on_train_batch_end(self, batch, logs=None):
        self._last_batch_seen = batch
        if self._counter is not None and self._counter.is_due(batch):
            self._save_model()

    def _save_model(self):
        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint:
            for path in (self._weights_path, self._training_metadata_path):
                if os.path.exists(path):
                    shutil.copy(path, f"{path}.bkp")
        self.model.save_weights(self._weights_path, overwrite=True)
        # Replaced as a whole: a run killed here must find the old file or the new one.
        unfinished = f"{self._training_metadata_path}.tmp"
        with open(unfinished, "w") as file:
            json.dump({"epoch": self._current_epoch, "batch": self._last_batch_seen}, file)
        os.replace(unfinished, self._training_metadata_path)

    def on_train_end(self, logs=None):
        if self.delete_checkpoint and os.path.exists(self.backup_dir):
            shutil.rmtree(self.backup_dir)


@default
def _no_batch_hook(batch, logs=None):
    """Stands for the hook of a batch when saving happens once per epoch."""
