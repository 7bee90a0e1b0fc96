"""One warning for predictions outside [0, 1] that a crossentropy of probabilities has met, in whatever thread or loop."""

import warnings

from keraunos import _core

_has_warned = False


def warn_of_improbable():
    """Warns, once in a process, if a kernel has noted such a prediction. Called when a run is over, not in it."""
    global _has_warned
    if _has_warned or not _core.take_improbable():
        return
    _has_warned = True
    warnings.warn(
        "binary_crossentropy: some predictions are outside [0, 1] and were clipped. If the last layer has no sigmoid, "
        "use `from_logits=True`.",
        stacklevel=3,
    )
