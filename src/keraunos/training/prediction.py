"""Outputs of a model for all batches of its data."""

import numpy as np

from keraunos import tree
from keraunos.tensor import is_tensor
from keraunos.tracing import TraceError
from keraunos.training.data_adapters.array_data_adapter import ArrayDataAdapter
from keraunos.training.epochs import NativeEpochs
from keraunos.training.step_function import StepFunction
from keraunos.training.structure import flatten, map_leaves, pack


def predict_batches(model, iterator, callbacks):
    """Runs `model.predict_function` over the data.

    Args:
        model: the model.
        iterator: `EpochIterator` of the data.
        callbacks: `CallbackList`.

    Returns:
        NumPy arrays in the structure of the model's outputs.
    """
    function = model.predict_function
    if _can_run_natively(model, iterator, callbacks, function):
        try:
            epochs = NativeEpochs(
                function,
                iterator.data_adapter,
                model,
                "predict",
                steps_per_epoch=iterator.steps_per_epoch,
            )
        except TraceError as error:
            function.fall_back(error)
        else:
            return epochs.run(callbacks)
    return _predict_by_batch(model, iterator, callbacks, function)


def _can_run_natively(model, iterator, callbacks, function):
    adapter = iterator.data_adapter
    return (
        type(function) is StepFunction
        and function.is_native
        and isinstance(adapter, ArrayDataAdapter)
        and adapter.is_dense
        and not callbacks.needs_every_batch("predict")
    )


def _predict_by_batch(model, iterator, callbacks, function):
    collected, description = None, None
    for first_step, last_step, batches in iterator:
        callbacks.on_predict_batch_begin(first_step)
        outputs = None
        for batch in batches:
            outputs = map_leaves(_to_numpy, function([batch]))
            leaves = []
            description = flatten(outputs, leaves)
            if collected is None:
                collected = [[] for _ in leaves]
            for column, leaf in zip(collected, leaves):
                column.append(leaf)
        callbacks.on_predict_batch_end(last_step, {"outputs": outputs})
        if model.stop_predicting:
            break
    if collected is None:
        raise ValueError("`predict()` needs at least one batch. Received: data without any")
    return pack(description, iter([np.concatenate(column) for column in collected]))


def _to_numpy(leaf):
    return leaf.numpy() if is_tensor(leaf) else np.asarray(leaf)


def empty_outputs(model, data):
    """Returns outputs for data without rows: arrays whose first size is 0.

    Args:
        model: the model.
        data: arrays with 0 rows.
    """
    from keraunos.ops.shape_inference import compute_output_spec
    from keraunos.tensor import KerasTensor

    x = data[0] if isinstance(data, tuple) and len(data) == 1 else data
    x = map_leaves(lambda leaf: KerasTensor((None, *leaf.shape[1:]), leaf.dtype.name), x)
    spec = compute_output_spec(model, x, training=False)

    def make(output):
        shape = [0 if size is None else size for size in output.shape]
        return np.zeros((0, *shape[1:]), dtype=output.dtype)

    return tree.map_structure(make, spec)
