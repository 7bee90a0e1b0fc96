"""Adamax."""

from keraunos import ops
from keraunos.optimizers.optimizer import Optimizer
from keraunos.optimizers.validation import check_decay_rates, check_not_negative


class Adamax(Optimizer):
    """Adam with the infinity norm (Kingma and Ba, 2015, section 7.1).

    `m += (g - m) * (1 - beta_1)`, `u = max(beta_2 * u, abs(g))`,
    `w -= learning_rate * m / ((1 - beta_1^t) * (u + epsilon))`. Arguments as for `Adam`.
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
        self._m, self._u = self.add_optimizer_variables(var_list, ["momentum", "norm"])

    def update_step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        gradient = ops.cast(gradient, dtype)
        rate = self._once_per_step("corrected_rate", dtype, lambda lr: self._corrected_rate(dtype, lr), learning_rate)
        index = self._get_variable_index(variable)
        m, u = self._m[index], self._u[index]
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign(u, ops.maximum(u * self.beta_2, ops.abs(gradient)))
        self.assign_sub(variable, m * rate / (u + self.epsilon))

    def _corrected_rate(self, dtype, learning_rate):
        beta_1_power = ops.power(ops.cast(self.beta_1, dtype), self._step_number(dtype))
        return ops.cast(learning_rate, dtype) / (1 - beta_1_power)

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
