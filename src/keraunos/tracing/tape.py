"""`GradientTape`: automatic differentiation of what runs inside its context."""

import operator

from keraunos import _core
from keraunos import tree
from keraunos.tensor import convert_to_tensor
from keraunos.variable import Variable


class GradientTape:
    """Records ops and differentiates them in reverse.

    Works eagerly; inside a traced function (a custom `train_step`, say) the gradient becomes part of the graph.

    Args:
        persistent: Whether `gradient` may be called more than once.
        watch_accessed_variables: Whether trainable variables are watched as soon as they are read.

    Example:

    >>> x = keraunos.Variable(3.0)
    >>> with keraunos.GradientTape() as tape:
    ...     y = x * x
    >>> float(tape.gradient(y, x))
    6.0
    """

    def __init__(self, persistent=False, watch_accessed_variables=True):
        self._tape = _core.Tape(persistent, watch_accessed_variables)
        self._persistent = persistent
        self._is_open = False

    def __enter__(self):
        self._open()
        return self

    def __exit__(self, *exception):
        self._close()

    def _open(self):
        if not self._is_open:
            self._tape.start()
            self._is_open = True

    def _close(self):
        if self._is_open:
            self._tape.stop()
            self._is_open = False

    def watch(self, tensor):
        """Follows tensors or variables (any nesting of them) that would not be followed by themselves."""
        for leaf in tree.flatten(tensor):
            self._tape.watch(_source(leaf))

    def gradient(self, target, sources, output_gradients=None, unconnected_gradients="none"):
        """Returns the gradients of `target` (summed over its elements) with respect to `sources`.

        Args:
            target: A tensor, or a nesting of tensors whose gradients add up.
            sources: Tensors or variables, in any nesting.
            output_gradients: What flows into each target; ones if `None`.
            unconnected_gradients: `"none"` gives `None` for sources that do not reach the target, `"zero"` gives zeros.

        Returns:
            A structure like `sources`.
        """
        was_open = self._is_open
        if not self._persistent:
            self._close()
        targets = [convert_to_tensor(leaf) for leaf in tree.flatten(target)]
        if output_gradients is not None:
            output_gradients = [None if g is None else convert_to_tensor(g) for g in _leaves(output_gradients)]
        leaves = tree.flatten(sources)
        gradients = self._tape.gradient(targets, [_source(leaf) for leaf in leaves], output_gradients)
        if unconnected_gradients == "zero":
            gradients = [_zeros(leaf) if g is None else g for leaf, g in zip(leaves, gradients)]
        if was_open and self._persistent:
            self._open()
        if not tree.is_nested(sources):
            return gradients[0]
        if type(sources) is list and len(leaves) == len(sources) and all(map(operator.is_, leaves, sources)):
            return list(gradients)
        return tree.pack_sequence_as(sources, gradients)

    def stop_recording(self):
        """Returns a context in which this thread's tapes do not listen."""
        return _Paused()

    def reset(self):
        """Forgets everything recorded so far."""
        self._tape.clear()

    def watched_variables(self):
        """Not offered: pass the variables to `gradient`."""
        raise NotImplementedError("GradientTape.watched_variables is not built yet. Pass `model.trainable_variables` to `gradient`.")


class _Paused:
    def __enter__(self):
        _core.stop_recording()

    def __exit__(self, *exception):
        _core.resume_recording()


def _leaves(structure):
    return list(structure) if isinstance(structure, (list, tuple)) else [structure]


def _source(leaf):
    return leaf._handle if isinstance(leaf, Variable) else leaf


def _zeros(leaf):
    tensor = convert_to_tensor(leaf)
    return _core.execute("zeros_like", [tensor], {})
