"""What one step of training, evaluation or prediction computes."""

import inspect
import warnings

from keraunos import config, ops
from keraunos.stateless_scope import StatelessScope
from keraunos.tracing import GradientTape
from keraunos.training.compile_loss import batch_size_of
from keraunos.training.packing import unpack_x_y_sample_weight
from keraunos.training.structure import leaves_of


class TrainingSteps:
    """The steps of a model, made to be overridden.

    Attributes:
        optimizer: the optimizer given to `compile`.
        loss: what was given to `compile` as `loss`.
    """

    optimizer = None
    loss = None
    compiled = False
    _compile_loss = None
    _compile_metrics = None
    _loss_tracker = None

    @property
    def metrics(self):
        """All metrics: loss, compiled metrics, losses per output, own metrics, those of layers."""
        metrics = []
        if self.compiled:
            metrics += self._compiled_metric_objects()
        metrics += self._metrics
        for layer in self._flatten_layers(include_self=False):
            # A model inside a model has metrics for its own `fit`, not for this one.
            if not isinstance(layer, TrainingSteps):
                metrics += layer.metrics
        return metrics

    def _compiled_metric_objects(self):
        metrics = [self._loss_tracker, self._compile_metrics]
        metrics = [metric for metric in metrics if metric is not None]
        return metrics + (self._compile_loss.metrics if self._compile_loss is not None else [])

    def _get_own_metrics(self):
        return self._compiled_metric_objects() + list(self._metrics)

    @property
    def metrics_names(self):
        """Names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self):
        """Resets the state of all metrics."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self):
        """Returns a dict from names to results of all metrics.

        Example:

        >>> import keraunos
        >>> model = keraunos.Sequential([keraunos.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> sorted(model.get_metrics_result())
        ['loss']
        """
        results = {}
        for metric in self.metrics:
            result = metric.result()
            if isinstance(result, dict):
                results.update(result)
            else:
                results[metric.name] = result
        return results

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """Returns the loss that is made small. Override it for a loss of your own.

        Args:
            x: inputs.
            y: targets.
            y_pred: outputs of the model.
            sample_weight: weights of the samples.
            training: whether this is a training step.

        Returns:
            Scalar tensor: compiled losses plus those of layers (`add_loss`, regularizers).

        Raises:
            ValueError: if there is no loss at all.
        """
        losses = []
        if self._compile_loss is not None:
            loss = self._compile_loss(y, y_pred, sample_weight)
            if loss is not None:
                losses.append(loss)
        losses += [self._aggregate_additional_loss(loss) for loss in self.losses]
        if not losses:
            raise ValueError("No loss to compute. Provide a `loss` argument in `compile()`.")
        total = losses[0]
        for loss in losses[1:]:
            total = ops.add(total, loss)
        return total

    def _aggregate_additional_loss(self, loss):
        loss = ops.convert_to_tensor(loss)
        if "float" not in loss.dtype:
            loss = ops.cast(loss, config.floatx())
        return ops.sum(loss) if len(loss.shape) else loss

    def _compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        # Overrides written before `training` existed do not take it.
        if self._compute_loss_has_training_arg:
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=training)
        else:
            loss = self.compute_loss(x, y, y_pred, sample_weight)
        if loss is None:
            raise ValueError(
                f"`compute_loss()` of {type(self).__name__} must return a scalar tensor. "
                "Received: None. Did you forget a `return`?"
            )
        return loss

    @property
    def _compute_loss_has_training_arg(self):
        cls = type(self)
        known = cls.__dict__.get("_loss_takes_training")
        if known is None:
            known = "training" in inspect.signature(cls.compute_loss).parameters
            cls._loss_takes_training = known
        return known

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        """Updates the metrics with a batch and returns all results. Override it for metrics of your own.

        Args:
            x: inputs.
            y: targets.
            y_pred: outputs of the model.
            sample_weight: weights of the samples.

        Returns:
            Dict from names to results: the logs of the step.
        """
        if self._compile_metrics is not None:
            self._compile_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def stateless_compute_loss(
        self,
        trainable_variables,
        non_trainable_variables,
        metrics_variables,
        x=None,
        y=None,
        y_pred=None,
        sample_weight=None,
        training=True,
    ):
        """Computes the loss for given values of all variables, and changes none of them.

        Returns:
            `(loss, (trainable, non_trainable, metrics))` with the values after the computation.
        """
        groups = (
            (self.trainable_variables, trainable_variables),
            (self.non_trainable_variables, non_trainable_variables),
            (self.metrics_variables, metrics_variables),
        )
        mapping = [pair for variables, values in groups for pair in zip(variables, values)]
        with StatelessScope(state_mapping=mapping) as scope:
            loss = self._compute_loss(x, y, y_pred, sample_weight=sample_weight, training=training)
        non_trainable = [scope.get_current_value(v) for v in self.non_trainable_variables]
        metrics = [scope.get_current_value(v) for v in self.metrics_variables]
        return loss, (trainable_variables, non_trainable, metrics)

    def train_step(self, data):
        """Trains on one batch. Override it for a training of your own.

        Args:
            data: batch as yielded by the data: `x`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            Dict from names to values: the logs.

        Example:

        >>> import keraunos
        >>> class Model(keraunos.Model):
        ...     def train_step(self, data):
        ...         logs = super().train_step(data)
        ...         return logs
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with GradientTape() as tape:
            y_pred = self._predictions(x, training=True)
            loss = self._compute_loss(
                x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True
            )
            self._track_loss(loss, x)
            if self.optimizer is not None:
                loss = self.optimizer.scale_loss(loss)
        weights = self.trainable_weights
        if weights and self.optimizer is None:
            raise ValueError(f"Training needs an optimizer. Received: compile(optimizer=None), in model {self.name!r}")
        if weights:
            self.optimizer.apply(tape.gradient(loss, weights), weights)
        else:
            warnings.warn("The model does not have any trainable weights.", stacklevel=2)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def test_step(self, data):
        """Evaluates one batch. Override it for an evaluation of your own.

        Args:
            data: batch, as in `train_step`.

        Returns:
            Dict from names to values: the logs.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self._predictions(x, training=False)
        loss = self._compute_loss(
            x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False
        )
        self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight=sample_weight)

    def predict_step(self, data):
        """Returns the outputs for one batch. Override it for a prediction of your own."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self._predictions(x, training=False)

    def _predictions(self, x, training):
        if getattr(self, "_call_has_training_arg", True):
            return self(x, training=training)
        return self(x)

    def _track_loss(self, loss, x):
        if len(loss.shape):
            raise ValueError(
                f"The loss of {type(self).__name__} must be a scalar. "
                f"Received: a tensor of shape {tuple(loss.shape)}"
            )
        rows = batch_size_of(leaves_of(x)[0])
        self._loss_tracker.update_state(loss, sample_weight=rows)
