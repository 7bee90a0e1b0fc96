"""Lowers the learning rate when training stands still."""

import warnings

import numpy as np

from keraunos.callbacks.learning_rates import learning_rate_logs, optimizers_of
from keraunos.callbacks.monitor_callback import MonitorCallback
from keraunos.utils import io_utils


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a number has stopped getting better.

    Args:
        monitor: name of the number in the logs.
        factor: below 1; the learning rate is multiplied by it.
        patience: number of epochs without getting better after which the rate is lowered.
        verbose: 1 to report.
        mode: `"auto"`, `"min"` or `"max"`.
        min_delta: smallest change that counts as better.
        cooldown: number of epochs to wait after the rate was lowered.
        min_lr: lower bound of the learning rate.

    Example:

    >>> import keraunos
    >>> lower = keraunos.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.2, patience=5)
    """

    def __init__(
        self,
        monitor="val_loss",
        factor=0.1,
        patience=10,
        verbose=0,
        mode="auto",
        min_delta=1e-4,
        cooldown=0,
        min_lr=0.0,
        **kwargs,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(
                f"ReduceLROnPlateau does not support a factor >= 1.0. Received factor={factor}"
            )
        self.factor = factor
        self.min_lr = min_lr
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs=None):
        self._reset()

    def _reset(self):
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self):
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch, logs=None):
        if self.monitor_op is None:
            # Only now are the model's metrics built.
            self._set_monitor_op()
        logs = {} if logs is None else logs
        logs.update(learning_rate_logs(self.model))
        current = logs.get(self.monitor)
        if current is None:
            warnings.warn(
                f"Learning rate reduction is conditioned on metric `{self.monitor}` which is "
                f"not available. Available metrics are: {','.join(logs)}.",
                stacklevel=2,
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def _reduce(self, epoch):
        was_reduced = False
        for optimizer, name in optimizers_of(self.model):
            old = float(optimizer.learning_rate)
            if old <= np.float32(self.min_lr):
                continue
            new = max(old * self.factor, self.min_lr)
            optimizer.learning_rate = new
            was_reduced = True
            if self.verbose > 0:
                io_utils.print_msg(
                    f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing {name}learning rate to {new}."
                )
        return was_reduced
