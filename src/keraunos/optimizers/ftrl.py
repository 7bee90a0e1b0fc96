"""Follow the regularized leader."""

from keraunos import initializers, ops
from keraunos.optimizers.optimizer import Optimizer


class Ftrl(Optimizer):
    """Follow the regularized leader, per coordinate (McMahan et al., 2013); made for sparse linear models.

    Arguments:
        learning_rate: float, schedule or callable.
        learning_rate_power: float, not positive; -0.5 makes rates fall with the root of the sum of squares.
        initial_accumulator_value: first value of the accumulator.
        l1_regularization_strength, l2_regularization_strength: penalties.
        l2_shrinkage_regularization_strength: penalty on the gradient only.
        beta: added to `l2_regularization_strength` as `beta / (2 * learning_rate)`.
        Others: as for `Optimizer`.
    """

    def __init__(
        self,
        learning_rate=0.001,
        learning_rate_power=-0.5,
        initial_accumulator_value=0.1,
        l1_regularization_strength=0.0,
        l2_regularization_strength=0.0,
        l2_shrinkage_regularization_strength=0.0,
        beta=0.0,
        weight_decay=None,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        **kwargs,
    ):
        super().__init__(
            learning_rate=learning_rate,
            weight_decay=weight_decay,
            clipnorm=clipnorm,
            clipvalue=clipvalue,
            global_clipnorm=global_clipnorm,
            use_ema=use_ema,
            ema_momentum=ema_momentum,
            ema_overwrite_frequency=ema_overwrite_frequency,
            loss_scale_factor=loss_scale_factor,
            gradient_accumulation_steps=gradient_accumulation_steps,
            name=name,
            **kwargs,
        )
        if learning_rate_power > 0.0:
            raise ValueError(
                "`learning_rate_power` needs to be negative or zero. "
                f"Received: learning_rate_power={learning_rate_power}."
            )
        for argument, value in (
            ("initial_accumulator_value", initial_accumulator_value),
            ("l1_regularization_strength", l1_regularization_strength),
            ("l2_regularization_strength", l2_regularization_strength),
            ("l2_shrinkage_regularization_strength", l2_shrinkage_regularization_strength),
        ):
            if value < 0.0:
                raise ValueError(f"`{argument}` needs to be positive or zero. Received: {argument}={value}.")
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self._accumulators, self._linears = self.add_optimizer_variables(
            var_list,
            ["accumulator", "linear"],
            initializer=[initializers.Constant(self.initial_accumulator_value), "zeros"],
        )

    def update_step(self, gradient, variable, learning_rate):
        gradient = ops.cast(gradient, variable.dtype)
        rate = self._learning_rate_as(variable.dtype, learning_rate)
        index = self._get_variable_index(variable)
        accumulator, linear = self._accumulators[index], self._linears[index]
        l2 = self.l2_regularization_strength + self.beta / (2.0 * rate)
        shrunk = gradient + variable * (2 * self.l2_shrinkage_regularization_strength)
        new_accumulator = accumulator + ops.square(gradient)
        old_power, new_power = self._power(accumulator), self._power(new_accumulator)
        self.assign_add(linear, shrunk - (new_power - old_power) / rate * variable)
        clipped = ops.clip(linear, -self.l1_regularization_strength, self.l1_regularization_strength)
        self.assign(variable, (clipped - linear) / (new_power / rate + 2 * l2))
        self.assign(accumulator, new_accumulator)

    def _power(self, accumulator):
        if self.learning_rate_power == -0.5:
            return ops.sqrt(accumulator)
        return ops.power(accumulator, -self.learning_rate_power)

    def get_config(self):
        return {
            **super().get_config(),
            "learning_rate_power": self.learning_rate_power,
            "initial_accumulator_value": self.initial_accumulator_value,
            "l1_regularization_strength": self.l1_regularization_strength,
            "l2_regularization_strength": self.l2_regularization_strength,
            "l2_shrinkage_regularization_strength": self.l2_shrinkage_regularization_strength,
            "beta": self.beta,
        }
