"""Training of models: `compile`, `fit`, `evaluate`, `predict`."""

import warnings

import numpy as np

from keraunos import optimizers
from keraunos.callbacks.callback_list import CallbackList
from keraunos.tracing import TraceError
from keraunos.training import arguments
from keraunos.training.batch_training import BatchTraining
from keraunos.training.building import as_keras_tensor, first_batch
from keraunos.training.data_adapters.array_data_adapter import (
    ArrayDataAdapter,
    train_validation_split,
)
from keraunos.training.epoch_iterator import EpochIterator, max_epochs
from keraunos.training.epochs import BatchEpochs, NativeEpochs
from keraunos.training.logs import pythonify_logs
from keraunos.training.packing import unpack_x_y_sample_weight
from keraunos.training.prediction import empty_outputs, predict_batches
from keraunos.training.shuffling import EpochSeeds
from keraunos.training.step_function import StepFunction
from keraunos.training.structure import map_leaves
from keraunos.training.training_steps import TrainingSteps
from keraunos.training.validation import Validation, require_rows


class Trainer(BatchTraining):
    """Gives a layer `compile`, `fit`, `evaluate` and `predict`. Part of every `Model`."""

    _initial_epoch = None
    _eval_epoch_iterator = None

    def __init__(self):
        self._set("compiled", False)
        self._set("loss", None)
        self._forget_functions()
        self._set("_initial_epoch", None)

    def _epochs(self, iterator, function, mode, next_seed=None):
        adapter = iterator.data_adapter
        is_native = (
            isinstance(adapter, ArrayDataAdapter)
            and adapter.is_dense
            and adapter.shuffle != "batch"
            and type(function) is StepFunction
            and function.is_native
        )
        if is_native:
            try:
                return NativeEpochs(
                    function,
                    adapter,
                    self,
                    mode,
                    steps_per_epoch=iterator.steps_per_epoch,
                    steps_per_execution=self.steps_per_execution,
                    next_seed=next_seed,
                )
            except TraceError as error:
                function.fall_back(error)
        return BatchEpochs(iterator, function, self, mode)

    def fit(
        self,
        x=None,
        y=None,
        batch_size=None,
        epochs=1,
        verbose="auto",
        callbacks=None,
        validation_split=0.0,
        validation_data=None,
        shuffle=True,
        class_weight=None,
        sample_weight=None,
        initial_epoch=0,
        steps_per_epoch=None,
        validation_steps=None,
        validation_batch_size=None,
        validation_freq=1,
    ):
        """Trains the model.

        Args:
            x: inputs: an array, a list or dict of arrays, a `PyDataset`, a generator or another
                data set. The latter yield `(x, y)` or `(x, y, sample_weight)`.
            y: targets, only if `x` holds arrays.
            batch_size: rows per batch, 32 by default.
            epochs: index of the epoch at which training ends: the number of epochs, if
                `initial_epoch` is 0.
            verbose: 0 silent, 1 or `"auto"` progress bar, 2 one line per epoch.
            callbacks: list of `Callback` instances.
            validation_split: part of the rows, from the end, to validate on instead.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a data set to validate on.
            shuffle: whether to shuffle the rows before every epoch.
            class_weight: dict from class index to weight.
            sample_weight: array with a weight per row (or per step of sequences).
            initial_epoch: index of the first epoch.
            steps_per_epoch: number of batches in an epoch.
            validation_steps: number of batches in a validation.
            validation_batch_size: rows per batch of validation, `batch_size` by default.
            validation_freq: validate after every so many epochs, or after the listed ones.

        Returns:
            `History` whose `history` holds the logs of all epochs.

        Raises:
            ValueError: if arguments do not go together; the message names them.

        Example:

        >>> import numpy as np, keraunos
        >>> model = keraunos.Sequential([keraunos.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=2, verbose=0)
        """
        self._assert_compile_called("fit")
        self._warn_if_trainable_state_changed()
        epochs = _limit_epochs(arguments.check_natural_number(epochs, "epochs"))
        initial_epoch = arguments.check_natural_number(initial_epoch, "initial_epoch")
        batch_size = arguments.check_positive_integer(batch_size, "batch_size")
        steps_per_epoch = arguments.check_positive_integer(steps_per_epoch, "steps_per_epoch")
        verbose = arguments.check_verbose(verbose)
        arguments.check_class_weight(class_weight)
        validation_split = arguments.check_validation_split(validation_split)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = train_validation_split(
                x, y, sample_weight, validation_split
            )
        validation = Validation(
            validation_data, validation_freq, validation_steps, validation_batch_size or batch_size
        )
        iterator = EpochIterator(
            x=x,
            y=y,
            sample_weight=sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
            steps_per_execution=self.steps_per_execution,
        )
        require_rows(iterator, "fit")
        try:
            return self._fit(iterator, epochs, initial_epoch, verbose, callbacks, validation)
        finally:
            iterator.close()
            if self._eval_epoch_iterator is not None:
                self._eval_epoch_iterator.close()
                self._set("_eval_epoch_iterator", None)

    def _fit(self, iterator, epochs, initial_epoch, verbose, callbacks, validation):
        self._symbolic_build(iterator=iterator)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=verbose != 0,
                verbose=verbose,
                epochs=epochs,
                steps=iterator.num_batches,
                model=self,
            )
        self.stop_training = False
        self._set("_initial_epoch", None)
        self.make_train_function()
        logs = {}
        callbacks.on_train_begin()
        epoch_range = range(self._initial_epoch or initial_epoch, epochs)
        runner = None
        if epoch_range:
            runner = self._epochs(
                iterator, self.train_function, "train", EpochSeeds(self.optimizer)
            )
        for epoch in epoch_range:
            self.reset_metrics()
            callbacks.on_epoch_begin(epoch)
            logs = self._epoch_logs(runner.run(callbacks), "train_step")
            if validation.is_due(epoch):
                logs.update(self._validate(validation, callbacks))
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        if isinstance(self.optimizer, optimizers.Optimizer) and epochs > 0:
            self.optimizer.finalize_variable_values(self.trainable_weights)
        callbacks.on_train_end(logs=logs)
        return self.history

    def _validate(self, validation, callbacks):
        if self._eval_epoch_iterator is None:
            self._set(
                "_eval_epoch_iterator", validation.make_iterator(self.steps_per_execution)
            )
        logs = self.evaluate(
            x=validation.x,
            y=validation.y,
            sample_weight=validation.sample_weight,
            batch_size=validation.batch_size,
            steps=validation.steps,
            callbacks=callbacks,
            return_dict=True,
            _use_cached_eval_dataset=True,
        )
        return {f"val_{name}": value for name, value in logs.items()}

    def _epoch_logs(self, logs, step_name):
        """Returns the logs of an epoch as floats: the metrics' results if the step reports those."""
        is_default = (
            getattr(type(self), step_name) is getattr(TrainingSteps, step_name)
            and type(self).compute_metrics is TrainingSteps.compute_metrics
        )
        # The default steps end with the results of all metrics, so that these are known already.
        if not is_default and isinstance(logs, dict):
            results = self.get_metrics_result()
            if set(results) == set(logs):
                logs = results
        return pythonify_logs(logs)

    def evaluate(
        self,
        x=None,
        y=None,
        batch_size=None,
        verbose="auto",
        sample_weight=None,
        steps=None,
        callbacks=None,
        return_dict=False,
        **kwargs,
    ):
        """Returns loss and metrics for given data.

        Args:
            x, y, sample_weight, batch_size, verbose, callbacks: as in `fit`.
            steps: number of batches, all by default.
            return_dict: whether to return a dict instead of a list.

        Returns:
            The loss if there are no metrics, else a list in the order of `metrics_names`, or a dict.

        Example:

        >>> import numpy as np, keraunos
        >>> model = keraunos.Sequential([keraunos.layers.Dense(1, kernel_initializer="zeros")])
        >>> model.compile(loss="mse")
        >>> model.evaluate(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
        1.0
        """
        uses_cache = kwargs.pop("_use_cached_eval_dataset", False)
        if kwargs:
            raise ValueError(f"Arguments not recognized: {kwargs}")
        self._assert_compile_called("evaluate")
        if uses_cache:
            logs = self._evaluate(self._eval_epoch_iterator, verbose, callbacks)
        else:
            batch_size = arguments.check_positive_integer(batch_size, "batch_size")
            steps = arguments.check_positive_integer(steps, "steps")
            verbose = arguments.check_verbose(verbose)
            iterator = EpochIterator(
                x=x,
                y=y,
                sample_weight=sample_weight,
                batch_size=batch_size,
                steps_per_epoch=steps,
                shuffle=False,
                steps_per_execution=self.steps_per_execution,
            )
            require_rows(iterator, "evaluate")
            try:
                logs = self._evaluate(iterator, verbose, callbacks)
            finally:
                iterator.close()
        return logs if return_dict else self._flatten_metrics_in_order(logs)

    def _evaluate(self, iterator, verbose, callbacks):
        iterator.reset()
        self._symbolic_build(iterator=iterator)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=verbose != 0,
                verbose=verbose,
                epochs=1,
                steps=iterator.num_batches,
                model=self,
            )
        self.make_test_function()
        runner = getattr(iterator, "epochs", None)
        if runner is None:
            runner = iterator.epochs = self._epochs(iterator, self.test_function, "test")
        self.stop_evaluating = False
        callbacks.on_test_begin()
        self.reset_metrics()
        logs = self._epoch_logs(runner.run(callbacks), "test_step")
        callbacks.on_test_end(logs)
        return logs

    def predict(self, x, batch_size=None, verbose="auto", steps=None, callbacks=None):
        """Returns the outputs of the model as NumPy arrays.

        Args:
            x: inputs, as in `fit`.
            batch_size: rows per batch, 32 by default.
            verbose: 0 silent, 1 or `"auto"` progress bar, 2 one line.
            steps: number of batches, all by default.
            callbacks: list of `Callback` instances.

        Returns:
            Array, or the structure of arrays that the model returns.

        Example:

        >>> import numpy as np, keraunos
        >>> model = keraunos.Sequential([keraunos.layers.Dense(2)])
        >>> model.predict(np.ones((3, 4)), verbose=0).shape
        (3, 2)
        """
        if callbacks is None and steps is None and type(x) is np.ndarray:
            rows = 32 if batch_size is None else batch_size
            outputs = self._predict_directly(x, rows if type(rows) is int else 0, verbose)
            if outputs is not None:
                return outputs
        batch_size = arguments.check_positive_integer(batch_size, "batch_size")
        steps = arguments.check_positive_integer(steps, "steps")
        verbose = arguments.check_verbose(verbose)
        iterator = EpochIterator(
            x=x,
            batch_size=batch_size,
            steps_per_epoch=steps,
            shuffle=False,
            steps_per_execution=self.steps_per_execution,
        )
        try:
            return self._predict(iterator, verbose, callbacks)
        finally:
            iterator.close()

    def _predict(self, iterator, verbose, callbacks):
        adapter = iterator.data_adapter
        if isinstance(adapter, ArrayDataAdapter) and adapter.num_samples == 0:
            return empty_outputs(self, adapter.data)
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=verbose != 0,
                verbose=verbose,
                epochs=1,
                steps=iterator.num_batches,
                model=self,
            )
        if not self.built:
            data = first_batch(iterator)
            x = unpack_x_y_sample_weight(data)[0]
            self._predict_spec(map_leaves(as_keras_tensor, x), x)
        self.make_predict_function()
        self.stop_predicting = False
        callbacks.on_predict_begin()
        outputs = predict_batches(self, iterator, callbacks)
        callbacks.on_predict_end()
        self._remember_direct_prediction(iterator)
        return outputs

    def _remember_direct_prediction(self, iterator):
        function, adapter = self.predict_function, iterator.data_adapter
        if type(function) is not StepFunction or not function.is_native:
            return
        if isinstance(adapter, ArrayDataAdapter) and type(adapter.data) is np.ndarray:
            self._set_direct_prediction(adapter.data[: adapter.batch_size])


def _limit_epochs(epochs):
    limit = max_epochs()
    if limit and limit < epochs:
        warnings.warn(f"Limiting epochs to {limit}", stacklevel=3)
        return limit
    return epochs
