"""Adam."""

from keraunos import ops
from keraunos.optimizers.optimizer import Optimizer
from keraunos.optimizers.validation import check_decay_rates, check_not_negative


class Adam(Optimizer):
    """Adaptive moments (Kingma and Ba, 2015).

    `m += (g - m) * (1 - beta_1)`, `v += (g^2 - v) * (1 - beta_2)`,
    `w -= learning_rate * sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)`.

    Arguments:
        learning_rate: float, schedule or callable.
        beta_1, beta_2: decay rates of the moments, in [0, 1).
        epsilon: added to the denominator.
        amsgrad: whether the denominator uses the largest `v` so far (Reddi et al., 2018).
        Others: as for `Optimizer`.

    ```python
    model.compile(keraunos.optimizers.Adam(1e-3), loss="mse")
    ```
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-7,
        amsgrad=False,
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
        self.amsgrad = amsgrad

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self._momentums, self._velocities = self.add_optimizer_variables(var_list, ["momentum", "velocity"])
        if self.amsgrad:
            self._velocity_hats = self.add_optimizer_variables(var_list, "velocity_hat")

    def update_step(self, gradient, variable, learning_rate):
        gradient = ops.cast(gradient, variable.dtype)
        alpha = self._corrected_rate(variable.dtype, learning_rate)
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))
        if self.amsgrad:
            largest = self._velocity_hats[index]
            self.assign(largest, ops.maximum(largest, v))
            v = largest
        self.assign_sub(variable, m * alpha / (ops.sqrt(v) + self.epsilon))

    def _corrected_rate(self, dtype, learning_rate):
        """Learning rate times the correction for moments that started at 0."""

        def compute(rate):
            step = self._step_number(dtype)
            beta_1_power = ops.power(ops.cast(self.beta_1, dtype), step)
            beta_2_power = ops.power(ops.cast(self.beta_2, dtype), step)
            return ops.cast(rate, dtype) * ops.sqrt(1 - beta_2_power) / (1 - beta_1_power)

        return self._once_per_step("corrected_rate", dtype, compute, learning_rate)

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "amsgrad": self.amsgrad,
        }
