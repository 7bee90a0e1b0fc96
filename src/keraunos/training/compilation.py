"""`compile`: what a model is trained with, and the functions made from it."""

import warnings

from keraunos import metrics as metrics_module
from keraunos import optimizers
from keraunos.serialization import SerializableDict, deserialize_keras_object
from keraunos.training import arguments
from keraunos.training.compile_loss import CompileLoss
from keraunos.training.compile_metrics import CompileMetrics
from keraunos.training.step_function import StepFunction
from keraunos.training.training_steps import TrainingSteps


class Compilation(TrainingSteps):
    """The part of `Trainer` that knows optimizer, losses and metrics.

    Attributes:
        train_function, test_function, predict_function: functions of a list of batches, `None` until made.
        stop_training, stop_evaluating, stop_predicting: set by callbacks to end the loop.
    """

    steps_per_execution = 1
    stop_training = False
    stop_evaluating = False
    stop_predicting = False
    train_function = None
    test_function = None
    predict_function = None
    _run_eagerly = False
    _jit_compile = None
    _compiled_trainable_state = None
    _direct_prediction = None
    _is_ready = False

    def _set(self, name, value):
        # Past the tracking of attributes: optimizer, losses and compiled metrics are not layers' state.
        object.__setattr__(self, name, value)

    def compile(
        self,
        optimizer="rmsprop",
        loss=None,
        loss_weights=None,
        metrics=None,
        weighted_metrics=None,
        run_eagerly=False,
        steps_per_execution=1,
        jit_compile="auto",
        auto_scale_loss=True,
    ):
        """Says how the model is trained.

        Args:
            optimizer: name or `Optimizer`.
            loss: name, function or `Loss`; a list or dict of those for several outputs. Functions take
                `(y_true, y_pred)`. `"crossentropy"` is chosen by the shapes.
            loss_weights: factor, or list or dict of factors, of the losses.
            metrics: list of names, functions or `Metric` objects; a list of lists or a dict for several
                outputs. `"accuracy"` is chosen by the shapes.
            weighted_metrics: the same, for metrics that use sample weights.
            run_eagerly: whether steps run as plain Python, for debugging.
            steps_per_execution: number of batches between two calls of the callbacks.
            jit_compile: `True` to make it an error if a step cannot be compiled.
            auto_scale_loss: whether the loss is scaled under the policy `"mixed_float16"`.

        Raises:
            ValueError: for an unknown name. The model then stays as it was.

        Example:

        >>> import keraunos
        >>> model = keraunos.Sequential([keraunos.layers.Dense(1)])
        >>> model.compile(optimizer="adam", loss="mse", metrics=["mae"])
        """
        optimizer = optimizers.get(optimizer)
        steps_per_execution = arguments.check_positive_integer(
            steps_per_execution, "steps_per_execution"
        )
        output_names = getattr(self, "output_names", None)
        compile_loss = None
        if loss is not None:
            compile_loss = CompileLoss(loss, loss_weights, output_names=output_names)
        compile_metrics = None
        if metrics is not None or weighted_metrics is not None:
            compile_metrics = CompileMetrics(metrics, weighted_metrics, output_names=output_names)
        if run_eagerly and jit_compile is True:
            warnings.warn(
                "If `run_eagerly` is True, then `jit_compile` cannot also be True. "
                "Disabling `jit_compile`.",
                stacklevel=2,
            )
            jit_compile = False
        if jit_compile == "auto":
            # Steps are compiled anyway; only `True` makes a failure an error.
            jit_compile = False
        # Nothing above changed the model, nothing below fails.
        config = SerializableDict(
            optimizer=optimizer,
            loss=loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
        )
        if auto_scale_loss:
            optimizer = self._with_loss_scale(optimizer)
        for name, value in (
            ("optimizer", optimizer),
            ("loss", loss),
            ("_compile_loss", compile_loss),
            ("_compile_metrics", compile_metrics),
            ("_loss_tracker", metrics_module.Mean(name="loss")),
            ("_compile_config", config),
            ("_run_eagerly", run_eagerly),
            ("steps_per_execution", steps_per_execution),
            ("stop_training", False),
            ("_compiled_trainable_state", self._trainable_state()),
            ("compiled", True),
        ):
            self._set(name, value)
        self.jit_compile = jit_compile
        self._forget_functions()

    def _with_loss_scale(self, optimizer):
        is_scaled = isinstance(optimizer, optimizers.LossScaleOptimizer)
        if optimizer is None or is_scaled or self.dtype_policy.name != "mixed_float16":
            return optimizer
        return optimizers.LossScaleOptimizer(optimizer, name="loss_scale_optimizer")

    def _forget_functions(self):
        """Drops all compiled steps; to be called whenever what the model computes changes."""
        for name in ("train_function", "test_function", "predict_function"):
            self._set(name, None)
        self._set("_on_batch_functions", {})
        self._set("_log_orders", {})
        self._set("_direct_prediction", None)
        self._set("_is_ready", False)

    @property
    def jit_compile(self):
        """Whether it is an error if a step cannot be compiled."""
        return bool(self._jit_compile)

    @jit_compile.setter
    def jit_compile(self, value):
        if value and not all(layer.supports_jit for layer in self._flatten_layers()):
            warnings.warn(
                "Model doesn't support `jit_compile=True`. Proceeding with `jit_compile=False`.",
                stacklevel=2,
            )
            value = False
        self._set("_jit_compile", value)

    @property
    def run_eagerly(self):
        """Whether steps run as plain Python."""
        return self._run_eagerly

    @run_eagerly.setter
    def run_eagerly(self, value):
        self._set("_run_eagerly", value)
        self._set("_direct_prediction", None)

    def get_compile_config(self):
        """Returns the arguments of `compile` as a config dict, `{}` before `compile`."""
        if self.compiled and hasattr(self, "_compile_config"):
            return self._compile_config.serialize()
        return {}

    def compile_from_config(self, config):
        """Compiles the model with a dict from `get_compile_config`."""
        if type(self).compile is not Compilation.compile:
            warnings.warn(
                "`compile()` was not called as part of model loading because the model's "
                "`compile()` method is custom. All subclassed Models that have `compile()` "
                "overridden should also override `get_compile_config()` and "
                "`compile_from_config(config)`. Alternatively, you can call `compile()` manually "
                "after loading.",
                stacklevel=2,
            )
            return
        self.compile(**deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def _assert_compile_called(self, method_name=None):
        if not self.compiled:
            raise ValueError("You must call `compile()` before using the model.")

    def _trainable_state(self):
        return {id(layer): (layer.name, layer.trainable) for layer in self._flatten_layers()}

    def _warn_if_trainable_state_changed(self):
        state = self._trainable_state()
        known = self._compiled_trainable_state
        changed = [
            name
            for key, (name, is_trainable) in state.items()
            if key in known and known[key][1] != is_trainable
        ]
        if changed:
            warnings.warn(
                "A layer's `trainable` state has changed since the model was compiled; compile it "
                "again (`model.compile(...)`) for the change to take effect in `fit()`. "
                f"Changed layers: {changed[:20]}",
                stacklevel=3,
            )
        self._set("_compiled_trainable_state", state)

    def make_train_function(self, force=False):
        """Makes `train_function`, a function of a list of batches that returns logs."""
        if self.train_function is None or force:
            self._set("train_function", StepFunction(self, self.train_step, "train_step"))
        return self.train_function

    def make_test_function(self, force=False):
        """Makes `test_function`, a function of a list of batches that returns logs."""
        if self.test_function is None or force:
            self._set("test_function", StepFunction(self, self.test_step, "test_step"))
        return self.test_function

    def make_predict_function(self, force=False):
        """Makes `predict_function`, a function of a list of batches that returns outputs."""
        if self.predict_function is None or force:
            self._set("predict_function", StepFunction(self, self.predict_step, "predict_step"))
            self._set("_direct_prediction", None)
        return self.predict_function
