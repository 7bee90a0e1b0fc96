"""Base class of callbacks."""


def default(method):
    """Marks a hook that does nothing, so that overriding can be noticed."""
    method._is_default = True
    return method


def is_default(method):
    """Returns `True` if the hook was not overridden."""
    return getattr(method, "_is_default", False)


class Callback:
    """Base class of objects that `fit`, `evaluate` and `predict` call at fixed moments.

    Override the hooks of interest. A callback that overrides a hook of a batch
    (`on_train_batch_end`, ...) makes the loop stop after every batch; without such callbacks
    many batches run in one native call.

    Attributes:
        params: dict with `verbose`, `epochs` and `steps`.
        model: the model that is trained.

    Example:

    >>> import keraunos
    >>> class Report(keraunos.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, sorted(logs))
    """

    params = None
    _model = None

    def __init__(self):
        self.params = None
        self._model = None

    def set_params(self, params):
        self.params = params

    def set_model(self, model):
        self._model = model

    @property
    def model(self):
        return self._model

    @default
    def on_batch_begin(self, batch, logs=None):
        """The same as `on_train_batch_begin`, under its older name."""

    @default
    def on_batch_end(self, batch, logs=None):
        """The same as `on_train_batch_end`, under its older name."""

    @default
    def on_epoch_begin(self, epoch, logs=None):
        """Called at the start of an epoch of training. `epoch` counts from 0."""

    @default
    def on_epoch_end(self, epoch, logs=None):
        """Called at the end of an epoch of training.

        Args:
            epoch: index of the epoch, from 0.
            logs: dict of metric results; those of validation begin with `val_`.
        """

    @default
    def on_train_batch_begin(self, batch, logs=None):
        """Called before a training batch. `batch` is its index within the epoch."""
        self.on_batch_begin(batch, logs=logs)

    @default
    def on_train_batch_end(self, batch, logs=None):
        """Called after a training batch.

        Args:
            batch: index of the batch within the epoch.
            logs: dict of metric results of the epoch so far.
        """
        self.on_batch_end(batch, logs=logs)

    @default
    def on_test_batch_begin(self, batch, logs=None):
        """Called before a batch of `evaluate`, also of the validation within `fit`."""

    @default
    def on_test_batch_end(self, batch, logs=None):
        """Called after a batch of `evaluate`, also of the validation within `fit`."""

    @default
    def on_predict_batch_begin(self, batch, logs=None):
        """Called before a batch of `predict`."""

    @default
    def on_predict_batch_end(self, batch, logs=None):
        """Called after a batch of `predict`; `logs["outputs"]` holds its predictions."""

    @default
    def on_train_begin(self, logs=None):
        """Called at the start of training."""

    @default
    def on_train_end(self, logs=None):
        """Called at the end of training with the logs of the last epoch."""

    @default
    def on_test_begin(self, logs=None):
        """Called at the start of evaluation or validation."""

    @default
    def on_test_end(self, logs=None):
        """Called at the end of evaluation or validation."""

    @default
    def on_predict_begin(self, logs=None):
        """Called at the start of prediction."""

    @default
    def on_predict_end(self, logs=None):
        """Called at the end of prediction."""
