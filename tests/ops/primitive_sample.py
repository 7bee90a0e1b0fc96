"""What a sample of a primitive op is: operands, attributes and the NumPy truth.

A new op in `cpp/src/ops` needs a line in a file of `primitive_samples/`; `test_primitives.py` does the rest.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np

OPEN = 2**63 - 1  # an open end of a slice
BACKWARD_OPEN = -(2**62)


@dataclasses.dataclass
class Sample:
    """`truth` takes the operands as arrays and gives the result(s); None: only shapes, dtypes and repeatability are checked."""

    op: str
    operands: tuple
    attributes: dict
    truth: Callable | None
    # Operands that a trace must know: sizes, or indices whose last axis counts.
    constants: tuple = ()
    # Compared to numeric gradients; None: every float operand when the op has a gradient.
    differentiable: tuple | None = None
    has_second_gradient: bool = True
    runs_in_16_bits: bool = True
    # Outputs that a gradient flows through; None: every float64 output.
    gradient_of: tuple | None = None

    def __str__(self):
        shapes = ",".join("x".join(map(str, np.shape(operand))) or "scalar" for operand in self.operands)
        return f"{self.op}-{shapes}-{'-'.join(str(value) for value in self.attributes.values())}"


SAMPLES: list[Sample] = []


def sample(op, operands, truth, /, constants=(), differentiable=None, second=True, half=True, gradient_of=None, **attributes):
    operands = tuple(np.asarray(operand) for operand in operands)
    SAMPLES.append(Sample(op, operands, attributes, truth, constants, differentiable, second, half, gradient_of))


def numbers(*shape, low=-2.0, high=2.0):
    """Distinct numbers in random order, no two closer than a numeric gradient's step."""
    size = math.prod(shape)
    spread = np.linspace(low, high, size + 2)[1:-1] if size else np.zeros(0)
    return np.random.default_rng(size + 17).permutation(spread).reshape(shape)


def integers(*shape, low=-5, high=6, dtype="int32"):
    return np.random.default_rng(math.prod(shape)).integers(low, high, shape).astype(dtype)


def booleans(*shape):
    return integers(*shape, low=0, high=2).astype(bool)


SEED = np.array([7, 11], "uint32")
