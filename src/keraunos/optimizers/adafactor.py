"""Adafactor."""

from keraunos import ops
from keraunos.optimizers.optimizer import Optimizer
from keraunos.variable import Variable


class Adafactor(Optimizer):
    """Adaptive steps with second moments kept as row and column means (Shazeer and Stern, 2018); saves memory.

    Arguments:
        learning_rate: float, schedule or callable.
        beta_2_decay: power of the step number that the decay rate of the moments falls with.
        epsilon_1: added to the squared gradient.
        epsilon_2: lowest root mean square of a variable.
        clip_threshold: highest root mean square of a step before the learning rate.
        relative_step: whether the learning rate is at most `1 / sqrt(step)`.
        Others: as for `Optimizer`.
    """

    def __init__(
        self,
        learning_rate=0.001,
        beta_2_decay=-0.8,
        epsilon_1=1e-30,
        epsilon_2=1e-3,
        clip_threshold=1.0,
        relative_step=True,
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
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, var_list):
        if self.built:
            return
        super().build(var_list)
        self._r, self._c, self._v = [], [], []
        for variable in var_list:
            rows, columns = self._row_and_column_means(variable)
            self._r.append(rows)
            self._c.append(columns)
            if self._is_overwritten(variable):
                self._v.append(None)
            else:
                self._v.append(self.add_variable_from_reference(variable, name="velocity"))

    def _row_and_column_means(self, variable):
        shape, dtype, name = tuple(variable.shape), variable.dtype, variable.name
        if len(shape) < 2:
            # Unused, but files of Keras have them.
            unused = [Variable(0, name=name, trainable=False) for _ in range(2)]
            self._keep(unused)
            return unused
        if self._is_overwritten(variable):
            return None, None
        return (
            self.add_variable(shape=shape[:-1], dtype=dtype, name=name),
            self.add_variable(shape=shape[:-2] + shape[-1:], dtype=dtype, name=name),
        )

    def update_step(self, gradient, variable, learning_rate):
        dtype = variable.dtype
        gradient = ops.cast(gradient, dtype)
        index = self._get_variable_index(variable)
        r, c, v = self._r[index], self._c[index], self._v[index]
        rate, beta_2 = self._once_per_step("rates", dtype, lambda lr: self._rates(dtype, lr), learning_rate)
        squares = ops.square(gradient) + self.epsilon_1
        if len(variable.shape) >= 2:
            self.assign(r, beta_2 * r + (1 - beta_2) * ops.mean(squares, axis=-1))
            self.assign(c, beta_2 * c + (1 - beta_2) * ops.mean(squares, axis=-2))
            shares = r / ops.mean(r, axis=-1, keepdims=True)
            self.assign(v, ops.expand_dims(shares, -1) * ops.expand_dims(c, -2))
        else:
            self.assign(v, beta_2 * v + (1 - beta_2) * squares)
        step = gradient / ops.sqrt(v)
        step = step / ops.maximum(_root_mean_square(step) / self.clip_threshold, 1.0)
        size = ops.maximum(_root_mean_square(variable), self.epsilon_2) * rate
        self.assign_sub(variable, step * size)

    def _rates(self, dtype, learning_rate):
        """Relative size of the step, and decay rate of the second moments."""
        step = self._step_number(dtype)
        # Keras bounds the rate by 1 / sqrt(step) here whether or not `relative_step` has done so before.
        rate = ops.minimum(ops.cast(learning_rate, dtype), 1 / ops.sqrt(step))
        return rate, 1 - ops.power(step, self.beta_2_decay)

    def get_config(self):
        return {
            **super().get_config(),
            "beta_2_decay": self.beta_2_decay,
            "epsilon_1": self.epsilon_1,
            "epsilon_2": self.epsilon_2,
            "clip_threshold": self.clip_threshold,
            "relative_step": self.relative_step,
        }


def _root_mean_square(x):
    return ops.sqrt(ops.mean(ops.square(x)))
