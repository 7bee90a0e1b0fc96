"""The native loop over batches of arrays: one call runs many steps."""

import numpy as np

from keraunos import _core
from keraunos import tree


def epoch_seed(base, steps):
    """Returns the seed that orders the rows of an epoch.

    Args:
        base: The seed of the training, an integer of 64 bits.
        steps: Number of optimizer steps done before the epoch.
    """
    return _core.epoch_seed(base, steps)


class Loop:
    """Runs a traced function over the rows of arrays, batch by batch, in C++.

    Args:
        function: A `tracing.Function` that takes one argument: a structure like `data`.
        data: A structure of NumPy arrays with equally many rows; `None` leaves are passed on as they are.
        batch_size: Rows per step; the last step of an epoch may have fewer.
        shuffle: Whether every epoch visits the rows in another order.
        collect_rows: Whether outputs that have a row per input row are gathered over the epoch (prediction).

    Example:

    >>> import numpy as np
    >>> from keraunos.tracing import Function
    >>> loop = Loop(Function(lambda data: data[0] * 2), (np.ones((5, 2), "float32"),), batch_size=2, collect_rows=True)
    >>> loop.start_epoch()
    >>> loop.run(10, 1000.0)
    3
    >>> loop.outputs().shape
    (5, 2)
    """

    def __init__(self, function, data, batch_size, shuffle=False, collect_rows=False):
        leaves = tree.flatten(data)
        first = [leaf[:batch_size] if isinstance(leaf, np.ndarray) else leaf for leaf in leaves]
        self._concrete, _ = function.concrete_for((tree.pack_sequence_as(data, first),))
        arrays = [np.ascontiguousarray(leaf) for leaf in leaves if isinstance(leaf, np.ndarray)]
        self._collect_rows = collect_rows
        self._native = _core.Loop(self._concrete.native, arrays, batch_size, shuffle, collect_rows)
        self.steps_per_epoch = self._native.steps_per_epoch

    def start_epoch(self, seed=0):
        """Starts over at the first row, in the order that `seed` gives when shuffling."""
        self._native.start_epoch(seed)

    def run(self, max_steps, max_milliseconds):
        """Runs at most so many steps for about so long; returns the steps done since `start_epoch`.

        Raises:
            KeyboardInterrupt: after a whole step, when the user asks for it.
        """
        return self._native.run(max_steps, max_milliseconds)

    def outputs(self):
        """Returns the outputs of the last step (or the collected rows) as NumPy arrays in the function's structure."""
        outputs = [tensor.numpy() for tensor in self._native.outputs(not self._collect_rows)]
        return self._concrete.pack(outputs)
