"""How many bytes of weights the model being read from a file may make: what the file holds, and a little more."""

import contextlib
import threading

from keraunos.errors import UnsafeModelError

# Variables may be wider than what is stored (float16 files), and a few are not stored at all.
_RATIO = 4
_SPARE_BYTES = 64 * 2**20


class _Budget(threading.local):
    def __init__(self):
        self.remaining = None
        self.label = ""


_budget = _Budget()


@contextlib.contextmanager
def weights_budget(stored_bytes, label):
    """While the block runs, layers of this thread may make `4 * stored_bytes` of weights, and 64 MiB.

    Args:
        stored_bytes: Bytes of the arrays in the file, or `None` for no limit.
        label: How error messages call the file.
    """
    outer = (_budget.remaining, _budget.label)
    _budget.remaining = None if stored_bytes is None else _RATIO * stored_bytes + _SPARE_BYTES
    _budget.label = label
    try:
        yield
    finally:
        _budget.remaining, _budget.label = outer


def charge(needed, what):
    """Takes the bytes of a new weight off the budget, before they are allocated.

    Raises:
        UnsafeModelError: when the file does not hold that much.
    """
    if _budget.remaining is None:
        return
    if needed > _budget.remaining:
        raise UnsafeModelError(
            f"{what} needs {needed} bytes, but {_budget.label} stores far less than that: the config does not "
            "belong to these weights."
        )
    _budget.remaining -= needed
