"""One step of a model as a function of batches: traced and native, or eager where that cannot be."""

import warnings

from keraunos.ops._improbable import warn_of_improbable
from keraunos.tensor import convert_to_tensor
from keraunos.tracing import Function, TraceError, user_line
from keraunos.training.structure import flatten, map_leaves


class StepFunction:
    """Calls a step of a model (`train_step`, `test_step`, `predict_step`) on batches.

    The step is traced on its first batch and then runs natively. If it cannot be traced, because it
    needs values in Python, it runs eagerly after one warning that names the line.

    Args:
        model: the model, asked for `run_eagerly` and `jit_compile`.
        step: function of one batch.
        name: name of the step, for messages.
    """

    def __init__(self, model, step, name):
        self._model = model
        self._step = step
        self._name = name
        self._is_traceable = True
        self._function = Function(step, name)
        self._known = {}

    @property
    def is_native(self):
        """Whether the step is traced (as far as is known)."""
        return self._is_traceable and not self._model.run_eagerly

    @property
    def function(self):
        """The `tracing.Function` of the step."""
        return self._function

    def __call__(self, batches):
        """Runs the step on each of a list of batches; returns the result of the last."""
        result = None
        for batch in batches:
            result = self.run(batch)
        return result

    def run(self, batch):
        """Runs the step on one batch of arrays or tensors."""
        if self.is_native:
            try:
                return self.run_traced(batch)
            except TraceError as error:
                self.fall_back(error)
        result = self._step(map_leaves(convert_to_tensor, batch))
        warn_of_improbable()
        return result

    def run_traced(self, batch):
        """Runs the trace for a batch.

        Raises:
            TraceError: if there is none yet and it cannot be made.
        """
        leaves = []
        concrete = self._concrete_for(batch, leaves)
        outputs = concrete.native.call(leaves)
        warn_of_improbable()
        return concrete.pack(outputs)

    def _concrete_for(self, batch, leaves):
        """Returns the trace for a batch, and appends its arrays to `leaves`."""
        description = flatten(batch, leaves)
        key = (description, *[(leaf.dtype, leaf.shape[1:]) for leaf in leaves])
        concrete = self._known.get(key)
        if concrete is None:
            concrete, _ = self._function.concrete_for((batch,))
            if all(shape and shape[0] is None for shape in concrete.shapes):
                self._known[key] = concrete
        return concrete

    def direct_call(self, batch):
        """Returns the trace for a batch of one array, for callers that skip all checks.

        Returns:
            `(dtype, row_shape, concrete)`, or `None` if the trace holds for one batch size only.
        """
        leaves = []
        concrete = self._concrete_for(batch, leaves)
        if len(leaves) != 1 or concrete.shapes[0][:1] != (None,):
            return None
        return (leaves[0].dtype, leaves[0].shape[1:], concrete)

    def fall_back(self, error):
        """Goes over to eager execution after a failed trace, with one warning.

        Raises:
            TraceError: the given error, if the model was compiled with `jit_compile=True`.
        """
        if self._model.jit_compile:
            raise error
        self._is_traceable = False
        self._function = None
        place = user_line(error)
        where = f" at {place}" if place else ""
        warnings.warn(
            f"{type(self._model).__name__}.{self._name} cannot be compiled and runs eagerly, which "
            f"is slower: a value is needed in Python{where}. {error}",
            stacklevel=4,
        )


