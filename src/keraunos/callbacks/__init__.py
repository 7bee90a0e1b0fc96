"""Callbacks: objects called by `fit`, `evaluate` and `predict` at fixed moments."""

import importlib

# Class -> module that has it. Imported on first use: importing the library stays fast.
_PLACES = {
    "BackupAndRestore": "backup_and_restore",
    "CSVLogger": "csv_logger",
    "Callback": "callback",
    "CallbackList": "callback_list",
    "EarlyStopping": "early_stopping",
    "History": "history",
    "LambdaCallback": "lambda_callback",
    "LearningRateScheduler": "learning_rate_scheduler",
    "ModelCheckpoint": "model_checkpoint",
    "ProgbarLogger": "progbar_logger",
    "ReduceLROnPlateau": "reduce_lr_on_plateau",
    "RemoteMonitor": "remote_monitor",
    "SwapEMAWeights": "swap_ema_weights",
    "TensorBoard": "tensorboard",
    "TerminateOnNaN": "terminate_on_nan",
}

__all__ = list(_PLACES)


def __getattr__(name):
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'keraunos.callbacks' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"keraunos.callbacks.{place}"), name)
    globals()[name] = value
    return value


def __dir__():
    return __all__
