"""Traced functions as plain data: what translators to other formats read."""

import dataclasses
import functools

from keraunos import _core
from keraunos import tree
from keraunos.variable import Variable


@dataclasses.dataclass(frozen=True)
class GraphNode:
    """One op of a graph. Inputs and outputs are numbers of values.

    Attributes:
        index: The node's place in its graph.
        op: Name of the primitive op.
        attributes: Its attributes; sub-graphs are `TracedGraph`s.
        inputs: Numbers of the values that it reads.
        outputs: Numbers of the values that it writes.
        scope: Path of the layer that made it, or `""`.
    """

    index: int
    op: str
    attributes: dict
    inputs: list
    outputs: list
    scope: str


class TracedGraph:
    """A graph of primitive ops with numbered values.

    Args:
        graph: The core's graph.

    Attributes:
        specs: `(dtype, shape)` of each value; `None` is an open size.
        inputs: `(name, value)` of each input.
        outputs: The value of each output.
        constants: Value to tensor.
        reads: Value to the core's variable whose content it is.
        updates: `(variable, value)` of each variable that the run changes.

    Example:

    >>> graph, _ = trace_graph(lambda x: x + 1, [("float32", (None, 2))], ["x"])
    >>> [node.op for node in graph.nodes]
    ['add']
    """

    def __init__(self, graph):
        self._graph = graph
        self.specs = graph.value_specs
        self.inputs = graph.inputs
        self.outputs = graph.outputs
        self.constants = graph.constants
        entries = graph.variable_values
        self.reads = {read: variable for variable, read, _ in entries if read >= 0}
        self.updates = [(variable, update) for variable, _, update in entries if update >= 0]

    @functools.cached_property
    def nodes(self):
        """The nodes, each after those whose results it reads."""
        return [GraphNode(index, *self._with_sub_graphs(node)) for index, node in enumerate(self._graph.nodes)]

    @staticmethod
    def _with_sub_graphs(node):
        op, attributes, inputs, outputs, scope = node
        attributes = {key: TracedGraph(value) if isinstance(value, _core.Graph) else value for key, value in attributes.items()}
        return op, attributes, inputs, outputs, scope

    def body_of(self, node):
        """Returns the node in other ops as a graph of the same inputs and outputs, or `None` when it has no such definition."""
        body = self._graph.body_of_node(node.index)
        return None if body is None else TracedGraph(body)

    def needed_nodes(self, values):
        """Returns the nodes that these values depend on, in order."""
        needed = set(values)
        found = []
        for node in reversed(self.nodes):
            if needed.intersection(node.outputs):
                needed.update(node.inputs)
                found.append(node)
        return found[::-1]


def trace_graph(function, specs, names):
    """Traces a function of tensors.

    Args:
        function: Called with one symbolic tensor per spec; gives any structure of tensors.
        specs: `(dtype, shape)` of each tensor; `None` is an open size.
        names: Name of each tensor.

    Returns:
        A `TracedGraph` and the structure of the function's result, with `None` where no tensor was.
    """
    with _core.Trace() as trace:
        symbols = [trace.input(dtype, shape, name) for (dtype, shape), name in zip(specs, names)]
        results = tree.map_structure(_as_tensor, function(*symbols))
        outputs = [leaf for leaf in tree.flatten(results) if isinstance(leaf, _core.Tensor)]
        graph = trace.finish(outputs)
    remaining = iter(range(len(outputs)))
    structure = tree.map_structure(lambda leaf: next(remaining) if isinstance(leaf, _core.Tensor) else None, results)
    return TracedGraph(graph), structure


def _as_tensor(leaf):
    return leaf.value if isinstance(leaf, Variable) else leaf
