"""Reductions and running totals."""

from keraunos.export.onnx_ops.table import translation
from keraunos.export.onnx_value import Value


def reduction(op, onnx_op):
    @translation(op, widens=True)
    def translate(c, x):
        return reduced(c, onnx_op, x)


def reduced(c, onnx_op, x):
    """One of ONNX's reductions over the node's axes."""
    axes = c.ints(c.attributes["axes"])
    return c.op(onnx_op, x, axes, keepdims=int(c.attributes["keepdims"]), noop_with_empty_axes=1)


for _op, _onnx_op in {"sum": "ReduceSum", "mean": "ReduceMean", "max": "ReduceMax", "min": "ReduceMin", "prod": "ReduceProd"}.items():
    reduction(_op, _onnx_op)


@translation("any", widens=True, gives_bool=True)
def any_(c, x):
    return c.op("Greater", reduced(c, "ReduceSum", c.op("Abs", c.op("Sign", x))), c.number(0, x.dtype))


@translation("all", widens=True, gives_bool=True)
def all_(c, x):
    zero = c.number(0, x.dtype)
    return c.op("Equal", reduced(c, "ReduceSum", c.cast(c.op("Equal", x, zero), x.dtype)), zero)


def place_of_extreme(op, onnx_op):
    @translation(op, widens=True)
    def translate(c, x):
        found = c.op(onnx_op, x, axis=c.attributes["axis"], keepdims=int(c.attributes["keepdims"]))
        return c.cast(found, "int32")


place_of_extreme("argmax", "ArgMax")
place_of_extreme("argmin", "ArgMin")


@translation("cumsum", widens=True)
def cumsum(c, x):
    return c.op("CumSum", x, c.number(c.attributes["axis"], "int64"), reverse=int(c.attributes["reverse"]))


@translation("cumprod", widens=True)
def cumprod(c, x):
    # ONNX has running sums only.
    axis, direction = c.attributes["axis"], int(c.attributes["reverse"])
    inner = tuple(size for i, size in enumerate(x.shape) if i != axis)
    with c.builder.sub_graph() as nodes:
        total, element = (Value(c.builder.name(name), x.dtype, inner) for name in ("total", "element"))
        product = c.op("Mul", total, element)
        results = [(c.op("Identity", product), x.dtype, inner) for _ in range(2)]
    body = c.builder.graph_of(nodes, "body", [(total.name, x.dtype, inner), (element.name, x.dtype, inner)], results)
    start = c.op("Expand", c.number(1, x.dtype), c.vector([c.size(x, i) for i in range(x.rank) if i != axis]))
    axes = {"scan_input_axes": [axis], "scan_output_axes": [axis]}
    directions = {"scan_input_directions": [direction], "scan_output_directions": [direction]}
    return c.op("Scan", start, x, outputs=2, body=body, num_scan_inputs=1, **axes, **directions)[1]


@translation("reduce_to", widens=True)
def reduce_to(c, x, reference):
    added = x.rank - reference.rank
    if reference.is_known and None not in x.shape[added:]:
        axes = c.ints([*range(added), *(added + i for i, size in enumerate(reference.shape) if size == 1 != x.shape[added + i])])
    else:
        aligned = c.op("Concat", c.ints([1] * added), c.shape_of(reference), axis=0)
        axes = c.op("Reshape", c.op("NonZero", c.op("Equal", aligned, c.ints([1]))), c.ints([-1]))
    total = c.op("ReduceSum", x, axes, keepdims=1, noop_with_empty_axes=1)
    return c.op("Reshape", total, c.shape_of(reference), allowzero=1)
