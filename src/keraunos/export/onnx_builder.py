"""Writing an ONNX graph: names, constants, nodes, sub-graphs."""

import contextlib

import numpy as np
import onnx

ELEMENT_TYPES = {
    "float32": onnx.TensorProto.FLOAT,
    "float64": onnx.TensorProto.DOUBLE,
    "float16": onnx.TensorProto.FLOAT16,
    "bfloat16": onnx.TensorProto.BFLOAT16,
    "int8": onnx.TensorProto.INT8,
    "int16": onnx.TensorProto.INT16,
    "int32": onnx.TensorProto.INT32,
    "int64": onnx.TensorProto.INT64,
    "uint8": onnx.TensorProto.UINT8,
    "uint16": onnx.TensorProto.UINT16,
    "uint32": onnx.TensorProto.UINT32,
    "uint64": onnx.TensorProto.UINT64,
    "bool": onnx.TensorProto.BOOL,
}


class OnnxBuilder:
    """Collects the nodes and initializers of one ONNX graph.

    Constants of sub-graphs become initializers of the whole graph, which ONNX lets sub-graphs see.

    Example:

    >>> b = OnnxBuilder()
    >>> y = b.node("Add", "x", b.constant(np.float32(1)))
    """

    def __init__(self):
        self.nodes = []
        self.initializers = []
        self.scope = ""
        self._taken = set()
        self._constants = {}
        self._counts = {}

    def name(self, wanted):
        """Returns `wanted`, with a number behind it if it is taken."""
        name = wanted
        while name in self._taken:
            count = self._counts[wanted] = self._counts.get(wanted, 0) + 1
            name = f"{wanted}_{count}"
        self._taken.add(name)
        return name

    def node(self, op_type, *inputs, outputs=1, **attributes):
        """Appends a node.

        Args:
            op_type: ONNX's name of the op.
            *inputs: Names, or objects with a `name`.
            outputs: How many outputs it has.
            **attributes: ONNX attributes; those that are `None` are left out.

        Returns:
            The name of the output, or a list of names when there are several.
        """
        name = self.name(f"{self.scope}/{op_type}" if self.scope else op_type)
        results = [self.name(f"{name}:{i}") for i in range(outputs)]
        inputs = [getattr(value, "name", value) for value in inputs]
        attributes = {key: value for key, value in attributes.items() if value is not None}
        self.nodes.append(onnx.helper.make_node(op_type, inputs, results, name=name, **attributes))
        return results[0] if outputs == 1 else results

    def initializer(self, name, array):
        """Adds an array under a name that is not taken and returns that name."""
        name = self.name(name)
        self.initializers.append(onnx.numpy_helper.from_array(np.ascontiguousarray(array).reshape(np.shape(array)), name))
        return name

    def constant(self, array):
        """Returns the name of an initializer with this content; equal ones are shared."""
        array = np.asarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._constants:
            self._constants[key] = self.initializer("constant", array)
        return self._constants[key]

    def number(self, value, dtype):
        """A scalar of this dtype."""
        return self.constant(np.asarray(value, dtype))

    def ints(self, values):
        """A vector of int64."""
        return self.constant(np.asarray(values, "int64").reshape(-1))

    def cast(self, value, dtype):
        """Another dtype."""
        return self.node("Cast", value, to=ELEMENT_TYPES[dtype])

    @contextlib.contextmanager
    def sub_graph(self):
        """A context in which nodes go to a list of their own, which it gives."""
        outer, self.nodes = self.nodes, []
        try:
            yield self.nodes
        finally:
            self.nodes = outer

    def graph_of(self, nodes, name, inputs, outputs):
        """Returns the sub-graph of these nodes; inputs and outputs are triples of name, dtype and shape."""
        return onnx.helper.make_graph(nodes, self.name(name), [value_info(*i) for i in inputs], [value_info(*o) for o in outputs])


def value_info(name, dtype, shape):
    """The description of an input or output; sizes are numbers, names of open sizes, or `None`."""
    return onnx.helper.make_tensor_value_info(name, ELEMENT_TYPES[dtype], shape)
