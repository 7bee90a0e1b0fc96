"""Whether a trace is open on this thread, and what its errors point to."""

import os
import traceback

from keraunos import _core

TraceError = _core.TraceError
is_tracing = _core.is_tracing
is_recording = _core.is_recording
recording_tapes = _core.recording_tapes
# A context in which ops run now, although a trace is open around it: for initial values of variables.
eager_scope = _core.EagerScope

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def user_line(error):
    """Returns `file:line` of the user's own code that an error came through, or `None` when there is none.

    Args:
        error: An exception with a traceback.

    Example:

    >>> try:
    ...     raise ValueError("no")
    ... except ValueError as error:
    ...     place = user_line(error)
    """
    place = None
    for frame in traceback.extract_tb(error.__traceback__):
        if not os.path.abspath(frame.filename).startswith(_PACKAGE):
            place = f"{frame.filename}:{frame.lineno}"
    return place
