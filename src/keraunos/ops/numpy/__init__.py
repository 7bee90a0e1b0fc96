"""`keras.ops.numpy`: the NumPy-like ops, also found directly in `keras.ops`."""

from keraunos.ops.numpy.creation import *  # noqa: F403
from keraunos.ops.numpy.elementwise import *  # noqa: F403
from keraunos.ops.numpy.indexing import *  # noqa: F403
from keraunos.ops.numpy.linear import *  # noqa: F403
from keraunos.ops.numpy.reduction import *  # noqa: F403
from keraunos.ops.numpy.shaping import *  # noqa: F403
from keraunos.ops.numpy.sorting import *  # noqa: F403
from keraunos.ops.linalg import slogdet

from keraunos.ops.numpy import creation, elementwise, indexing, linear, reduction, shaping, sorting

__all__ = ["slogdet"]
for _part in (creation, elementwise, indexing, linear, reduction, shaping, sorting):
    __all__ += _part.__all__
