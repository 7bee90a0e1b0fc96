"""AdamW without a learning-rate schedule."""

from keraunos import ops
from keraunos.optimizers.optimizer import Optimizer
from keraunos.optimizers.validation import check_decay_rates, check_not_negative


class ScheduleFreeAdamW(Optimizer):
    """AdamW that averages its iterates instead of following a schedule (Defazio et al., 2024).

    The variable is `y = (1 - beta_1) * z + beta_1 * x`, where `z` takes the steps and `x` is the mean of all `z`.

    Arguments:
        learning_rate: float, schedule or callable.
        beta_1: share of the mean in the variable, in (0, 1).
        beta_2: decay rate of the second moment.
        epsilon: added to the denominator.
        warmup_steps: number of steps over which the learning rate rises from 0.
        Others: as for `Optimizer`.
    """

    def __init__(
        self,
        learning_rate=0.0025,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        warmup_steps=0,
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
        check_not_negative(epsilon=epsilon, warmup_steps=warmup_steps)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self._momentums, self._velocities = self.add_optimizer_variables(var_list, ["momentum", "velocity"])
        for momentum, variable in zip(self._momentums, var_list):
            if momentum is not None:
                self.assign(momentum, variable.value)

    def update_step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        gradient = ops.cast(gradient, dtype)
        index = self._get_variable_index(variable)
        z, v = self._momentums[index], self._velocities[index]
        rate = self._once_per_step("rate", dtype, lambda lr: self._warmed_up(dtype, lr), learning_rate)
        correction, weight = self._once_per_step("factors", dtype, lambda: self._factors(dtype))
        old_z = z.value
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))
        self.assign_sub(z, gradient * rate / (ops.sqrt(v / correction) + self.epsilon))
        old_mean = (variable - old_z * (1 - self.beta_1)) / self.beta_1
        mean = old_mean * (1 - weight) + z * weight
        self.assign(variable, z * (1 - self.beta_1) + mean * self.beta_1)

    def _warmed_up(self, dtype, learning_rate):
        rate = ops.cast(learning_rate, dtype)
        if self.warmup_steps > 0:
            rate = rate * ops.minimum(self._step_number(dtype) / self.warmup_steps, 1.0)
        return rate

    def _factors(self, dtype):
        """Correction of the second moment, and weight of the newest iterate in the mean."""
        step = self._step_number(dtype)
        return 1 - ops.power(ops.cast(self.beta_2, dtype), step), 1.0 / step

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
            "warmup_steps": self.warmup_steps,
        }
