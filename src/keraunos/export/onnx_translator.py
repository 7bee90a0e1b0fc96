"""From a graph of primitive ops to ONNX nodes, by one table of translations."""

from keraunos.export.onnx_ops import TRANSLATIONS
from keraunos.export.onnx_value import Value
from keraunos.ops import cast

class OnnxTranslator:
    """Appends the translations of graphs to a builder.

    Args:
        builder: The `OnnxBuilder`.
    """

    def __init__(self, builder):
        self.builder = builder
        self._weights = {}

    def translate(self, graph, inputs):
        """Appends a graph.

        Args:
            graph: `TracedGraph`.
            inputs: A `Value` for each of its inputs.

        Returns:
            A `Value` for each of its outputs.

        Raises:
            NotImplementedError: for an op or state that ONNX has no counterpart of here; it names the op and the layer.
        """
        check_stateless(graph)
        values = {number: given for (_, number), given in zip(graph.inputs, inputs)}
        for number, tensor in graph.constants.items():
            values[number] = self._constant(tensor)
        for number, variable in graph.reads.items():
            values[number] = self._weight(variable)
        nodes = graph.needed_nodes(graph.outputs)
        needed = set(graph.outputs).union(*(node.inputs for node in nodes))
        for node in nodes:
            self._translate_node(graph, node, values, needed)
        return [values[number] for number in graph.outputs]

    def _translate_node(self, graph, node, values, needed):
        outer = self.builder.scope
        self.builder.scope = node.scope or outer
        inputs = [values[number] for number in node.inputs]
        translation = TRANSLATIONS.get(node.op)
        if translation is not None:
            specs = [graph.specs[number] for number in node.outputs]
            results = translation.apply(Call(self, node, specs, [number in needed for number in node.outputs]), inputs)
        else:
            body = graph.body_of(node)
            # The body of a fused op may hold its plain form, whose body would be that again.
            if body is None or any(part.op == node.op for part in body.nodes):
                raise NotImplementedError(
                    f"export: the op '{node.op}' has no translation to ONNX. Received: it stands in {place_of(node)}"
                )
            results = self.translate(body, inputs)
        values.update(zip(node.outputs, results))
        self.builder.scope = outer

    def _constant(self, tensor):
        return self._stored(tensor, self.builder.constant)

    def _weight(self, variable):
        if variable not in self._weights:
            name = variable.name or "variable"
            self._weights[variable] = self._stored(variable.read(), lambda array: self.builder.initializer(name, array))
        return self._weights[variable]

    def _stored(self, tensor, store):
        if tensor.dtype == "bfloat16":  # NumPy has none
            name = self.builder.cast(store(cast(tensor, "float32").numpy()), "bfloat16")
        else:
            name = store(tensor.numpy())
        return Value(name, tensor.dtype, tuple(tensor.shape))


class Call:
    """What a translation gets besides its operands: the node's attributes, the specs of its outputs, and ways to append nodes.

    Args:
        translator: The `OnnxTranslator`.
        node: The `GraphNode`.
        specs: `(dtype, shape)` of each output.
        is_needed: Whether somebody reads it, for each output. The name of one that nobody reads may be empty.
    """

    def __init__(self, translator, node, specs, is_needed):
        self.builder = translator.builder
        self.translator = translator
        self.name = node.op
        self.attributes = node.attributes
        self.specs = specs
        self.is_needed = is_needed
        self.place = place_of(node)
        self.op = self.builder.node
        self.number = self.builder.number
        self.ints = self.builder.ints
        self.cast = self.builder.cast

    def shape_of(self, value):
        """The name of a vector of all sizes of a value."""
        return self.ints(value.shape) if value.is_known else self.op("Shape", value)

    def size(self, value, axis):
        """One size of a value: a number, or the name of a vector of one entry."""
        if value.shape[axis] is not None:
            return value.shape[axis]
        return self.op("Shape", value, start=axis, end=axis + 1 if axis != -1 else None)

    def vector(self, sizes):
        """A vector of int64 from numbers and names of vectors."""
        if all(isinstance(size, int) for size in sizes):
            return self.ints(sizes)
        return self.op("Concat", *(self.ints([size]) if isinstance(size, int) else size for size in sizes), axis=0)

    def sizes(self, shape, operands):
        """A vector from a shape attribute: an entry of -2 stands for the next of the scalar operands."""
        remaining = iter(operands)
        return self.vector([self.as_vector(next(remaining)) if size == -2 else size for size in shape])

    def as_vector(self, scalar):
        """A vector of int64 with the scalar as its one entry."""
        return self.op("Reshape", self.cast(scalar, "int64"), self.ints([-1]))

    def as_indices(self, value):
        """Integers in a dtype that ONNX indexes with."""
        return value if value.dtype in ("int32", "int64") else self.cast(value, "int64")

    def cannot(self, reason):
        """The error for an op that ONNX cannot express."""
        return NotImplementedError(f"export: {reason}. Received: it stands in {self.place}")


def place_of(node):
    """The node's layer, for messages."""
    return f"layer '{node.scope}'" if node.scope else "no layer"


def check_stateless(graph):
    """Raises when a needed value changes a variable: an ONNX graph keeps no state."""
    if graph.updates:
        names = sorted(variable.name for variable, _ in graph.updates)
        raise NotImplementedError(
            "export: an ONNX graph keeps no state between its runs, so a call that changes variables has no translation. "
            f"Received: it changes {names}"
        )
