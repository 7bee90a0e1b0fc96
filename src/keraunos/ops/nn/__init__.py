"""`keras.ops.nn`: activations, normalization, crossentropies, attention, convolution."""

from keraunos.ops.nn import activations, attention, convolution, ctc, encoding, losses, normalization, pooling
from keraunos.ops.nn.activations import *  # noqa: F403
from keraunos.ops.nn.attention import *  # noqa: F403
from keraunos.ops.nn.convolution import *  # noqa: F403
from keraunos.ops.nn.ctc import *  # noqa: F403
from keraunos.ops.nn.encoding import *  # noqa: F403
from keraunos.ops.nn.losses import *  # noqa: F403
from keraunos.ops.nn.normalization import *  # noqa: F403
from keraunos.ops.nn.pooling import *  # noqa: F403

__all__ = []
for _part in (activations, attention, convolution, ctc, encoding, losses, normalization, pooling):
    __all__ += _part.__all__
