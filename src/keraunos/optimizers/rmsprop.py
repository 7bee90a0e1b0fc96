"""RMSprop."""

from keraunos import ops
from keraunos.optimizers.optimizer import Optimizer
from keraunos.optimizers.validation import check_not_negative, check_shares


class RMSprop(Optimizer):
    """Gradient divided by a running average of its magnitude (Tieleman and Hinton, 2012).

    `v = rho * v + (1 - rho) * g^2`, `w -= learning_rate * g / sqrt(v + epsilon)`.

    Arguments:
        learning_rate: float, schedule or callable.
        rho: decay rate of the average.
        momentum: float in [0, 1]; above 0, steps gather in a momentum variable.
        epsilon: added to the denominator.
        centered: whether the mean gradient squared is subtracted from `v`.
        Others: as for `Optimizer`.
    """

    def __init__(
        self,
        learning_rate=0.001,
        rho=0.9,
        momentum=0.0,
        epsilon=1e-7,
        centered=False,
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
        check_shares(rho=rho, momentum=momentum)
        check_not_negative(epsilon=epsilon)
        self.rho = rho
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self._velocities = self.add_optimizer_variables(var_list, "velocity")
        self._momentums = []
        if self.momentum > 0:
            self._momentums = self.add_optimizer_variables(var_list, "momentum")
        self._average_gradients = []
        if self.centered:
            self._average_gradients = self.add_optimizer_variables(var_list, "average_gradient")

    def update_step(self, gradient, variable, learning_rate):
        gradient = ops.cast(gradient, variable.dtype)
        index = self._get_variable_index(variable)
        v = self._velocities[index]
        self.assign(v, v * self.rho + ops.square(gradient) * (1 - self.rho))
        denominator = v + self.epsilon
        if self.centered:
            average = self._average_gradients[index]
            self.assign(average, average * self.rho + gradient * (1 - self.rho))
            denominator = v - ops.square(average) + self.epsilon
        step = gradient * self._learning_rate_as(variable.dtype, learning_rate) / ops.sqrt(denominator)
        if self.momentum > 0:
            m = self._momentums[index]
            self.assign(m, m * self.momentum + step)
            step = m
        self.assign_sub(variable, step)

    def get_config(self):
        return {
            **super().get_config(),
            "rho": self.rho,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
            "centered": self.centered,
        }
