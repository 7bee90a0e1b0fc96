"""Training, evaluation and prediction of single batches."""

import numpy as np

from keraunos.tensor import is_tensor
from keraunos.tracing import TraceError
from keraunos.training import arguments
from keraunos.training.building import Building, as_keras_tensor
from keraunos.training.compile_metrics import CompileMetrics
from keraunos.training.data_adapters.arrays import all_array_like, as_array, check_same_rows
from keraunos.training.data_adapters.weights import resolve_sample_weight
from keraunos.training.logs import pythonify_logs
from keraunos.training.step_function import StepFunction
from keraunos.training.structure import map_leaves
from keraunos.utils.progbar import Progbar


class BatchTraining(Building):
    """The part of `Trainer` for one batch at a time, with as little around it as possible."""

    def train_on_batch(
        self, x, y=None, sample_weight=None, class_weight=None, return_dict=False
    ):
        """Trains on one batch.

        Args:
            x, y, sample_weight, class_weight: arrays, as in `fit`.
            return_dict: whether to return a dict instead of a list.

        Returns:
            The loss if there are no metrics, else a list, or a dict, of the batch's results.
        """
        self._assert_compile_called("train_on_batch")
        if class_weight is not None and sample_weight is not None:
            raise ValueError(
                "Arguments `sample_weight` and `class_weight` cannot be specified at the same time."
            )
        data = self._batch(x, y, sample_weight, class_weight)
        self._symbolic_build(data_batch=data)
        self.make_train_function()
        logs = self._run_on_batch("train", self.train_function, data)
        return logs if return_dict else self._flatten_metrics_in_order(logs)

    def test_on_batch(self, x, y=None, sample_weight=None, return_dict=False):
        """Evaluates one batch.

        Args:
            x, y, sample_weight: arrays, as in `fit`.
            return_dict: whether to return a dict instead of a list.

        Returns:
            The loss if there are no metrics, else a list, or a dict, of the batch's results.
        """
        self._assert_compile_called("test_on_batch")
        data = self._batch(x, y, sample_weight)
        self._symbolic_build(data_batch=data)
        self.make_test_function()
        logs = self._run_on_batch("test", self.test_function, data)
        return logs if return_dict else self._flatten_metrics_in_order(logs)

    def predict_on_batch(self, x):
        """Returns the outputs for one batch as NumPy arrays."""
        if type(x) is np.ndarray and x.ndim:
            outputs = self._predict_directly(x, x.shape[0], 0)
            if outputs is not None:
                return outputs
        data = map_leaves(lambda leaf: _batch_leaf(leaf, "x"), x)
        if not self.built:
            self._predict_spec(map_leaves(as_keras_tensor, data), data)
        self.make_predict_function()
        batch = (data,) if isinstance(data, (list, tuple)) else data
        outputs = map_leaves(_leaf_to_numpy, self.predict_function([batch]))
        if type(self.predict_function) is StepFunction and type(batch) is np.ndarray:
            self._set_direct_prediction(batch)
        return outputs

    def _batch(self, x, y, sample_weight, class_weight=None):
        if type(x) is type(y) is np.ndarray and sample_weight is None and class_weight is None:
            x, y = as_array(x, "x"), as_array(y, "y")
            if x.shape[0] == y.shape[0] > 0:
                return (x, y, None)
        if x is None:
            raise ValueError("`x` must be provided. Received: x=None")
        x = map_leaves(lambda leaf: _batch_leaf(leaf, "x"), x)
        y = map_leaves(lambda leaf: _batch_leaf(leaf, "y"), y)
        sample_weight = map_leaves(lambda leaf: _batch_leaf(leaf, "sample_weight"), sample_weight)
        sample_weight = resolve_sample_weight(y, sample_weight, class_weight)
        if check_same_rows(x, y, sample_weight) == 0:
            raise ValueError("A batch must have at least one sample. Received: `x` with 0 rows")
        return (x, y, sample_weight)

    def _run_on_batch(self, mode, function, data):
        if type(function) is not StepFunction or not function.is_native:
            self.reset_metrics()
            return pythonify_logs(function([data]))
        functions = self._on_batch_functions
        if mode not in functions:
            # The reset of the metrics is part of the trace: one native call does it all.
            step = self.train_step if mode == "train" else self.test_step
            functions[mode] = StepFunction(self, _ResettingStep(self, step), f"{mode}_step")
        try:
            logs = functions[mode].run_traced(data)
        except TraceError as error:
            function.fall_back(error)
            self.reset_metrics()
            logs = function([data])
        return pythonify_logs(logs)

    def _flatten_metrics_in_order(self, logs):
        """Returns logs as a list in the order of the metrics, or the value itself if there is one."""
        order = self._log_orders.get(tuple(logs))
        if order is None:
            order = self._log_orders[tuple(logs)] = self._order_of(logs)
        values = [logs[name] for name in order]
        return values[0] if len(values) == 1 else values

    def _order_of(self, logs):
        names = []
        for metric in self.metrics:
            if isinstance(metric, CompileMetrics):
                names += [inner.name for inner in metric.metrics]
            else:
                names.append(metric.name)
        return [name for name in names if name in logs] + sorted(set(logs) - set(names))

    def _set_direct_prediction(self, x):
        call = self.predict_function.direct_call(x)
        if call is not None:
            dtype, row_shape, concrete = call
            self._set(
                "_direct_prediction",
                (dtype, row_shape, concrete.native.call, concrete.pack, self.predict_function),
            )

    def _predict_directly(self, x, rows, verbose):
        """Predicts one batch with a known trace; returns `None` if anything is out of the ordinary."""
        direct = self._direct_prediction
        if direct is None:
            return None
        dtype, row_shape, call, pack, function = direct
        if (
            (x.dtype is not dtype and x.dtype != dtype)
            or x.shape[1:] != row_shape
            or not 0 < x.shape[0] <= rows
            or not x.flags.c_contiguous
            or function is not self.predict_function
        ):
            return None
        if verbose == 0:
            return _to_numpy(pack(call([x])))
        bar = Progbar(
            target=1, verbose=arguments.check_verbose(verbose), stateless_metrics=set()
        )
        outputs = _to_numpy(pack(call([x])))
        bar.update(1, finalize=True)
        return outputs


class _ResettingStep:
    """A step that starts with fresh metrics."""

    def __init__(self, model, step):
        self._model = model
        self._step = step

    def __call__(self, data):
        self._model.reset_metrics()
        return self._step(data)


def _batch_leaf(leaf, name):
    if is_tensor(leaf):
        return leaf
    if not all_array_like(leaf):
        raise ValueError(
            f"Unrecognized data type: {name}={str(leaf)[:200]} (of type {type(leaf)})"
        )
    return as_array(leaf, name)


def _leaf_to_numpy(leaf):
    return leaf.numpy() if is_tensor(leaf) else np.asarray(leaf)


def _to_numpy(outputs):
    if type(outputs) is np.ndarray:
        return outputs
    if is_tensor(outputs):
        return outputs.numpy()
    return map_leaves(_leaf_to_numpy, outputs)
