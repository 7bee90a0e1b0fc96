"""Record of a training run."""

from keraunos.callbacks.callback import Callback


class History(Callback):
    """Records the logs of every epoch. `fit` adds one by itself and returns it.

    Attributes:
        history: dict from the name of a metric to the list of its values, one per epoch.
        epoch: list of the epochs' indices.

    Example:

    >>> import numpy as np, keraunos
    >>> model = keraunos.Sequential([keraunos.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, verbose=0)
    >>> len(history.history["loss"])
    2
    """

    def __init__(self):
        super().__init__()
        self.history = {}

    def on_train_begin(self, logs=None):
        self.epoch = []

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self
