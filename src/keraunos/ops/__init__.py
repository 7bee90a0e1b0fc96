"""`keras.ops`: the operations on tensors, flat, and as `ops.numpy`, `ops.nn`, `ops.linalg`, `ops.image`."""

from keraunos.ops import _operators, control, core, einops, fourier, image, linalg, math, nn, numpy
from keraunos.ops.control import *  # noqa: F403
from keraunos.ops.core import *  # noqa: F403
from keraunos.ops.einops import *  # noqa: F403
from keraunos.ops.fourier import *  # noqa: F403
from keraunos.ops.linalg import *  # noqa: F403
from keraunos.ops.math import *  # noqa: F403
from keraunos.ops.nn import *  # noqa: F403
from keraunos.ops.numpy import *  # noqa: F403

__all__ = ["image", "linalg", "nn", "numpy"]
for _part in (control, core, einops, fourier, linalg, math, nn, numpy):
    __all__ += _part.__all__
