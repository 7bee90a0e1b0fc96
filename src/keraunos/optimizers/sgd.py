"""Stochastic gradient descent."""

from keraunos import ops
from keraunos.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """Gradient descent, with or without momentum.

    `w -= learning_rate * g`; with momentum `m = momentum * m - learning_rate * g`, then `w += m`, or with Nesterov's
    variant `w += momentum * m - learning_rate * g`.

    Arguments:
        learning_rate: float, schedule or callable.
        momentum: float in [0, 1].
        nesterov: whether to use Nesterov's variant.
        Others: as for `Optimizer`.

    ```python
    model.compile(keraunos.optimizers.SGD(0.01, momentum=0.9), loss="mse")
    ```
    """

    def __init__(
        self,
        learning_rate=0.01,
        momentum=0.0,
        nesterov=False,
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
        if not isinstance(momentum, float) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a float between [0, 1]. Received: momentum={momentum}")
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self.momentums = []
        if self.momentum != 0:
            self.momentums = self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient, variable, learning_rate):
        step = ops.cast(gradient, variable.dtype) * self._learning_rate_as(variable.dtype, learning_rate)
        if self.momentum == 0:
            self.assign_sub(variable, step)
            return
        m = self.momentums[self._get_variable_index(variable)]
        self.assign(m, m * self.momentum - step)
        self.assign_add(variable, m * self.momentum - step if self.nesterov else m)

    def get_config(self):
        return {**super().get_config(), "momentum": self.momentum, "nesterov": self.nesterov}
