"""One call of an operation in the layer graph."""

from __future__ import annotations

import collections

from keraunos import tree
from keraunos.tensor import KerasTensor


class KerasHistory(collections.namedtuple("KerasHistory", ["operation", "node_index", "tensor_index"])):
    """Where a `KerasTensor` comes from: output `tensor_index` of call `node_index` of `operation`."""

    __slots__ = ()


class SymbolicArguments:
    """The arguments of a call, with the KerasTensors among them at hand."""

    def __init__(self, *args, **kwargs):
        self.args = tree.map_structure(_same, args)
        self.kwargs = tree.map_structure(_same, kwargs)
        self.keras_tensors = [x for x in tree.flatten((self.args, self.kwargs)) if isinstance(x, KerasTensor)]
        # What most calls look like needs no walk through nested arguments.
        self._are_tensors = not self.kwargs and _all_symbolic(self.args)
        self._is_list = not self.kwargs and len(self.args) == 1 and type(self.args[0]) is list and _all_symbolic(self.args[0])

    def convert(self, conversion_fn):
        """`(args, kwargs)` with `conversion_fn` applied to every leaf."""
        return tree.map_structure(conversion_fn, self.args), tree.map_structure(conversion_fn, self.kwargs)

    def fill_in(self, tensor_dict):
        """`(args, kwargs)` with the values of `tensor_dict` (by `id`) in place of the KerasTensors.

        `None` if a value is not there.
        """
        try:
            values = [tensor_dict[id(x)] for x in self.keras_tensors]
        except KeyError:
            return None
        if self._are_tensors:
            return values, {}
        if self._is_list:
            return [values], {}
        return self.convert(lambda x: tensor_dict.get(id(x)) if isinstance(x, KerasTensor) else x)


def _same(x):
    return x


def _all_symbolic(values):
    return all(isinstance(x, KerasTensor) for x in values)


class Node:
    """A call `operation(*call_args, **call_kwargs)` that gave `outputs`.

    Making one connects it: to the operation, to the operations that its inputs come from, and to its outputs'
    `_keras_history`.
    """

    def __init__(self, operation, call_args=None, call_kwargs=None, outputs=None):
        self.operation = operation
        self.arguments = SymbolicArguments(*(call_args or ()), **(call_kwargs or {}))
        self.outputs = [] if outputs is None else tree.flatten(outputs)
        for output in self.outputs:
            if not isinstance(output, KerasTensor):
                raise ValueError(
                    f"All operation outputs must be tensors. Operation {operation} returned a non-tensor. "
                    f"Non-tensor received: {output}"
                )
        inputs = self.arguments.keras_tensors
        is_recorded = all(x.record_history for x in inputs)
        if is_recorded:
            for x in inputs:
                if not hasattr(x, "_keras_history"):
                    x._keras_history = KerasHistory(operation=None, node_index=0, tensor_index=0)
        operation._inbound_nodes.append(self)
        for x in inputs:
            history = getattr(x, "_keras_history", None)
            if history is not None and history.operation is not None:
                history.operation._outbound_nodes.append(self)
        if is_recorded:
            node_index = len(operation._inbound_nodes) - 1
            for index, output in enumerate(self.outputs):
                output._keras_history = KerasHistory(operation, node_index, index)
        self.is_input = not inputs

    def __repr__(self):
        return f"<Node operation={self.operation.name}, id={id(self)}>"

    @property
    def input_tensors(self):
        """The KerasTensors among the arguments."""
        return self.arguments.keras_tensors

    @property
    def output_tensors(self):
        """The outputs as a flat list."""
        return self.outputs

    @property
    def parent_nodes(self):
        """The nodes whose outputs this one takes."""
        histories = (x._keras_history for x in self.arguments.keras_tensors)
        return [h.operation._inbound_nodes[h.node_index] for h in histories if h.operation is not None]


def is_keras_tensor(obj):
    """Whether `obj` is part of a layer graph."""
    return hasattr(obj, "_keras_history")
