"""LAMB."""

from keraunos import ops
from keraunos.optimizers.optimizer import Optimizer
from keraunos.optimizers.validation import check_decay_rates, check_not_negative


class Lamb(Optimizer):
    """Adam with a step as long as the variable's norm, layer by layer (You et al., 2020); made for large batches.

    `u = m / (1 - beta_1^t) / (sqrt(v / (1 - beta_2^t)) + epsilon)`, `w -= learning_rate * norm(w) / norm(u) * u`.
    Arguments as for `Adam`.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
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
        check_decay_rates(beta_1=beta_1, beta_2=beta_2)
        check_not_negative(epsilon=epsilon)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self._momentums, self._velocities = self.add_optimizer_variables(var_list, ["momentum", "velocity"])

    def update_step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        gradient = ops.cast(gradient, dtype)
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))
        of_moment, of_velocity = self._once_per_step("corrections", dtype, lambda: self._corrections(dtype))
        update = m / of_moment / (ops.sqrt(v / of_velocity) + self.epsilon)
        variable_norm = ops.sqrt(ops.sum(ops.square(variable)))
        update_norm = ops.sqrt(ops.sum(ops.square(update)))
        has_ratio = ops.logical_and(variable_norm > 0, update_norm > 0)
        ratio = ops.where(has_ratio, variable_norm / update_norm, 1.0)
        self.assign_sub(variable, update * (ratio * self._learning_rate_as(dtype, learning_rate)))

    def _corrections(self, dtype):
        step = self._step_number(dtype)
        return (
            1.0 - ops.power(ops.cast(self.beta_1, dtype), step),
            1.0 - ops.power(ops.cast(self.beta_2, dtype), step),
        )

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
