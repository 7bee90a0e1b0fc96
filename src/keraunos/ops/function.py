"""`Function`: the graph of operations between some symbolic tensors, as a callable operation."""

from collections import Counter

from keraunos import tree
from keraunos.ops.operation import Operation
from keraunos.tensor import KerasTensor, Tensor


class Function(Operation):
    """Captures the operations that lead from some symbolic tensors to others, to apply them again.

    Unlike a Functional model it has no state and no `Layer` interface.

    Args:
        inputs: `KerasTensor`, or a structure of them.
        outputs: `KerasTensor`, or a structure of them, computable from `inputs` alone.
        name: Name of the function.

    Raises:
        ValueError: when inputs or outputs are empty, an output does not depend on the inputs alone, or two
            operations have the same name.

    Example:

    >>> a = keraunos.KerasTensor((None, 3))
    >>> b = keraunos.KerasTensor((None, 3))
    >>> add_and_double = keraunos.Function([a, b], (a + b) * 2)
    >>> add_and_double([np.ones((2, 3)), np.ones((2, 3))]).shape
    (2, 3)
    """

    def __init__(self, inputs, outputs, name=None):
        super().__init__(name=name)
        # Straight into the dictionary: a Functional model must not track these lists as its own layers.
        state = self.__dict__
        state["_inputs_struct"] = tree.map_structure(lambda x: x, inputs)
        state["_outputs_struct"] = tree.map_structure(lambda x: x, outputs)
        state["_inputs"] = tree.flatten(inputs)
        state["_outputs"] = tree.flatten(outputs)
        for kind, tensors in (("inputs", self._inputs), ("outputs", self._outputs)):
            if not tensors:
                raise ValueError(
                    f"`{kind}` argument cannot be empty. Received:\ninputs={inputs}\noutputs={outputs}"
                )
        nodes, nodes_by_depth, operations, operations_by_depth = map_graph(self._inputs, self._outputs)
        state["_nodes"] = nodes
        state["_nodes_by_depth"] = nodes_by_depth
        state["_operations"] = operations
        state["_operations_by_depth"] = operations_by_depth
        state["_execution_order"] = [
            node
            for depth in sorted(nodes_by_depth, reverse=True)
            for node in nodes_by_depth[depth]
            if node.operation is not None and not node.is_input
        ]
        # A dry run finds outputs that the inputs do not reach.
        self._run_through_graph([None] * len(self._inputs), call_fn=_no_outputs)

    @property
    def operations(self):
        """The operations of the graph, from the inputs on, each once."""
        return self._operations[:]

    @property
    def inputs(self):
        """Flat list of the symbolic inputs."""
        return self._inputs

    @property
    def outputs(self):
        """Flat list of the symbolic outputs."""
        return self._outputs

    def compute_output_spec(self, inputs):
        self._assert_input_compatibility(inputs)
        if all(x.shape == ref.shape for x, ref in zip(tree.flatten(inputs), self._inputs)):
            return tree.map_structure(lambda x: KerasTensor(shape=x.shape, dtype=x.dtype), self._outputs_struct)
        return self._run_through_graph(inputs, operation_fn=lambda operation: operation.compute_output_spec)

    def compute_output_shape(self, input_shape):
        shapes = tree.map_shape_structure(lambda shape: KerasTensor(shape=shape), input_shape)
        tensors = [
            KerasTensor(x.shape, dtype=ref.dtype, sparse=ref.sparse)
            for x, ref in zip(tree.flatten(shapes), self._inputs)
        ]
        spec = self.compute_output_spec(tree.pack_sequence_as(shapes, tensors))
        return tree.map_structure(lambda x: x.shape, spec)

    def call(self, inputs):
        """Computes the outputs for new inputs."""
        self._assert_input_compatibility(inputs)
        return self._run_through_graph(inputs)

    def _run_through_graph(self, inputs, operation_fn=None, call_fn=None):
        """Computes the outputs node by node.

        Args:
            inputs: Structure of inputs, one per input of the graph.
            operation_fn: From an operation to what is called in its place.
            call_fn: Called with the operation and its arguments, instead of the operation itself.
        """
        values = self._input_values(inputs)
        for node in self._execution_order:
            run_node(node, values, operation_fn, call_fn)
        return self._outputs_among(values)

    def _input_values(self, inputs):
        """The values of the inputs by the `id` of their symbolic tensors, to which the nodes add theirs."""
        return {id(ref): x for ref, x in zip(self._inputs, tree.flatten(inputs))}

    def _outputs_among(self, values):
        if type(self._outputs_struct) is KerasTensor and id(self._outputs_struct) in values:
            return values[id(self._outputs_struct)]
        missing = [index for index, x in enumerate(self._outputs) if id(x) not in values]
        if missing:
            raise ValueError(self._disconnected_message(missing[0], values))
        return tree.pack_sequence_as(self._outputs_struct, [values[id(x)] for x in self._outputs])

    def _disconnected_message(self, index, values):
        path = ".".join(str(part) for part in tree.flatten_with_path(self._outputs_struct)[index][0])
        output = self._outputs[index]
        message = f"Output with path `{path}` is not connected to `inputs`"
        operation = output._keras_history.operation
        if operation is None:
            return message
        needed = sorted({x.name for x in _graph_sources(output) if id(x) not in values})
        return f"{message}: it is the output of '{operation.name}', which needs the input(s) {needed[:5]}."

    def _assert_input_compatibility(self, inputs):
        try:
            tree.assert_same_structure(inputs, self._inputs_struct)
        except ValueError:
            raise ValueError(
                "Function was called with an invalid input structure. "
                f"Expected input structure: {self._inputs_struct}\n"
                f"Received input structure: {_describe_structure(inputs)}"
            ) from None
        for x, ref in zip(tree.flatten(inputs), self._inputs):
            if x is None:
                continue
            fits = len(x.shape) == len(ref.shape) and all(
                size is None or expected is None or size == expected for size, expected in zip(x.shape, ref.shape)
            )
            if not fits:
                raise ValueError(
                    f"{self.__class__.__name__} was passed incompatible inputs. For input '{ref.name}', expected "
                    f"shape {ref.shape}, but received instead a tensor with shape {tuple(x.shape)}."
                )


def make_node_key(operation, node_index):
    """Identifies one call of an operation."""
    return f"{id(operation)}_ib-{node_index}"


def map_graph(inputs, outputs):
    """Orders the graph between two lists of symbolic tensors.

    A node's depth is the longest way from it to an output; the calls of one operation count as deep as the
    deepest of them.

    Returns:
        `(nodes, nodes_by_depth, operations, operations_by_depth)`, where `nodes` is a set of node keys.
    """
    ordered_nodes, operation_order, node_indices = build_map(inputs, outputs)
    in_graph = set(ordered_nodes)
    node_keys = {make_node_key(node.operation, node_indices[node]) for node in ordered_nodes}

    node_depths = {}
    operation_depths = {}
    for node in reversed(ordered_nodes):
        depth = max(node_depths.get(node, 0), operation_depths.get(node.operation, 0))
        node_depths[node] = operation_depths[node.operation] = depth
        for parent in node.parent_nodes:
            if parent in in_graph:
                node_depths[parent] = max(depth + 1, node_depths.get(parent, 0))

    # Inputs that no output needs still belong to the graph: losses and metrics may use them.
    for x in inputs:
        operation, node_index, _ = _history(x)
        if operation is not None and operation not in operation_depths:
            node = operation._inbound_nodes[node_index]
            if node.is_input:
                operation_depths[operation] = node_depths[node] = 0
                operation_order[operation] = -1
                node_keys.add(make_node_key(operation, node_index))

    nodes_by_depth = _group_by_depth(node_depths)
    operations_by_depth = _group_by_depth(operation_depths)
    operations = []
    for depth in sorted(operations_by_depth, reverse=True):
        operations_by_depth[depth].sort(key=operation_order.__getitem__)
        operations.extend(operations_by_depth[depth])

    _check_computable(inputs, nodes_by_depth)
    _check_unique_names(operations)
    return node_keys, nodes_by_depth, operations, operations_by_depth


def build_map(inputs, outputs):
    """Collects the nodes that lead to `outputs`, stopping at `inputs`, each after the nodes that it needs.

    Keeps its own stack, because a graph may be deeper than Python's.

    Returns:
        `(nodes, operation_order, node_indices)`: the nodes, the order in which their operations were met on
        the way back from the outputs, and the index of each node among the calls of its operation.
    """
    boundary = {id(x) for x in tree.flatten(inputs)}
    ordered_nodes = []
    operation_order = {}
    node_indices = {}
    finished = set()
    in_progress = set()

    def enter(tensor):
        """Starts on the node that made a tensor; returns it with its inputs still to visit."""
        operation, node_index, _ = _history(tensor)
        if operation is None:
            return None
        node = operation._inbound_nodes[node_index]
        if node in finished:
            return None
        if not node.is_input and id(tensor) in boundary:
            finished.add(node)
            return None
        if node in in_progress:
            raise ValueError(f"Tensor {tensor} from operation '{operation.name}' is part of a cycle.")
        operation_order.setdefault(operation, len(operation_order))
        node_indices[node] = node_index
        in_progress.add(node)
        return node, iter(() if node.is_input else node.input_tensors)

    for output in tree.flatten(outputs):
        stack = [enter(output)]
        while stack:
            if stack[-1] is None:
                stack.pop()
                continue
            node, inputs_to_visit = stack[-1]
            tensor = next(inputs_to_visit, None)
            if tensor is not None:
                stack.append(enter(tensor))
                continue
            stack.pop()
            finished.add(node)
            in_progress.remove(node)
            ordered_nodes.append(node)
    return ordered_nodes, operation_order, node_indices


def _history(tensor):
    return getattr(tensor, "_keras_history", None) or (None, 0, 0)


def _group_by_depth(depths):
    grouped = {}
    for item, depth in depths.items():
        grouped.setdefault(depth, []).append(item)
    return grouped


def _check_computable(inputs, nodes_by_depth):
    computable = {id(x) for x in inputs}
    reached = []
    for depth in sorted(nodes_by_depth, reverse=True):
        for node in nodes_by_depth[depth]:
            for x in node.input_tensors:
                if id(x) not in computable:
                    raise ValueError(
                        f"Graph disconnected: cannot find parent for tensor {x} at operation "
                        f"'{node.operation.name}'. The last operations accessed without issue: {reached[-5:]}"
                    )
            reached.append(node.operation.name)
            computable.update(id(x) for x in node.outputs)


def _check_unique_names(operations):
    for name, count in Counter(operation.name for operation in operations).items():
        if count > 1:
            raise ValueError(
                f'The name "{name}" is used {count} times in the model. All operation names should be unique.'
            )


def run_node(node, values, operation_fn=None, call_fn=None):
    """Adds the outputs of one node to `values`, unless its inputs are not there. Arguments as for `_run_through_graph`."""
    found = node.arguments.fill_in(values)
    if found is None:
        return
    args, kwargs = found
    operation = node.operation if operation_fn is None else operation_fn(node.operation)
    if call_fn is None:
        outputs = operation(*args, **kwargs)
    else:
        outputs = call_fn(operation, *args, **kwargs)
    if type(outputs) is Tensor and len(node.outputs) == 1:
        values[id(node.outputs[0])] = outputs
        return
    for x, y in zip(node.outputs, tree.flatten(outputs)):
        values[id(x)] = y


def _no_outputs(operation, *args, **kwargs):
    return [None] * len(tree.flatten(operation.output))


def _graph_sources(tensor):
    """The inputs at the far end of the graph that leads to a tensor."""
    nodes, _, _ = build_map([], [tensor])
    return [x for node in nodes if node.is_input for x in node.outputs]


def _describe_structure(inputs):
    return tree.map_structure(lambda x: f"shape={tuple(x.shape)}" if hasattr(x, "shape") else type(x).__name__, inputs)
