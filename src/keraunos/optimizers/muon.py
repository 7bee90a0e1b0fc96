"""Muon."""

import math
import re

from keraunos import ops
from keraunos.optimizers.optimizer import Optimizer
from keraunos.optimizers.validation import check_decay_rates, check_not_negative


class Muon(Optimizer):
    """Momentum made orthogonal by Newton-Schulz steps for matrices (Jordan, 2024), Adam for everything else.

    Arguments:
        learning_rate: float, schedule or callable.
        adam_beta_1, adam_beta_2, adam_weight_decay, epsilon: of the Adam part.
        exclude_layers: regular expressions; variables whose path matches one use Adam.
        exclude_embeddings: whether variables with "embedding" in their path use Adam.
        muon_a, muon_b, muon_c: coefficients of the Newton-Schulz polynomial.
        adam_lr_ratio: learning rate of the Adam part relative to the other.
        momentum: momentum of the Muon part.
        ns_steps: number of Newton-Schulz steps.
        nesterov: whether to use Nesterov's variant.
        rms_rate: scales steps to the root mean square of Adam's; `None` for none.
        Others: as for `Optimizer`.
    """

    def __init__(
        self,
        learning_rate=0.001,
        adam_beta_1=0.9,
        adam_beta_2=0.999,
        adam_weight_decay=0.004,
        epsilon=1e-7,
        weight_decay=0.004,
        clipnorm=None,
        clipvalue=None,
        global_clipnorm=None,
        use_ema=False,
        ema_momentum=0.99,
        ema_overwrite_frequency=None,
        loss_scale_factor=None,
        gradient_accumulation_steps=None,
        name=None,
        exclude_layers=None,
        exclude_embeddings=True,
        muon_a=3.4445,
        muon_b=-4.7750,
        muon_c=2.0315,
        adam_lr_ratio=1,
        momentum=0.95,
        ns_steps=5,
        nesterov=True,
        rms_rate=0.2,
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
        check_decay_rates(adam_beta_1=adam_beta_1, adam_beta_2=adam_beta_2)
        check_not_negative(epsilon=epsilon)
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.epsilon = epsilon
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.exclude_embeddings = exclude_embeddings
        self.exclude_layers = exclude_layers or []
        self.adam_weight_decay = adam_weight_decay
        self.rms_rate = rms_rate

    def _should_use_adamw(self, variable):
        if len(variable.shape) != 2:
            return True
        if self.exclude_embeddings and "embedding" in variable.path.lower():
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self.momentums = [None] * len(var_list)
        self.adam_velocities = [None] * len(var_list)
        for i, variable in enumerate(var_list):
            if self._is_overwritten(variable):
                continue
            self.momentums[i] = self.add_variable_from_reference(variable, name="momentum")
            if self._should_use_adamw(variable):
                self.adam_velocities[i] = self.add_variable_from_reference(variable, name="velocity")

    def update_step(self, gradient, variable, learning_rate):
        gradient = ops.cast(gradient, variable.dtype)
        index = self._get_variable_index(variable)
        m, v = self.momentums[index], self.adam_velocities[index]
        if v is None:
            self._muon_update_step(gradient, variable, learning_rate, m)
        else:
            self._adamw_update_step(gradient, variable, learning_rate, m, v)

    def _muon_update_step(self, gradient, variable, learning_rate, m):
        rate = self._learning_rate_as(variable.dtype, learning_rate)
        self.assign_add(m, gradient + m * (self.momentum - 1))
        direction = gradient + m * self.momentum if self.nesterov else m
        update = self.zeropower_via_newtonschulz5(direction, self.ns_steps)
        self.assign_sub(variable, self.lr_adjust(update * rate))

    def _adamw_update_step(self, gradient, variable, learning_rate, m, v):
        rate = self._once_per_step(
            "adam_rate", variable.dtype, lambda lr: self._adam_rate(variable.dtype, lr), learning_rate
        )
        self.assign_add(m, (gradient - m) * (1 - self.adam_beta_1))
        self.assign_add(v, (ops.square(gradient) - v) * (1 - self.adam_beta_2))
        self.assign_sub(variable, m * rate / (ops.sqrt(v) + self.epsilon))

    def _adam_rate(self, dtype, learning_rate):
        step = self._step_number(dtype)
        beta_1_power = ops.power(ops.cast(self.adam_beta_1, dtype), step)
        beta_2_power = ops.power(ops.cast(self.adam_beta_2, dtype), step)
        rate = ops.cast(learning_rate, dtype) * self.adam_lr_ratio
        return rate * ops.sqrt(1 - beta_2_power) / (1 - beta_1_power)

    def transpose_last_axis(self, X):
        """`X` with its last two axes swapped."""
        return ops.swapaxes(X, -1, -2)

    def lr_adjust(self, x):
        """Scales the step of a matrix so that its root mean square is like Adam's."""
        if self.rms_rate is None:
            return x
        return x * (math.sqrt(max(x.shape[0], x.shape[1])) * self.rms_rate)

    def zeropower_via_newtonschulz5(self, x, steps: int):
        """Nearly `U V^T` for `x = U S V^T`, by `steps` steps of a polynomial of degree 5."""
        shape = tuple(x.shape)
        if len(shape) < 2:
            raise ValueError(
                f"Expected gradient or momentum to have at least 2 dimensions. Received: shape={shape}"
            )
        is_tall = shape[-2] > shape[-1]
        x = self.transpose_last_axis(x) if is_tall else ops.convert_to_tensor(x)
        x = x / (ops.sqrt(ops.sum(ops.square(x), axis=(-2, -1), keepdims=True)) + 1e-7)
        for _ in range(steps):
            a = ops.matmul(x, self.transpose_last_axis(x))
            b = self.muon_b * a + self.muon_c * ops.matmul(a, a)
            x = self.muon_a * x + ops.matmul(b, x)
        return self.transpose_last_axis(x) if is_tall else x

    def _apply_weight_decay(self, variables):
        for variable in variables:
            rate = self.adam_weight_decay if self._should_use_adamw(variable) else self.weight_decay
            if rate is not None and self._use_weight_decay(variable):
                self._decay(variable, rate)

    def get_config(self):
        return {
            **super().get_config(),
            "adam_beta_1": self.adam_beta_1,
            "adam_beta_2": self.adam_beta_2,
            "epsilon": self.epsilon,
            "exclude_layers": self.exclude_layers,
            "muon_a": self.muon_a,
            "muon_b": self.muon_b,
            "muon_c": self.muon_c,
            "adam_lr_ratio": self.adam_lr_ratio,
            "momentum": self.momentum,
            "ns_steps": self.ns_steps,
            "nesterov": self.nesterov,
            "exclude_embeddings": self.exclude_embeddings,
            "adam_weight_decay": self.adam_weight_decay,
            "rms_rate": self.rms_rate,
        }
