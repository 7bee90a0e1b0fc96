"""`tf.float32` and its relatives: Keras dtype names with tensorflow's few attributes."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from keraunos.runner.tensorflow import _subset

_BYTES = {"bfloat16": 2, "bool": 1}


class DType(str):
    """The name of a dtype (`"float32"`), usable wherever Keras takes one.

    Example:
        >>> float32 == "float32", float32.name, float32.is_floating
        (True, 'float32', True)
    """

    __slots__ = ()

    @property
    def name(self) -> str:
        """The dtype as a plain string."""
        return str.__str__(self)

    @property
    def as_numpy_dtype(self) -> Any:
        """NumPy's type of that name. Raises TypeError for bfloat16 when the ml_dtypes package is absent."""
        if self == "bfloat16":
            try:
                from ml_dtypes import bfloat16 as numpy_bfloat16
            except ImportError:
                raise TypeError("tf.bfloat16.as_numpy_dtype: needs the package ml_dtypes") from None
            return numpy_bfloat16
        return np.dtype(self.name).type

    @property
    def is_floating(self) -> builtins.bool:
        """Whether it is a floating-point dtype."""
        return "float" in self

    @property
    def is_integer(self) -> builtins.bool:
        """Whether it is a signed or unsigned integer dtype."""
        return "int" in self

    @property
    def is_bool(self) -> builtins.bool:
        """Whether it is the boolean dtype."""
        return self == "bool"

    @property
    def size(self) -> int:
        """Bytes of one element."""
        return _BYTES.get(self.name) or np.dtype(self.name).itemsize

    @property
    def min(self) -> Any:
        """The smallest finite value."""
        return np.finfo(self.name).min if self.is_floating else np.iinfo(self.name).min

    @property
    def max(self) -> Any:
        """The largest finite value."""
        return np.finfo(self.name).max if self.is_floating else np.iinfo(self.name).max

    def __repr__(self) -> str:
        return f"tf.{self.name}"


float16 = half = DType("float16")
bfloat16 = DType("bfloat16")
float32 = DType("float32")
float64 = double = DType("float64")
int8 = DType("int8")
int16 = DType("int16")
int32 = DType("int32")
int64 = DType("int64")
uint8 = DType("uint8")
uint16 = DType("uint16")
uint32 = DType("uint32")
uint64 = DType("uint64")
bool = DType("bool")

ALL = (
    float16, bfloat16, float32, float64, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bool,
)  # fmt: skip


def as_dtype(value: Any) -> DType:
    """The `DType` of a name, a NumPy dtype or a Python type.

    Raises TypeError for what is no dtype.

    Example:
        >>> as_dtype(np.float32)
        tf.float32
    """
    name = value if isinstance(value, str) else np.dtype(value).name
    for dtype in ALL:
        if dtype == name:
            return dtype
    raise TypeError(f"tf.as_dtype: not a dtype of the subset. Received: {value!r}")


def cast(x: Any, dtype: Any, name: str | None = None) -> Any:
    """`x` as a tensor of `dtype`."""
    from keraunos import ops

    return ops.cast(x, as_dtype(dtype).name)


__getattr__ = _subset.missing("tensorflow.dtypes")
