"""The loop over the steps of an epoch: native for arrays in memory, batch by batch for the rest."""

import warnings

from keraunos.ops._improbable import warn_of_improbable
from keraunos.training.native import Loop

_SLICE_MILLISECONDS = 100.0
_NO_LIMIT = 1e12
_STOP_FLAGS = {"train": "stop_training", "test": "stop_evaluating", "predict": "stop_predicting"}


class BatchEpochs:
    """Calls a function for every batch of an `EpochIterator`.

    Args:
        iterator: the `EpochIterator`.
        function: function of a list of batches, returns logs.
        model: the model whose stop flag ends an epoch.
        mode: `"train"` or `"test"`.
    """

    def __init__(self, iterator, function, model, mode):
        self._iterator = iterator
        self._function = function
        self._model = model
        self._mode = mode

    def run(self, callbacks):
        """Runs one epoch; returns the logs of its last step."""
        begin = getattr(callbacks, f"on_{self._mode}_batch_begin")
        end = getattr(callbacks, f"on_{self._mode}_batch_end")
        stop_flag = _STOP_FLAGS[self._mode]
        logs = {}
        for first_step, last_step, batches in self._iterator:
            begin(first_step)
            logs = self._function(batches)
            end(last_step, logs)
            if getattr(self._model, stop_flag):
                break
        return logs


class NativeEpochs:
    """Runs the steps natively, in slices of about 100 ms or, if a callback wants it, of one step.

    Args:
        function: the `StepFunction`.
        adapter: the `ArrayDataAdapter`.
        model: the model whose stop flag ends an epoch.
        mode: `"train"`, `"test"` or `"predict"`.
        steps_per_epoch: number of steps in an epoch, `None` for all rows. A next epoch of training goes
            on where the last one stopped; evaluation begins at the first row.
        steps_per_execution: number of steps between two calls of the callbacks.
        next_seed: function that returns the seed of the next order of rows.

    Raises:
        TraceError: if the step cannot be traced.
    """

    def __init__(
        self,
        function,
        adapter,
        model,
        mode,
        steps_per_epoch=None,
        steps_per_execution=1,
        next_seed=None,
    ):
        self._function = function
        self._adapter = adapter
        self._model = model
        self._mode = mode
        self._steps_per_epoch = steps_per_epoch
        self._steps_per_execution = steps_per_execution
        self._next_seed = next_seed
        self._done = 0
        self._loop = Loop(
            function.function,
            adapter.data,
            adapter.batch_size,
            shuffle=bool(adapter.shuffle),
            collect_rows=mode == "predict",
        )
        self._is_at_start = True
        self._steps_in_data = self._adapter.num_batches

    def _start(self):
        # A seed of its own for every epoch: a resumed run sees the order it would have seen.
        self._loop.start_epoch(self._next_seed() if self._adapter.shuffle else 0)
        self._done = 0
        self._is_at_start = False

    def run(self, callbacks):
        """Runs one epoch; returns the logs of its last step."""
        begin = getattr(callbacks, f"on_{self._mode}_batch_begin")
        end = getattr(callbacks, f"on_{self._mode}_batch_end")
        stop_flag = _STOP_FLAGS[self._mode]
        is_by_batch = callbacks.needs_every_batch(self._mode)
        group = self._steps_per_execution
        limit = self._steps_per_epoch or self._steps_in_data
        if self._is_at_start or self._steps_per_epoch is None or self._mode != "train":
            self._start()
        step, logs = 0, {}
        while step < limit:
            room = min(limit - step, self._steps_in_data - self._done)
            if room <= 0:
                self._warn_ran_out()
                break
            begin(step)
            before = self._done
            if is_by_batch:
                self._done = self._loop.run(min(group, room), _NO_LIMIT)
                step += group
            else:
                self._done = self._loop.run(room, _SLICE_MILLISECONDS)
                step += self._done - before
            warn_of_improbable()
            if self._mode != "predict":
                logs = self._loop.outputs()
            end(step - 1, logs)
            if getattr(self._model, stop_flag):
                break
        self._is_at_start = self._done >= self._steps_in_data
        return self._loop.outputs() if self._mode == "predict" else logs

    def _warn_ran_out(self):
        warnings.warn(
            "Your input ran out of data; interrupting training. Make sure that your dataset or "
            "generator can generate at least `steps_per_epoch * epochs` batches. You may need to "
            "use the `.repeat()` function when building your dataset.",
            stacklevel=2,
        )
