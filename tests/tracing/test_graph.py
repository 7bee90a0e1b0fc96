"""Traced graphs as plain data."""

import numpy as np

from keraunos import ops
from keraunos.tracing import trace_graph
from keraunos.variable import Variable


def test_a_graph_names_its_ops_values_and_variables():
    weight = Variable(np.ones((3, 2), "float32"), name="weight")
    graph, structure = trace_graph(lambda x: {"y": ops.matmul(x, weight) + 2.0, "none": None}, [("float32", (None, 3))], ["x"])
    assert [node.op for node in graph.nodes] == ["matmul", "add"]
    assert graph.inputs[0][0] == "x"
    assert graph.specs[graph.outputs[0]] == ("float32", (None, 2))
    assert [variable.name for variable in graph.reads.values()] == ["weight"]
    assert [float(constant) for constant in graph.constants.values()] == [2.0]
    assert graph.updates == []
    assert structure == {"y": 0, "none": None}


def test_nodes_that_no_output_needs_are_left_out():
    graph, _ = trace_graph(lambda x: (ops.exp(x), ops.sin(x))[1], [("float32", (2,))], ["x"])
    assert [node.op for node in graph.nodes] == ["exp", "sin"]
    assert [node.op for node in graph.needed_nodes(graph.outputs)] == ["sin"]


def test_an_op_with_a_body_shows_it():
    graph, _ = trace_graph(lambda x: ops.softmax(x), [("float32", (None, 4))], ["x"])
    body = graph.body_of(graph.nodes[0])
    assert [node.op for node in body.nodes] == ["max", "subtract", "exp", "sum", "divide"]
    kernel_alone, _ = trace_graph(lambda x: x + x, [("float32", (2,))], ["x"])
    assert kernel_alone.body_of(kernel_alone.nodes[0]) is None


def test_sub_graphs_are_graphs():
    graph, _ = trace_graph(lambda x: ops.cond(ops.sum(x) > 0, lambda: x, lambda: -x), [("float32", (2,))], ["x"])
    branch = next(node for node in graph.nodes if node.op == "cond").attributes["otherwise"]
    assert [node.op for node in branch.nodes] == ["negative"]


def test_updates_of_variables_are_seen():
    count = Variable(0.0, name="count")

    def counting(x):
        count.assign_add(1.0)
        return x

    graph, _ = trace_graph(counting, [("float32", (2,))], ["x"])
    assert [variable.name for variable, _ in graph.updates] == ["count"]
