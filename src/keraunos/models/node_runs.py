"""The nodes of a graph with layers of the user's, in runs that may be one native call each."""

from keraunos.layers import Layer
from keraunos.layers.compiled_call import CompiledCall, holds_foreign, is_ours
from keraunos.ops.function import run_node


class NodeRun:
    """Nodes of a graph that run one after the other.

    Args:
        nodes: The nodes.
        inputs: The symbolic tensors that they read and do not make.
        outputs: The symbolic tensors that they make and others read.
        is_own: Whether all of them are keraunos's own, so that they may be run by one native call.
    """

    # `CompiledCall` takes the run for a layer.
    name = "run"
    _is_compiled_at_once = True

    def __init__(self, nodes, inputs, outputs, is_own):
        self._nodes = nodes
        self._inputs = inputs
        self._outputs = outputs
        self._compiled = CompiledCall() if is_own and len(nodes) > 1 else None

    def __call__(self, *inputs, **context):
        """Returns the only output, or the list of all, node by node."""
        values = {id(x): value for x, value in zip(self._inputs, inputs)}
        self._run_nodes(values, context)
        outputs = [values[id(x)] for x in self._outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def _run_nodes(self, values, context):
        operation_fn = (lambda operation: _with_context(operation, context)) if context else None
        for node in self._nodes:
            run_node(node, values, operation_fn)

    def _flatten_layers(self):
        layers = [node.operation for node in self._nodes if isinstance(node.operation, Layer)]
        return [inner for layer in layers for inner in layer._flatten_layers()]

    def add_outputs(self, values, context):
        """Adds the values of all outputs to `values`.

        Args:
            values: From the `id` of a symbolic tensor to its value.
            context: The call arguments of the model for the layers that take them, such as `training`.
        """
        if self._compiled is None or not self._add_natively(values, context):
            self._run_nodes(values, context)

    def _add_natively(self, values, context):
        try:
            inputs = tuple([values[id(x)] for x in self._inputs])
        except KeyError:
            return False
        outputs = self._compiled(self, inputs, context)
        if outputs is NotImplemented:
            return False
        if type(outputs) is not list:
            outputs = (outputs,)
        for x, value in zip(self._outputs, outputs):
            values[id(x)] = value
        return True


def node_runs(nodes, outputs):
    """Returns the nodes, in their order, as a list of `NodeRun`s, the longest possible.

    Args:
        nodes: Nodes in the order of their execution.
        outputs: The symbolic tensors that are read in the end.
    """
    groups = []
    for node in nodes:
        is_own = _is_own(node.operation)
        if groups and groups[-1][0] is is_own:
            groups[-1][1].append(node)
        else:
            groups.append((is_own, [node]))
    is_mixed = len({is_own for is_own, _ in groups}) == 2
    read_later = {id(x) for x in outputs}
    runs = []
    for is_own, group in reversed(groups):
        made = {id(x): x for node in group for x in node.outputs}
        read = {id(x): x for node in group for x in node.input_tensors}
        inputs = [x for key, x in read.items() if key not in made]
        runs.append(NodeRun(group, inputs, [x for key, x in made.items() if key in read_later], is_own and is_mixed))
        read_later.update(read)
    return runs[::-1]


def _is_own(operation):
    if isinstance(operation, Layer):
        return all(map(is_ours, operation._flatten_layers()))
    return not holds_foreign(operation)


def _with_context(operation, context):
    """The operation with those call arguments of the model that it takes part in, such as `training`."""
    names = getattr(operation, "_call_context_args", None)
    if not names:
        return operation
    passed_on = {name: value for name, value in context.items() if name in names}
    if not passed_on:
        return operation
    return lambda *args, **kwargs: operation(*args, **{**kwargs, **passed_on})
