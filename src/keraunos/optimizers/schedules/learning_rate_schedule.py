"""Learning rates that depend on the step number."""

import math

from keraunos import ops


class LearningRateSchedule:
    """Base class: `schedule(step) -> learning rate`. Subclasses write `__call__` with `keraunos.ops`, and `get_config`.

    ```python
    class Halving(keraunos.optimizers.schedules.LearningRateSchedule):
        def __init__(self, first):
            self.first = first

        def __call__(self, step):
            return self.first * keraunos.ops.power(0.5, keraunos.ops.cast(step, "float32"))

        def get_config(self):
            return {"first": self.first}
    ```
    """

    def __call__(self, step):
        raise NotImplementedError(
            f"Learning rate schedule '{self.__class__.__name__}' must override `__call__(self, step)`."
        )

    def get_config(self):
        """Dictionary of the constructor arguments."""
        raise NotImplementedError(
            f"Learning rate schedule '{self.__class__.__name__}' must override `get_config()` in order to be "
            "serializable."
        )

    @classmethod
    def from_config(cls, config):
        """Makes a schedule from what `get_config` returned."""
        return cls(**config)


class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`; the exponent is rounded down with `staircase`."""

    def __init__(
        self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="ExponentialDecay"
    ):
        _check_positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step):
        initial = ops.convert_to_tensor(self.initial_learning_rate)
        exponent = ops.cast(step, initial.dtype) / self.decay_steps
        if self.staircase:
            exponent = ops.floor(exponent)
        return initial * ops.power(ops.cast(self.decay_rate, initial.dtype), exponent)

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[0]` up to and including step `boundaries[0]`, then `values[1]`, and so on.

    ```python
    keraunos.optimizers.schedules.PiecewiseConstantDecay(boundaries=[1000, 2000], values=[1.0, 0.5, 0.1])
    ```
    """

    def __init__(self, boundaries, values, name="PiecewiseConstant"):
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "The length of boundaries should be 1 less than the length of values. Received: "
                f"boundaries={boundaries} of length {len(boundaries)}, and values={values} of length {len(values)}."
            )
        self.boundaries = boundaries
        self.values = values
        self.name = name

    def __call__(self, step):
        step = ops.convert_to_tensor(step)
        rate = ops.convert_to_tensor(self.values[0])
        for boundary, value in zip(self.boundaries, self.values[1:]):
            is_after = ops.greater(step, ops.cast(boundary, step.dtype))
            rate = ops.where(is_after, ops.cast(value, rate.dtype), rate)
        return rate

    def get_config(self):
        return {"boundaries": self.boundaries, "values": self.values, "name": self.name}


class PolynomialDecay(LearningRateSchedule):
    """From `initial_learning_rate` to `end_learning_rate` as `(1 - step / decay_steps) ** power`.

    With `cycle`, `decay_steps` is replaced by its next multiple when it has passed.
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        end_learning_rate=0.0001,
        power=1.0,
        cycle=False,
        name="PolynomialDecay",
    ):
        _check_positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step):
        initial = ops.convert_to_tensor(self.initial_learning_rate)
        dtype = initial.dtype
        end = ops.cast(self.end_learning_rate, dtype)
        step = ops.cast(step, dtype)
        decay_steps = ops.cast(self.decay_steps, dtype)
        if self.cycle:
            cycles = ops.where(ops.equal(step, 0), 1.0, ops.ceil(step / self.decay_steps))
            decay_steps = decay_steps * cycles
        else:
            step = ops.minimum(step, decay_steps)
        left = 1 - step / decay_steps
        return (initial - end) * ops.power(left, ops.cast(self.power, dtype)) + end

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "end_learning_rate": self.end_learning_rate,
            "power": self.power,
            "cycle": self.cycle,
            "name": self.name,
        }


class InverseTimeDecay(LearningRateSchedule):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`; the quotient is rounded down with `staircase`."""

    def __init__(
        self, initial_learning_rate, decay_steps, decay_rate, staircase=False, name="InverseTimeDecay"
    ):
        _check_positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name

    def __call__(self, step):
        initial = ops.convert_to_tensor(self.initial_learning_rate)
        periods = ops.cast(step, initial.dtype) / self.decay_steps
        if self.staircase:
            periods = ops.floor(periods)
        return initial / (1 + periods * self.decay_rate)

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "decay_rate": self.decay_rate,
            "staircase": self.staircase,
            "name": self.name,
        }


class CosineDecay(LearningRateSchedule):
    """Half a cosine from the top to `alpha` times it (Loshchilov and Hutter, 2017), after an optional linear rise.

    Arguments:
        initial_learning_rate: first learning rate.
        decay_steps: length of the cosine.
        alpha: last learning rate as a share of the top.
        name: name.
        warmup_target: learning rate at the end of the rise; `None` for no rise.
        warmup_steps: length of the rise.
    """

    def __init__(
        self,
        initial_learning_rate,
        decay_steps,
        alpha=0.0,
        name="CosineDecay",
        warmup_target=None,
        warmup_steps=0,
    ):
        _check_positive(decay_steps=decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_steps = warmup_steps
        self.warmup_target = warmup_target

    def __call__(self, step):
        initial = ops.convert_to_tensor(self.initial_learning_rate)
        step = ops.cast(step, initial.dtype)
        if self.warmup_target is None:
            return self._decayed(step, initial)
        target = ops.cast(self.warmup_target, initial.dtype)
        decayed = self._decayed(step - self.warmup_steps, target)
        if self.warmup_steps == 0:
            return decayed
        rising = (target - initial) * (step / self.warmup_steps) + initial
        return ops.where(step < self.warmup_steps, rising, decayed)

    def _decayed(self, step, top):
        share = ops.minimum(step, ops.cast(self.decay_steps, step.dtype)) / self.decay_steps
        cosine = 0.5 * (1.0 + ops.cos(share * math.pi))
        return top * ((1 - self.alpha) * cosine + self.alpha)

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "decay_steps": self.decay_steps,
            "alpha": self.alpha,
            "name": self.name,
            "warmup_target": self.warmup_target,
            "warmup_steps": self.warmup_steps,
        }


class CosineDecayRestarts(LearningRateSchedule):
    """`CosineDecay` that starts again: each period is `t_mul` times as long and `m_mul` times as high as the last.

    Arguments:
        initial_learning_rate: first learning rate.
        first_decay_steps: length of the first period.
        t_mul: growth of the length of a period.
        m_mul: growth of the learning rate at the start of a period.
        alpha: last learning rate of a period as a share of `initial_learning_rate`.
        name: name.
    """

    def __init__(
        self,
        initial_learning_rate,
        first_decay_steps,
        t_mul=2.0,
        m_mul=1.0,
        alpha=0.0,
        name="SGDRDecay",
    ):
        _check_positive(first_decay_steps=first_decay_steps)
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self._t_mul = t_mul
        self._m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step):
        initial = ops.convert_to_tensor(self.initial_learning_rate)
        dtype = initial.dtype
        periods = ops.cast(step, dtype) / self.first_decay_steps
        restarts, share = self._place(periods, dtype)
        height = ops.power(ops.cast(self._m_mul, dtype), restarts)
        cosine = 0.5 * height * (1.0 + ops.cos(share * math.pi))
        return initial * ((1 - self.alpha) * cosine + self.alpha)

    def _place(self, periods, dtype):
        """Number of restarts so far, and share of the running period that has passed; `periods` in first lengths."""
        if float(self._t_mul) == 1.0:
            restarts = ops.floor(periods)
            return restarts, periods - restarts
        growth = ops.cast(self._t_mul, dtype)
        restarts = ops.floor(ops.log(1.0 - periods * (1.0 - growth)) / ops.log(growth))
        length = ops.power(growth, restarts)
        start = (1.0 - length) / (1.0 - growth)
        return restarts, (periods - start) / length

    def get_config(self):
        return {
            "initial_learning_rate": self.initial_learning_rate,
            "first_decay_steps": self.first_decay_steps,
            "t_mul": self._t_mul,
            "m_mul": self._m_mul,
            "alpha": self.alpha,
            "name": self.name,
        }


def _check_positive(**arguments):
    for name, value in arguments.items():
        if value <= 0:
            raise ValueError(f"Argument `{name}` must be > 0. Received: {name}={value}")
