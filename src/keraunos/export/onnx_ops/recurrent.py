"""Whole sequences of SimpleRNN, LSTM and GRU: ONNX's own ops, and a scan where a mask leaves steps out."""

from keraunos.export.onnx_ops.control_flow import described
from keraunos.export.onnx_ops.control_flow import ends
from keraunos.export.onnx_ops.control_flow import open_value
from keraunos.export.onnx_ops.table import in_float32
from keraunos.export.onnx_ops.table import translation
from keraunos.export.onnx_value import Value

# ONNX's op, the number of states, and the places of its gates among ours: an LSTM's are i, f, g, o here and i, o, f, g there.
CELLS = {"simple_rnn": ("RNN", 1, [0]), "lstm": ("LSTM", 2, [0, 3, 1, 2]), "gru": ("GRU", 1, [0, 1, 2])}
CELLS["gru_reset_before"] = CELLS["gru"]


@translation("simple_rnn", "lstm", "gru", "gru_reset_before", widens=True)
@in_float32
def sequence(c, x, *operands):
    onnx_op, count, gates = CELLS[c.name]
    states, (kernel, recurrent, bias, *mask) = operands[:count], operands[count:]
    if c.attributes["keeps"]:
        raise c.cannot(f"'{c.name}' as training runs it has no translation")
    steps = in_order(c, c.op("Transpose", x, perm=[1, 0, 2]))
    if mask:
        last, outputs, after = masked_scan(c, steps, states, kernel, recurrent, bias, mask[0])
    else:
        last, outputs, after = whole(c, onnx_op, gates, steps, states, kernel, recurrent, bias)
    outputs = c.op("Transpose", outputs, perm=[1, 0, 2])
    if not c.attributes["sequences"]:
        outputs = c.op("Slice", outputs, c.ints([0]), c.ints([0]), c.ints([1])) if c.is_needed[1] else ""
    return [last, outputs, *after, *nothing_kept(c, x, kernel, states)]


def in_order(c, steps):
    """The steps, whose axis is the first, in the order in which they are walked."""
    if not c.attributes["reverse"]:
        return steps
    return c.op("Slice", steps, c.ints([-1]), c.ints([-(2**62)]), c.ints([0]), c.ints([-1]))


def nothing_kept(c, x, kernel, states):
    """What training keeps for its gradient, for no step at all."""
    batch = c.size(x, 0)
    names = []
    for (_, shape), is_needed in list(zip(c.specs, c.is_needed))[2 + len(states) :]:
        names.append(c.op("Expand", c.number(0, x.dtype), c.vector([batch, 0, shape[2]])) if is_needed else "")
    return names


def whole(c, onnx_op, gates, steps, states, kernel, recurrent, bias):
    """ONNX's op. Its weights are transposed, have an axis of directions, and two biases in one vector."""
    units = recurrent.shape[0]
    if units is None:
        raise c.cannot("a recurrent layer needs a known number of units")

    def reordered(weights, axis):
        if gates == sorted(gates):
            return weights
        parts = c.op("Split", weights, outputs=len(gates), axis=axis, num_outputs=len(gates))
        return c.op("Concat", *(parts[gate] for gate in gates), axis=axis)

    def directed(name):
        return c.op("Unsqueeze", name, c.ints([0]))

    weights = [directed(c.op("Transpose", reordered(value, 1), perm=[1, 0])) for value in (kernel, recurrent)]
    if bias.rank == 2:
        both = c.op("Reshape", bias, c.ints([1, -1]))
    else:
        own = reordered(bias, 0)
        both = directed(c.op("Concat", own, c.op("Mul", own, c.number(0, "float32")), axis=0))
    options = {"hidden_size": units, "linear_before_reset": int(c.name == "gru") if onnx_op == "GRU" else None}
    outputs, *after = c.op(onnx_op, steps, *weights, both, "", *map(directed, states), outputs=1 + len(states), **options)
    after = [c.op("Squeeze", state, c.ints([0])) for state in after]
    return after[0], c.op("Squeeze", outputs, c.ints([1])), after


def masked_scan(c, steps, states, kernel, recurrent, bias, mask):
    """The cell step by step; a masked step leaves the states as they are."""
    has_two = bias.rank == 2
    input_bias, recurrent_bias = (c.op("Gather", bias, c.number(i, "int64")) for i in range(2)) if has_two else (bias, None)
    inputs = c.op("Add", c.op("MatMul", steps, kernel), input_bias)
    # [steps, batch, 1]
    is_real = in_order(c, c.op("Unsqueeze", c.op("Transpose", mask, perm=[1, 0]), c.ints([2])))
    shape = states[0].shape
    start = c.op("Mul", states[0], c.number(0, "float32"))
    with c.builder.sub_graph() as nodes:
        carry = [open_value(c, "float32", shape, "carry") for _ in range(1 + len(states))]
        element = open_value(c, "float32", (shape[0], kernel.shape[1]), "element")
        mark = open_value(c, mask.dtype, (shape[0], 1), "is_real")
        output, *before = carry
        new = step(c, element, before, recurrent, recurrent_bias)
        here = c.cast(mark, "bool")
        after = [c.op("Where", here, a, b) for a, b in zip(new, before)]
        otherwise = c.number(0, "float32") if c.attributes["zeroes_masked"] else output
        output = c.op("Where", here, new[0], otherwise)
        results = ends(c, [Value(name, "float32", shape) for name in (output, *after, output)])
    body = c.builder.graph_of(nodes, "body", described([*carry, element, mark]), described(results))
    last, *found = c.op("Scan", start, *states, inputs, is_real, outputs=2 + len(states), body=body, num_scan_inputs=2)
    return last, found[-1], found[:-1]


def step(c, element, states, recurrent, recurrent_bias):
    """The states after a step, from its inputs times the kernel with the bias added."""
    h = states[0]
    if c.name == "simple_rnn":
        return [c.op("Tanh", c.op("Add", element, c.op("MatMul", h, recurrent)))]
    if c.name == "lstm":
        z = c.op("Add", element, c.op("MatMul", h, recurrent))
        i, f, g, o = c.op("Split", z, outputs=4, axis=1, num_outputs=4)
        kept = c.op("Mul", c.op("Sigmoid", f), states[1])
        memory = c.op("Add", kept, c.op("Mul", c.op("Sigmoid", i), c.op("Tanh", g)))
        return [c.op("Mul", c.op("Sigmoid", o), c.op("Tanh", memory)), memory]
    z, r, g = c.op("Split", element, outputs=3, axis=1, num_outputs=3)
    if c.name == "gru_reset_before":
        of_z, of_r, own = c.op("Split", recurrent, outputs=3, axis=1, num_outputs=3)
        z, r = (c.op("Sigmoid", c.op("Add", gate, c.op("MatMul", h, weights))) for gate, weights in ((z, of_z), (r, of_r)))
        g = c.op("Tanh", c.op("Add", g, c.op("MatMul", c.op("Mul", r, h), own)))
    else:
        of_z, of_r, of_g = c.op("Split", c.op("Add", c.op("MatMul", h, recurrent), recurrent_bias), outputs=3, axis=1, num_outputs=3)
        z, r = c.op("Sigmoid", c.op("Add", z, of_z)), c.op("Sigmoid", c.op("Add", r, of_r))
        g = c.op("Tanh", c.op("Add", g, c.op("Mul", r, of_g)))
    return [c.op("Add", g, c.op("Mul", z, c.op("Sub", h, g)))]
