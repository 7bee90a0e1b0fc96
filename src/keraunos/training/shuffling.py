"""Seeds for the order of the rows."""

import numpy as np

from keraunos.training.native import epoch_seed
from keraunos.utils.rng_utils import get_random_seed


class EpochSeeds:
    """Gives every epoch of a `fit` a seed.

    With `keraunos.utils.set_random_seed` the seed depends only on that seed and on the number of
    optimizer steps done so far. A run that was saved, loaded in a new process and continued therefore
    sees the same orders as one that was never interrupted. Without it, the seed comes from
    `numpy.random`.

    Args:
        optimizer: the optimizer, or `None`.
    """

    def __init__(self, optimizer):
        self._optimizer = optimizer
        self._epochs = 0
        self._base = get_random_seed()
        if self._base is None:
            self._base = int(np.random.randint(0, 2**31 - 1))

    def __call__(self):
        iterations = getattr(self._optimizer, "iterations", None)
        steps = self._epochs if iterations is None else int(iterations)
        self._epochs += 1
        return epoch_seed(self._base, steps)
