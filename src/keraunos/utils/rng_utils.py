"""One seed for everything random."""

import numbers
import random as python_random

import numpy as np

from keraunos import naming

_LIMIT = 2**32


def set_random_seed(seed):
    """Seeds Python's `random`, NumPy and keraunos.

    Programs that call it first give the same results every time, for any number of threads.

    Args:
        seed: integer in `[0, 2**32)`.

    Raises:
        ValueError: for anything else.

    Example:

    >>> import keraunos
    >>> keraunos.utils.set_random_seed(812)
    """
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise ValueError(
            "Expected `seed` argument to be an integer. "
            f"Received: seed={seed} (of type {type(seed)})"
        )
    if not 0 <= seed < _LIMIT:
        raise ValueError(f"`seed` must be in [0, 2**32). Received: seed={seed}")
    seed = int(seed)
    python_random.seed(seed)
    np.random.seed(seed)
    naming.set_global_attribute("global_random_seed", seed)
    # Made again, from Python's `random`, when it is next needed.
    naming.state.seed_generator = None


def get_random_seed():
    """The seed given to `set_random_seed` in this session, or `None`."""
    return naming.get_global_attribute("global_random_seed")
