"""Adadelta."""

from keraunos import ops
from keraunos.optimizers.optimizer import Optimizer
from keraunos.optimizers.validation import check_not_negative, check_shares


class Adadelta(Optimizer):
    """Steps scaled by the ratio of the running sizes of steps and gradients (Zeiler, 2012).

    `a = rho * a + (1 - rho) * g^2`, `d = -sqrt(x + epsilon) / sqrt(a + epsilon) * g`,
    `x = rho * x + (1 - rho) * d^2`, `w += learning_rate * d`.

    Arguments:
        learning_rate: float, schedule or callable; the paper has 1.0.
        rho: decay rate of the running sizes.
        epsilon: added under the roots.
        Others: as for `Optimizer`.
    """

    def __init__(
        self,
        learning_rate=0.001,
        rho=0.95,
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
        check_shares(rho=rho)
        check_not_negative(epsilon=epsilon)
        self.rho = rho
        self.epsilon = epsilon

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self._accumulated_grads, self._accumulated_delta_vars = self.add_optimizer_variables(
            var_list, ["accumulated_grad", "accumulated_delta_var"]
        )

    def update_step(self, grad, variable, learning_rate):
        grad = ops.cast(grad, variable.dtype)
        rate = self._learning_rate_as(variable.dtype, learning_rate)
        index = self._get_variable_index(variable)
        squares, steps = self._accumulated_grads[index], self._accumulated_delta_vars[index]
        self.assign(squares, squares * self.rho + ops.square(grad) * (1 - self.rho))
        step = -(ops.sqrt(steps + self.epsilon) * grad / ops.sqrt(squares + self.epsilon))
        self.assign(steps, steps * self.rho + ops.square(step) * (1 - self.rho))
        self.assign_add(variable, step * rate)

    def get_config(self):
        return {**super().get_config(), "rho": self.rho, "epsilon": self.epsilon}
