"""The inputs from which a tensor of the layer graph was computed."""

from keraunos import tree
from keraunos.tensor import is_keras_tensor


def get_source_inputs(tensor):
    """Returns the input tensors that a `KerasTensor` was computed from, each once.

    Args:
        tensor: the `KerasTensor`.

    Returns:
        List of `KerasTensor`s; a tensor without history is its own source.

    Example:

    >>> import keraunos
    >>> x = keraunos.Input((3,))
    >>> sources = keraunos.utils.get_source_inputs(keraunos.layers.Dense(2)(x))
    >>> sources[0] is x
    True
    """
    if not hasattr(tensor, "_keras_history"):
        return tensor
    found, waiting, seen = [], [tensor], set()
    while waiting:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        history = getattr(current, "_keras_history", None)
        operation = history[0] if history else None
        if operation is None or not operation._inbound_nodes:
            found.append(current)
            continue
        node = operation._inbound_nodes[history[1]]
        if node.is_input:
            outputs = tree.flatten(node.output_tensors)
            found += [output for output in outputs if not any(output is item for item in found)]
            continue
        # The last is taken first: sources come in the order of the inputs.
        waiting += [item for item in reversed(node.input_tensors) if is_keras_tensor(item)]
    return found
