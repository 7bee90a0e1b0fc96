"""`keras.ops.image`: colour, margins, sizes, patches."""

from keraunos.ops.image import colour, coordinates, filters, margins, patches, resampling
from keraunos.ops.image.colour import *  # noqa: F403
from keraunos.ops.image.coordinates import *  # noqa: F403
from keraunos.ops.image.filters import *  # noqa: F403
from keraunos.ops.image.margins import *  # noqa: F403
from keraunos.ops.image.patches import *  # noqa: F403
from keraunos.ops.image.resampling import *  # noqa: F403

__all__ = []
for _part in (colour, coordinates, filters, margins, patches, resampling):
    __all__ += _part.__all__
