"""Activation functions: a name and a default for each op of `keraunos.ops` that layers use as activation."""

from keraunos import ops
from keraunos.ops.operation import Operation
from keraunos.tensor import KerasTensor, any_symbolic_tensors


def relu(x, negative_slope=0.0, max_value=None, threshold=0.0):
    """Rectified linear unit: `max(x, 0)`.

    Arguments:
        x: tensor.
        negative_slope: slope below `threshold`.
        max_value: upper bound of the result, `None` for none.
        threshold: values up to it become 0 (or slope).

    ```python
    keraunos.activations.relu([-2.0, 0.5, 9.0], max_value=6)  # [0, 0.5, 6]
    ```
    """
    if any_symbolic_tensors((x,)):
        return ReLU(negative_slope, max_value, threshold)(x)
    return _relu(x, negative_slope, max_value, threshold)


class ReLU(Operation):
    """Node of the layer graph for `relu` with its options."""

    def __init__(self, negative_slope=0.0, max_value=None, threshold=0.0, name=None):
        super().__init__(name=name)
        self.negative_slope = negative_slope
        self.max_value = max_value
        self.threshold = threshold

    def call(self, x):
        return _relu(x, self.negative_slope, self.max_value, self.threshold)

    def compute_output_spec(self, x):
        return KerasTensor(x.shape, x.dtype)


def _relu(x, negative_slope, max_value, threshold):
    if threshold == 0.0:
        if negative_slope == 0.0:
            if max_value is None:
                return ops.relu(x)
            return ops.relu6(x) if max_value == 6 else ops.clip(ops.relu(x), 0, max_value)
        if max_value is None:
            return ops.leaky_relu(x, negative_slope=negative_slope)
    x = ops.convert_to_tensor(x)
    positive = ops.where(x > threshold, x, 0)
    if max_value is not None:
        positive = ops.clip(positive, 0, max_value)
    if negative_slope == 0.0:
        return positive
    return positive - negative_slope * ops.relu(threshold - x)


def leaky_relu(x, negative_slope=0.2):
    """`x` if `x > 0`, else `negative_slope * x`."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


def relu6(x):
    """`min(max(x, 0), 6)`."""
    return ops.relu6(x)


def softmax(x, axis=-1):
    """`exp(x) / sum(exp(x))` along `axis`: a probability distribution."""
    return ops.softmax(x, axis=axis)


def elu(x, alpha=1.0):
    """`x` if `x > 0`, else `alpha * (exp(x) - 1)` (Clevert et al., 2016)."""
    return ops.elu(x, alpha=alpha)


def selu(x):
    """Scaled `elu` with the self-normalizing constants (Klambauer et al., 2017)."""
    return ops.selu(x)


def softplus(x):
    """`log(exp(x) + 1)`."""
    return ops.softplus(x)


def softsign(x):
    """`x / (abs(x) + 1)`."""
    return ops.softsign(x)


def soft_shrink(x, threshold=0.5):
    """Moves `x` towards 0 by `threshold`; 0 inside `[-threshold, threshold]`."""
    return ops.soft_shrink(x, threshold=threshold)


def sparse_plus(x):
    """0 up to -1, `(x + 1)^2 / 4` up to 1, then `x`."""
    return ops.sparse_plus(x)


def silu(x):
    """`x * sigmoid(x)`, also called swish."""
    return ops.silu(x)


def squareplus(x, b=4):
    """`(x + sqrt(x^2 + b)) / 2`."""
    return ops.squareplus(x, b=b)


def gelu(x, approximate=False):
    """`x * P(X <= x)` for a standard normal `X`; `approximate=True` uses tanh (Hendrycks and Gimpel, 2016)."""
    return ops.gelu(x, approximate=approximate)


def celu(x, alpha=1.0):
    """`max(x, 0) + min(0, alpha * (exp(x / alpha) - 1))`."""
    return ops.celu(x, alpha=alpha)


def glu(x, axis=-1):
    """Gated linear unit: first half along `axis` times the sigmoid of the second half."""
    return ops.glu(x, axis=axis)


def tanh(x):
    """Hyperbolic tangent."""
    return ops.tanh(x)


def tanh_shrink(x):
    """`x - tanh(x)`."""
    return ops.tanh_shrink(x)


def hard_tanh(x):
    """`clip(x, -1, 1)`."""
    return ops.hard_tanh(x)


def hard_shrink(x, threshold=0.5):
    """`x` if `abs(x) > threshold`, else 0."""
    return ops.hard_shrink(x, threshold=threshold)


def threshold(x, threshold, default_value):
    """`x` if `x > threshold`, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


def sigmoid(x):
    """`1 / (1 + exp(-x))`."""
    return ops.sigmoid(x)


def exponential(x):
    """`exp(x)`."""
    return ops.exp(x)


def hard_sigmoid(x):
    """`clip(x / 6 + 0.5, 0, 1)`."""
    return ops.hard_sigmoid(x)


def log_sigmoid(x):
    """`-log(1 + exp(-x))`."""
    return ops.log_sigmoid(x)


def sparse_sigmoid(x):
    """0 up to -1, `(x + 1) / 2` up to 1, then 1."""
    return ops.sparse_sigmoid(x)


def hard_silu(x):
    """`x * hard_sigmoid(x)`, also called hard swish."""
    return ops.hard_silu(x)


def linear(x):
    """`x` itself."""
    return x


def mish(x):
    """`x * tanh(softplus(x))` (Misra, 2019)."""
    if any_symbolic_tensors((x,)):
        return Mish()(x)
    x = ops.convert_to_tensor(x)
    return x * ops.tanh(ops.softplus(x))


class Mish(Operation):
    """Node of the layer graph for `mish`."""

    def call(self, x):
        return mish(x)

    def compute_output_spec(self, x):
        return KerasTensor(x.shape, x.dtype)


def log_softmax(x, axis=-1):
    """Logarithm of `softmax`, computed stably."""
    return ops.log_softmax(x, axis=axis)


def sparsemax(x, axis=-1):
    """Euclidean projection on the probability simplex (Martins and Astudillo, 2016)."""
    return ops.sparsemax(x, axis=axis)
