"""`keras.ops.numpy`: the NumPy-like ops, also found directly in `keras.ops`."""

from keraunos.ops.numpy.arithmetic import *  # noqa: F403
from keraunos.ops.numpy.bits import *  # noqa: F403
from keraunos.ops.numpy.choices import *  # noqa: F403
from keraunos.ops.numpy.comparisons import *  # noqa: F403
from keraunos.ops.numpy.creation import *  # noqa: F403
from keraunos.ops.numpy.diagonals import *  # noqa: F403
from keraunos.ops.numpy.elementwise import *  # noqa: F403
from keraunos.ops.numpy.indexing import *  # noqa: F403
from keraunos.ops.numpy.joining import *  # noqa: F403
from keraunos.ops.numpy.linear import *  # noqa: F403
from keraunos.ops.numpy.number_kinds import *  # noqa: F403
from keraunos.ops.numpy.padding import *  # noqa: F403
from keraunos.ops.numpy.reduction import *  # noqa: F403
from keraunos.ops.numpy.repeating import *  # noqa: F403
from keraunos.ops.numpy.shaping import *  # noqa: F403
from keraunos.ops.numpy.sorting import *  # noqa: F403
from keraunos.ops.linalg import slogdet

from keraunos.ops.numpy import (
    arithmetic,
    bits,
    choices,
    comparisons,
    creation,
    diagonals,
    elementwise,
    indexing,
    joining,
    linear,
    number_kinds,
    padding,
    reduction,
    repeating,
    shaping,
    sorting,
)

__all__ = ["slogdet"]
for _part in (
    arithmetic,
    bits,
    choices,
    comparisons,
    creation,
    diagonals,
    elementwise,
    indexing,
    joining,
    linear,
    number_kinds,
    padding,
    reduction,
    repeating,
    shaping,
    sorting,
):
    __all__ += _part.__all__
