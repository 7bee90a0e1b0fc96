"""Projections applied to weights after each update."""

from keraunos import ops
from keraunos.config import epsilon


class Constraint:
    """Base class: `constraint(w) -> w`, applied after every optimizer step.

    ```python
    class NonNegative(keraunos.constraints.Constraint):
        def __call__(self, w):
            return keraunos.ops.maximum(w, 0)
    ```
    """

    def __call__(self, w):
        return w

    def get_config(self):
        """Dictionary of the constructor arguments."""
        return {}

    @classmethod
    def from_config(cls, config):
        """Makes a constraint from what `get_config` returned."""
        return cls(**config)


class MaxNorm(Constraint):
    """Scales vectors along `axis` down to a norm of at most `max_value`."""

    def __init__(self, max_value=2, axis=0):
        self.max_value = max_value
        self.axis = axis

    def __call__(self, w):
        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (epsilon() + norms))

    def get_config(self):
        return {"max_value": self.max_value, "axis": self.axis}


class NonNeg(Constraint):
    """Sets negative elements to 0."""

    def __call__(self, w):
        return ops.maximum(ops.convert_to_tensor(w), 0)


class UnitNorm(Constraint):
    """Scales vectors along `axis` to norm 1."""

    def __init__(self, axis=0):
        self.axis = axis

    def __call__(self, w):
        w = ops.convert_to_tensor(w)
        return w / (epsilon() + _norms(w, self.axis))

    def get_config(self):
        return {"axis": self.axis}


class MinMaxNorm(Constraint):
    """Moves the norms of vectors along `axis` into `[min_value, max_value]`.

    `rate` 1 enforces the range at every step; smaller rates move towards it.
    """

    def __init__(self, min_value=0.0, max_value=1.0, rate=1.0, axis=0):
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w):
        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        desired = self.rate * ops.clip(norms, self.min_value, self.max_value) + (1 - self.rate) * norms
        return w * (desired / (epsilon() + norms))

    def get_config(self):
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


def _norms(w, axis):
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))
