"""A copy of the calls between tensors in the middle of a graph, so that these can be inputs of a new model."""

from keraunos import tree
from keraunos.layers import Input, InputLayer
from keraunos.ops.function import build_map
from keraunos.ops.node import Node
from keraunos.tensor import KerasTensor


def is_input_keras_tensor(x):
    """True for a tensor that `Input` made."""
    operation, node_index, _ = x._keras_history
    return operation._inbound_nodes[node_index].is_input


def clone_graph_nodes(inputs, outputs):
    """Repeats the calls between `inputs` and `outputs` from fresh `Input` tensors on.

    The layers are the same; each gets one more call for every one that is repeated.

    Returns:
        Copies of `inputs` and `outputs` with the same structure.
    """
    nodes, _, _ = build_map(inputs, outputs)
    clones = {}
    input_layers = {}
    cloned_inputs = []
    for x in tree.flatten(inputs):
        if is_input_keras_tensor(x):
            clone = x
        else:
            clone = Input(batch_shape=x.shape, dtype=x.dtype, sparse=x.sparse, name=f"{x.name}CLONE")
            input_layers[id(x._keras_history.operation)] = clone._keras_history.operation
        clones[id(x)] = clone
        cloned_inputs.append(clone)
    cloned_inputs = tree.pack_sequence_as(inputs, cloned_inputs)

    cloned_outputs = []
    for x in tree.flatten(outputs):
        if id(x) not in clones:
            clones[id(x)] = _clone_tensor(x)
            # For an output that is computed outside of the graph; the node below sets it for all others.
            clones[id(x)]._keras_history = x._keras_history
        cloned_outputs.append(clones[id(x)])
    cloned_outputs = tree.pack_sequence_as(outputs, cloned_outputs)

    def clone_tensors(structure):
        def clone_one(x):
            if not isinstance(x, KerasTensor):
                return x
            if id(x) not in clones:
                clones[id(x)] = _clone_tensor(x)
            return clones[id(x)]

        return tree.map_structure(clone_one, structure)

    for node in nodes:
        if all(clones.get(id(x)) is x for x in node.output_tensors):
            continue
        operation = input_layers.get(id(node.operation), node.operation)
        args, kwargs = (), {}
        if not isinstance(operation, InputLayer):
            args, kwargs = clone_tensors(node.arguments.args), clone_tensors(node.arguments.kwargs)
        Node(operation, call_args=args, call_kwargs=kwargs, outputs=clone_tensors(node.output_tensors))
    return cloned_inputs, cloned_outputs


def _clone_tensor(x):
    return KerasTensor(shape=x.shape, dtype=x.dtype, sparse=x.sparse, name=f"{x.name}_clone")
