"""Adam with Nesterov momentum."""

from keraunos import config, ops
from keraunos.optimizers.optimizer import Optimizer
from keraunos.optimizers.validation import check_decay_rates, check_not_negative
from keraunos.variable import Variable


class Nadam(Optimizer):
    """Adam with Nesterov momentum (Dozat, 2015).

    The momentum of step t is `u_t = beta_1 * (1 - 0.5 * 0.96^t)`; the product of all of them corrects the first moment.
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
        dtype = var_list[0].dtype if var_list else config.floatx()
        super().build(var_list)
        self._momentums, self._velocities = self.add_optimizer_variables(var_list, ["momentum", "velocity"])
        self._u_product = Variable(1.0, dtype=dtype, trainable=False)

    def _before_updates(self):
        self.assign(self._u_product, self._u_product * self._momentum_of_step(self._u_product.dtype, 1))

    def _momentum_of_step(self, dtype, offset):
        """`u_t` of the running step (`offset` 1) or the next one (2)."""
        step = ops.cast(self.iterations + offset, dtype)
        return (1.0 - 0.5 * ops.power(ops.cast(0.96, dtype), step)) * self.beta_1

    def update_step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        gradient = ops.cast(gradient, dtype)
        of_moment, of_gradient, correction = self._once_per_step("factors", dtype, lambda: self._factors(dtype))
        rate = self._learning_rate_as(dtype, learning_rate)
        index = self._get_variable_index(variable)
        m, v = self._momentums[index], self._velocities[index]
        self.assign_add(m, (gradient - m) * (1 - self.beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.beta_2))
        direction = m * of_moment + gradient * of_gradient
        self.assign_sub(variable, direction * rate / (ops.sqrt(v / correction) + self.epsilon))

    def _factors(self, dtype):
        """Factors of the moment and of the gradient in the direction, and the correction of the velocity."""
        now, following = self._momentum_of_step(dtype, 1), self._momentum_of_step(dtype, 2)
        product = ops.cast(self._u_product, dtype)
        beta_2_power = ops.power(ops.cast(self.beta_2, dtype), self._step_number(dtype))
        return following / (1 - product * following), (1 - now) / (1 - product), 1 - beta_2_power

    def get_config(self):
        return {
            **super().get_config(),
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
