"""Evaluation with averaged weights."""

from keraunos.callbacks.callback import Callback


class SwapEMAWeights(Callback):
    """Evaluates with the moving averages of the weights (Polyak averaging).

    The weights are swapped with the averages of the optimizer before an evaluation or prediction,
    and back after it. The optimizer must have `use_ema=True`.

    Args:
        swap_on_epoch: whether to swap at the end of an epoch and back at the start of the next,
            so that a `ModelCheckpoint` behind this callback saves the averages.

    Example:

    >>> import keraunos
    >>> optimizer = keraunos.optimizers.SGD(use_ema=True)
    >>> swap = keraunos.callbacks.SwapEMAWeights()
    """

    def __init__(self, swap_on_epoch=False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._ema_weights_in_model = False

    def _ema_optimizers(self):
        optimizer = self.model.optimizer
        # A loss-scaling optimizer wraps the one that has the averages.
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        inner = getattr(optimizer, "optimizers", None)
        if inner is not None:
            candidates = [item for item in inner if getattr(item, "use_ema", False)]
            if not candidates:
                raise ValueError(
                    "SwapEMAWeights must be used when at least one inner optimizer has "
                    "`use_ema=True` set. Received a MultiOptimizer with all inner optimizers "
                    "having `use_ema=False`."
                )
        else:
            candidates = [optimizer]
        for item in candidates:
            if not hasattr(item, "_model_variables_moving_average"):
                raise ValueError(
                    "SwapEMAWeights must be used when `use_ema=True` is set on the optimizer. "
                    f"Received: use_ema={item.use_ema}"
                )
        return candidates

    def _pairs(self):
        for optimizer in self._ema_optimizers():
            yield from zip(
                optimizer._trainable_variables, optimizer._model_variables_moving_average
            )

    def _swap_variables(self):
        for variable, average in self._pairs():
            value = variable.numpy().copy()
            variable.assign(average.numpy())
            average.assign(value)

    def _finalize_ema_values(self):
        for variable, average in self._pairs():
            average.assign(variable.numpy())

    def _swap_in(self):
        if not self._ema_weights_in_model:
            self._swap_variables()
            self._ema_weights_in_model = True

    def _swap_out(self):
        if self._ema_weights_in_model:
            self._swap_variables()
            self._ema_weights_in_model = False

    def on_epoch_begin(self, epoch, logs=None):
        if self.swap_on_epoch:
            self._swap_out()

    def on_epoch_end(self, epoch, logs=None):
        if self.swap_on_epoch and not self._ema_weights_in_model:
            self._swap_in()
            # At the end of training the optimizer copies the averages into the weights; without
            # this it would copy the swapped-out weights.
            if epoch == self.params["epochs"] - 1:
                self._finalize_ema_values()

    def on_test_begin(self, logs=None):
        self._swap_in()

    def on_test_end(self, logs=None):
        self._swap_out()

    def on_predict_begin(self, logs=None):
        self._swap_in()

    def on_predict_end(self, logs=None):
        self._swap_out()
