"""Loss scaling for training in float16."""

from keraunos import initializers, ops
from keraunos.naming import name_scope
from keraunos.optimizers.conditional import run_either
from keraunos.optimizers.optimizer import Optimizer

_BASE_ARGUMENTS = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


class LossScaleOptimizer(Optimizer):
    """Scales the loss so that small gradients do not vanish in float16, and adapts the scale.

    A step with a gradient that is not finite changes no variable and halves the scale; after `dynamic_growth_steps`
    finite steps the scale is doubled.

    Arguments:
        inner_optimizer: the optimizer that takes the steps.
        initial_scale: first scale.
        dynamic_growth_steps: finite steps until the scale is doubled.
        name: optional name.

    ```python
    optimizer = keraunos.optimizers.LossScaleOptimizer(keraunos.optimizers.Adam())
    ```
    """

    def __init__(self, inner_optimizer, initial_scale=2.0**15, dynamic_growth_steps=2000, name=None, **kwargs):
        if not kwargs.pop("dynamic", True):
            raise ValueError(
                "LossScaleOptimizer no longer supports `dynamic=False`. Instead, simply set `loss_scale_factor` "
                "directly on the `inner_optimizer`."
            )
        for argument, default in _BASE_ARGUMENTS.items():
            value = kwargs.pop(argument, default)
            if value != default:
                raise ValueError(
                    f"LossScaleOptimizer does not support `{argument}`. Instead, set `{argument}` on the "
                    "`inner_optimizer`."
                )
        if kwargs:
            names = "`, `".join(kwargs)
            raise ValueError(f"LossScaleOptimizer does not support arguments: `{names}`.")
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        # Inner and outer scale would multiply.
        self.inner_optimizer.loss_scale_factor = None

    def build(self, var_list):
        self.step_counter = self.add_variable(
            shape=(), dtype="int", initializer=initializers.Zeros(), name="step_counter"
        )
        self.dynamic_scale = self.add_variable(
            shape=(),
            dtype="float32",
            initializer=initializers.Constant(self.initial_scale),
            name="dynamic_scale",
        )
        self.inner_optimizer.build(var_list)
        super().build(var_list)

    @property
    def variables(self):
        """Own variables, then those of the inner optimizer."""
        return self._variables + self.inner_optimizer.variables

    def apply(self, grads, trainable_variables=None):
        """One step of the inner optimizer with the gradients divided by the scale, if all are finite."""
        if not self.built:
            with name_scope(self.name, caller=self):
                self.build(trainable_variables)
            self.built = True
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        run_either(
            self.check_finite(grads),
            lambda: self._step(grads, variables),
            self._shrink,
            self.variables + variables,
        )

    def _step(self, grads, variables):
        scale = self.dynamic_scale.value
        unscaled = [
            # In float32: the scale may be beyond float16.
            gradient if gradient is None or self._is_overwritten(variable) else ops.divide(gradient, scale)
            for gradient, variable in zip(grads, variables)
        ]
        self.inner_optimizer.apply(unscaled, variables)
        grows = ops.equal(self.step_counter, self.dynamic_growth_steps - 1)
        self.step_counter.assign(ops.where(grows, 0, self.step_counter + 1))
        self.dynamic_scale.assign(ops.where(grows, scale * 2.0, scale))

    def _shrink(self):
        self.step_counter.assign(0)
        self.dynamic_scale.assign(self.dynamic_scale * 0.5)

    def check_finite(self, grads):
        """Boolean scalar: whether all elements of all gradients are finite."""
        is_finite = ops.convert_to_tensor(True)
        for gradient in grads:
            if gradient is not None:
                is_finite = ops.logical_and(is_finite, ops.all(ops.isfinite(gradient)))
        return is_finite

    @property
    def learning_rate(self):
        """Learning rate of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate):
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self):
        """Steps of the inner optimizer: those that were finite."""
        return self.inner_optimizer.iterations

    def scale_loss(self, loss):
        """The loss times the current scale."""
        scale = self.dynamic_scale if self.built else self.initial_scale
        return ops.multiply(loss, scale)

    def finalize_variable_values(self, var_list):
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self):
        from keraunos import serialization

        return {
            "name": self.name,
            "inner_optimizer": serialization.serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        from keraunos import serialization

        config = dict(config)
        inner_optimizer = serialization.deserialize_keras_object(
            config.pop("inner_optimizer"), custom_objects=custom_objects
        )
        return cls(inner_optimizer, **config)
