"""`keras.ops.image`: colour, margins, sizes, patches, filters."""

from keraunos.ops.image import colour, coordinates, margins, patches, resampling, warps, windows
from keraunos.ops.image.colour import *  # noqa: F403
from keraunos.ops.image.coordinates import *  # noqa: F403
from keraunos.ops.image.margins import *  # noqa: F403
from keraunos.ops.image.patches import *  # noqa: F403
from keraunos.ops.image.resampling import *  # noqa: F403
from keraunos.ops.image.warps import *  # noqa: F403
from keraunos.ops.image.windows import *  # noqa: F403

__all__ = []
for _part in (colour, coordinates, margins, patches, resampling, warps, windows):
    __all__ += _part.__all__
