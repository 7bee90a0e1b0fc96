"""Conditions, loops and scans as sub-graphs. What they capture they see by its name, as ONNX's sub-graphs do."""

from keraunos.export.onnx_ops.table import translation
from keraunos.export.onnx_value import Value


def open_value(c, dtype, shape, hint):
    """An input of a sub-graph."""
    return Value(c.builder.name(hint), dtype, shape)


def described(values):
    """Names, dtypes and shapes of a sub-graph's inputs or outputs."""
    return [(value.name, value.dtype, value.shape) for value in values]


def ends(c, values):
    """The values as results of nodes of this sub-graph, which ONNX wants its outputs to be."""
    return [Value(c.op("Identity", value), value.dtype, value.shape) for value in values]


def names(result):
    return result if isinstance(result, list) else [result]


@translation("cond")
def cond(c, condition, *captured):
    split = c.attributes["then_count"]
    branches = {}
    for key, graph, inputs in (
        ("then_branch", c.attributes["then"], captured[:split]),
        ("else_branch", c.attributes["otherwise"], captured[split:]),
    ):
        with c.builder.sub_graph() as nodes:
            results = ends(c, c.translator.translate(graph, inputs))
        branches[key] = c.builder.graph_of(nodes, key, [], described(results))
    return names(c.op("If", condition, outputs=len(c.specs), **branches))


@translation("while_loop")
def while_loop(c, *operands):
    count = c.attributes["variable_count"]
    split = count + c.attributes["condition_captures"]
    state, for_condition, for_body = operands[:count], operands[count:split], operands[split:]

    def goes_on(values):
        return c.translator.translate(c.attributes["condition"], [*values, *for_condition])

    with c.builder.sub_graph() as nodes:
        step, unused = open_value(c, "int64", (), "step"), open_value(c, "bool", (), "goes_on")
        inside = [open_value(c, value.dtype, value.shape, "variable") for value in state]
        after = c.translator.translate(c.attributes["body"], [*inside, *for_body])
        results = ends(c, [*goes_on(after), *after])
    body = c.builder.graph_of(nodes, "body", described([step, unused, *inside]), described(results))
    limit = c.attributes["maximum_iterations"]
    limit = c.number(limit, "int64") if limit >= 0 else ""
    return names(c.op("Loop", limit, *goes_on(state), *state, outputs=count, body=body))


@translation("scan")
def scan(c, *operands):
    carried, scanned = c.attributes["carry_count"], c.attributes["xs_count"]
    carry, xs, captured = operands[:carried], operands[carried : carried + scanned], operands[carried + scanned :]
    direction = int(c.attributes["reverse"])
    with c.builder.sub_graph() as nodes:
        before = [open_value(c, value.dtype, value.shape, "carry") for value in carry]
        elements = [open_value(c, value.dtype, value.shape[1:], "element") for value in xs]
        results = ends(c, c.translator.translate(c.attributes["body"], [*before, *elements, *captured]))
        if not xs:
            goes_on = c.op("Identity", c.number(True, "bool"))
    stacked = len(c.specs) - carried
    if xs:
        body = c.builder.graph_of(nodes, "body", described([*before, *elements]), described(results))
        return names(
            c.op(
                "Scan",
                *carry,
                *xs,
                outputs=len(c.specs),
                body=body,
                num_scan_inputs=scanned,
                scan_input_directions=[direction] * scanned,
                scan_output_directions=[direction] * stacked or None,
            )
        )
    counters = [(c.builder.name("step"), "int64", ()), (c.builder.name("goes_on"), "bool", ())]
    body = c.builder.graph_of(nodes, "body", [*counters, *described(before)], [(goes_on, "bool", ()), *described(results)])
    outcome = names(c.op("Loop", c.number(c.attributes["length"], "int64"), "", *carry, outputs=len(c.specs), body=body))
    return [*outcome[:carried], *(reversed_first_axis(c, name) if direction else name for name in outcome[carried:])]


def reversed_first_axis(c, name):
    """The stacked results of a loop that ran backwards."""
    return c.op("Slice", name, c.ints([-1]), c.ints([-(2**62)]), c.ints([0]), c.ints([-1]))
