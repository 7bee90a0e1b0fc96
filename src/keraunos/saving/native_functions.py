"""The functions of a model as C++ runs them: what a `.keras` file of keraunos holds beside Keras's own members.

`keraunos.json` holds the traced graphs (predict; train and test when the model is compiled) and, for every variable, where
its bytes stand: in the weights member, or in `keraunos.bin` for what the weights do not hold (seeds, metrics, constants).
Keras ignores both members. A model that cannot be traced is saved without them.
"""

import contextlib
import warnings

import numpy as np

from keraunos import _core, tree
from keraunos.tracing import Function
from keraunos.training.compile_loss import CompileLoss
from keraunos.training.compile_metrics import CompileMetrics
from keraunos.training.packing import pack_x_y_sample_weight
from keraunos.training.step_function import StepFunction
from keraunos.variable import Variable

MEMBER = "keraunos.json"
BINARY_MEMBER = "keraunos.bin"


class NativeFunctions:
    """The traced functions of a model.

    Attributes:
        traces: dict from the name of a function to `(ConcreteFunction, input names, output names)`.
        learning_rate: the optimizer's variable, or `None`.
    """

    def __init__(self):
        self.traces = {}
        self.learning_rate = None

    def members(self, sources, places, weights):
        """Returns the members of the archive as a dict from name to bytes.

        Args:
            sources: dict from `(store path, key)` to what was saved there.
            places: dict from `(store path, key)` to `(offset, dtype, shape)` in the weights file.
            weights: The bytes of the weights file.
        """
        writer = _core.NativePartWriter()
        placed = set()
        for key, variable in sources.items():
            offset, dtype, shape = places.get(key, (None, None, None))
            handle = getattr(variable, "_handle", None) if isinstance(variable, Variable) else None
            if handle is None or offset is None or id(handle) in placed:
                continue
            if handle.shape != shape or handle.dtype != dtype:
                continue
            placed.add(id(handle))
            size = int(np.prod(shape, dtype="int64")) * _item_size(dtype)
            writer.place(handle, variable.path, offset, _core.crc32(weights, offset, size))
        for name, (concrete, inputs, outputs) in self.traces.items():
            writer.add_function(name, concrete.native.graph, inputs, outputs)
        if self.learning_rate is not None:
            writer.set_role("learning_rate", self.learning_rate._handle)
        json, binary = writer.finish()
        return {MEMBER: json, BINARY_MEMBER: binary} if binary else {MEMBER: json}


def _item_size(dtype):
    return 2 if dtype == "bfloat16" else np.dtype(dtype).itemsize


def trace_model(model):
    """Returns the `NativeFunctions` of a model, or `None` if its `call` cannot be traced.

    Traces that the model has already are used again. A compiled model whose optimizer has no variables yet gets them, so
    that the file holds them.
    """
    functions = NativeFunctions()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Whatever the user's code raises when it is traced means the same: this model has no native part.
        with contextlib.suppress(Exception):
            _trace_predict(model, functions)
        if functions.traces and getattr(model, "compiled", False) and not model.run_eagerly:
            training = NativeFunctions()
            with contextlib.suppress(Exception):
                _trace_training(model, training)
                functions.traces.update(training.traces)
                functions.learning_rate = training.learning_rate
    return functions if functions.traces else None


def _trace_predict(model, functions):
    function = _function_of(model.make_predict_function())
    inputs = _inputs_of(model, function)
    concrete = function.trace_for((pack_x_y_sample_weight(inputs),))
    names = getattr(model, "input_names", None) or []
    count = len(concrete.shapes)
    input_names = list(names) if len(names) == count else _names_of(concrete.argument_paths(), "x")
    output_names = getattr(_graph_of(model), "output_names", None) or []
    paths = concrete.result_paths()
    output_names = list(output_names) if len(output_names) == len(paths) else _names_of(paths, "output")
    functions.traces["predict"] = (concrete, input_names, output_names)


def _function_of(step_function):
    """The `tracing.Function` of a step that is traced."""
    if type(step_function) is not StepFunction or not step_function.is_native:
        raise TypeError("this step runs eagerly")
    return step_function.function


def _graph_of(model):
    """The `Functional` behind a `Sequential`, else the model itself."""
    return getattr(model, "_functional", None) or model


def _inputs_of(model, function):
    """The model's inputs as something with dtypes and shapes, in the structure in which they are given."""
    inputs = getattr(_graph_of(model), "_inputs_struct", None)
    if inputs is not None:
        return inputs[0] if isinstance(inputs, (list, tuple)) and len(inputs) == 1 else inputs
    concrete = function.latest()
    if concrete is None:
        raise TypeError("the shapes of the inputs are not known")
    data = concrete.argument_specs()[0]
    return data[0] if isinstance(data, tuple) else data


def _names_of(paths, start):
    return ["/".join([start, *map(str, path)]) for path in paths]


def _trace_training(model, functions):
    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    train = _function_of(model.make_train_function())
    test = _function_of(model.make_test_function())
    data = _known_data(model, train, test)
    with contextlib.ExitStack() as stack:
        if data is None:
            data = _guessed_data(model)
            # Loss and metrics choose their kind by the targets that they see first: those of a guess must not stay.
            stack.enter_context(_fresh_loss_and_metrics(model))
            train, test = Function(model.train_step), Function(model.test_step)
            model._symbolic_build(data_batch=data)
        _trace_steps(functions, train, test, data)
        functions.traces["reset_metrics"] = (_trace_state_change(model.reset_metrics), [], [])
    weights = model.trainable_weights
    finalize = _trace_state_change(lambda: optimizer.finalize_variable_values(weights))
    if finalize.native.graph.variables:
        functions.traces["finalize"] = (finalize, [], [])
    iterations = Function(lambda: optimizer.iterations * 1).trace_for(())
    functions.traces["iterations"] = (iterations, [], ["iterations"])
    rate = getattr(getattr(optimizer, "inner_optimizer", optimizer), "_learning_rate", None)
    functions.learning_rate = rate if isinstance(rate, Variable) else None


def _trace_steps(functions, train, test, data):
    for name, function in (("train", train), ("test", test)):
        for suffix, batch in (("", (*data[:2], None)), ("_weighted", data)):
            if suffix and data[2] is None:
                continue
            concrete = function.trace_for((batch,))
            inputs = [_data_name(path) for path in concrete.argument_paths()]
            outputs = ["/".join(map(str, path)) or "loss" for path in concrete.result_paths()]
            functions.traces[name + suffix] = (concrete, inputs, outputs)


def _data_name(path):
    """The name of an input of a step: `x`, `y`, `sample_weight`, and where it stands in there."""
    return "/".join([("x", "y", "sample_weight")[path[1]], *map(str, path[2:])])


def _trace_state_change(function):
    def change():
        function()
        return ()

    return Function(change).trace_for(())


def _known_data(model, train, test):
    """Inputs, targets and sample weights of the last batches seen, as dtypes and shapes; `None` if there were none."""
    on_batch = getattr(model, "_on_batch_functions", {})
    candidates = [train, test, *(step.function for step in on_batch.values() if step.is_native)]
    found = None
    for function in candidates:
        concrete = function.latest() if function is not None else None
        if concrete is None:
            continue
        data = concrete.argument_specs()[0]
        if not isinstance(data, (tuple, list)):
            data = (data,)
        data = (*data, None, None)[:3]
        if found is None:
            found = data
        elif found[2] is None and data[2] is not None:
            found = (*found[:2], data[2])
    return found


def _guessed_data(model):
    """What a model that was never trained will probably be trained with: targets like the outputs, or indices."""
    outputs = getattr(_graph_of(model), "_outputs_struct", None)
    if outputs is None:
        raise TypeError("the shapes of the targets are not known")
    inputs = _inputs_of(model, None)
    flat = [path for path, _ in tree.flatten_with_path(outputs)]
    losses = [_loss_for(model, path) for path in flat]
    targets = [_target_like(output, loss) for output, loss in zip(tree.flatten(outputs), losses)]
    return (inputs, tree.pack_sequence_as(outputs, targets), None)


def _loss_for(model, path):
    loss = model.loss
    for key in path:
        if isinstance(loss, dict):
            loss = loss.get(key)
        elif isinstance(loss, (list, tuple)):
            loss = loss[key]
    return loss


def _target_like(output, loss):
    from keraunos.tensor import KerasTensor

    name = loss if isinstance(loss, str) else getattr(loss, "__name__", None) or type(loss).__name__
    if "sparse" in name.lower():
        return KerasTensor(output.shape[:-1], "int32")
    return KerasTensor(output.shape, "float32")


@contextlib.contextmanager
def _fresh_loss_and_metrics(model):
    arguments = model._compile_config.config
    names = getattr(model, "output_names", None)
    before = {name: getattr(model, name) for name in ("_compile_loss", "_compile_metrics", "_is_ready")}
    if before["_compile_loss"] is not None:
        model._set("_compile_loss", CompileLoss(arguments["loss"], arguments["loss_weights"], output_names=names))
    if before["_compile_metrics"] is not None:
        fresh = CompileMetrics(arguments["metrics"], arguments["weighted_metrics"], output_names=names)
        model._set("_compile_metrics", fresh)
    try:
        yield
    finally:
        for name, value in before.items():
            model._set(name, value)
