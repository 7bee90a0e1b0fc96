"""Penalties on weights that are added to the loss."""

import math

from keraunos import ops


class Regularizer:
    """Base class: `regularizer(x) -> scalar penalty`. Subclasses write `__call__` and `get_config`.

    ```python
    class L1Mean(keraunos.regularizers.Regularizer):
        def __call__(self, x):
            return keraunos.ops.mean(keraunos.ops.abs(x))
    ```
    """

    def __call__(self, x):
        return 0.0

    @classmethod
    def from_config(cls, config):
        """Makes a regularizer from what `get_config` returned."""
        return cls(**config)

    def get_config(self):
        """Dictionary of the constructor arguments."""
        raise NotImplementedError(f"{self} does not implement get_config()")


class L1L2(Regularizer):
    """`l1 * sum(abs(x)) + l2 * sum(square(x))`."""

    def __init__(self, l1=0.0, l2=0.0):
        self.l1 = _non_negative(0.0 if l1 is None else l1, "l1")
        self.l2 = _non_negative(0.0 if l2 is None else l2, "l2")

    def __call__(self, x):
        penalty = ops.convert_to_tensor(0.0, dtype=x.dtype)
        if self.l1:
            penalty = penalty + self.l1 * ops.sum(ops.absolute(x))
        if self.l2:
            penalty = penalty + self.l2 * ops.sum(ops.square(x))
        return penalty

    def get_config(self):
        return {"l1": self.l1, "l2": self.l2}


class L1(Regularizer):
    """`l1 * sum(abs(x))`."""

    def __init__(self, l1=0.01):
        self.l1 = _non_negative(0.01 if l1 is None else l1, "l1")

    def __call__(self, x):
        return self.l1 * ops.sum(ops.absolute(x))

    def get_config(self):
        return {"l1": self.l1}


class L2(Regularizer):
    """`l2 * sum(square(x))`."""

    def __init__(self, l2=0.01):
        self.l2 = _non_negative(0.01 if l2 is None else l2, "l2")

    def __call__(self, x):
        return self.l2 * ops.sum(ops.square(x))

    def get_config(self):
        return {"l2": self.l2}


class OrthogonalRegularizer(Regularizer):
    """Mean absolute cosine between different rows (or columns) of a matrix, times `factor / 2`.

    Arguments:
        factor: non-negative float.
        mode: `"rows"` or `"columns"`.
    """

    def __init__(self, factor=0.01, mode="rows"):
        self.factor = _non_negative(factor, "factor")
        if mode not in ("rows", "columns"):
            raise ValueError(
                f'Invalid value for argument `mode`. Expected one of {{"rows", "columns"}}. Received: mode={mode}'
            )
        self.mode = mode

    def __call__(self, inputs):
        if len(inputs.shape) != 2:
            raise ValueError(
                f"Inputs to OrthogonalRegularizer must have rank 2. Received: inputs.shape={tuple(inputs.shape)}"
            )
        vectors = inputs if self.mode == "rows" else ops.transpose(inputs)
        vectors = ops.normalize(vectors, axis=1)
        count = vectors.shape[0]
        cosines = ops.matmul(vectors, ops.transpose(vectors))
        different = cosines * (1.0 - ops.eye(count, dtype=cosines.dtype))
        pairs = count * (count - 1.0) / 2.0
        return self.factor * 0.5 * ops.sum(ops.absolute(different)) / pairs

    def get_config(self):
        return {"factor": self.factor, "mode": self.mode}


def _non_negative(value, name):
    if not isinstance(value, (float, int)) or not math.isfinite(value) or value < 0:
        raise ValueError(
            f"Invalid value for argument {name}: expected a non-negative float. Received: {name}={value}"
        )
    return float(value)
