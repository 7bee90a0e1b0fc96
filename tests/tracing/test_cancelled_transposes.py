"""Random graphs with many transposes give the same when those that undo each other are gone, and move no more bytes."""

import math

import numpy as np
import pytest

from keraunos import _core

LARGEST = 3000  # elements
TURNING_ROWS = {record["name"] for record in _core.ops() if record["turns_rows"]}


def run(op, *operands, **attributes):
    return _core.execute(op, list(operands), attributes)


class RandomGraph:
    """Ops at random on two operands of one random shape, and their gradients.

    Args:
        seed: Says which.
    """

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)
        shape = tuple(int(size) for size in self.random.integers(1, 5, self.random.integers(2, 5)))
        self.arrays = [_core.tensor(self.random.normal(size=shape)) for _ in range(2)]
        makers = [self.transposed, self.transposed, self.transposed, self.mapped, self.joined, self.reduced]
        makers += [self.padded, self.doubled, self.along_an_axis, self.with_another_rank, self.broadcast]
        with _core.Trace() as trace:
            operands = [trace.input("float64", shape, name) for name in "xy"]
            tape = _core.Tape()
            tape.start()
            for operand in operands:
                tape.watch(operand)
            self.values = list(operands)
            for maker in self.random.choice(makers, self.random.integers(4, 18)):
                result = maker(self.value())
                if math.prod(result.shape) <= LARGEST:
                    self.values.append(result)
            results = [self.value() for _ in range(3)]
            tape.stop()
            found = [gradient for gradient in tape.gradient(results, operands) if gradient is not None]
            self.graph = trace.finish(results + found)

    def value(self):
        """One of the latest that has axes."""
        latest = [value for value in self.values if len(value.shape) > 0][-5:]
        return latest[self.random.integers(len(latest))]

    def axis(self, x, extra=0):
        return int(self.random.integers(len(x.shape) + extra))

    def transposed(self, x):
        return run("transpose", x, axes=self.random.permutation(len(x.shape)).tolist())

    def mapped(self, x):
        return run(self.random.choice(["tanh", "sigmoid", "negative"]), x)

    def joined(self, x):
        alike = [value for value in self.values if value.shape == x.shape]
        return run(self.random.choice(["add", "multiply"]), x, alike[self.random.integers(len(alike))])

    def reduced(self, x):
        axes = self.random.choice(len(x.shape), self.random.integers(len(x.shape)), replace=False)
        return run(self.random.choice(["sum", "mean", "max"]), x, axes=sorted(axes.tolist()), keepdims=bool(self.random.integers(2)))

    def padded(self, x):
        low, high = self.random.integers(0, 2, (2, len(x.shape))).tolist()
        return run("pad", x, _core.tensor(np.float64(0.5)), low=low, high=high)

    def doubled(self, x):
        return run("concatenate", x, run("negative", x), axis=self.axis(x))

    def along_an_axis(self, x):
        return run(self.random.choice(["softmax", "log_softmax", "cumsum"]), x, axis=self.axis(x))

    def with_another_rank(self, x):
        if 1 in x.shape and len(x.shape) > 1:
            return run("squeeze", x, axes=[x.shape.index(1)])
        return run("expand_dims", x, axes=[self.axis(x, 1)])

    def broadcast(self, x):
        fitting = [value for value in self.values if broadcasts(value.shape, x.shape)]
        other = fitting[self.random.integers(len(fitting))]
        return run("subtract", other, x) if self.random.integers(2) else run("reduce_to", run("multiply", x, other), other)


def broadcasts(shape, to):
    return len(shape) <= len(to) and all(a in (1, b) for a, b in zip(shape[::-1], to[::-1]))


def transposed_elements(graph):
    """Of different transposes that a result depends on and that move something; those inside of ops, there and back, too."""
    needed, moved = set(graph.outputs), {}
    for op, attributes, inputs, outputs, _ in reversed(graph.nodes):
        if not needed.intersection(outputs):
            continue
        needed.update(inputs)
        shape = graph.value_specs[inputs[0]][1] if inputs else ()
        if op == "transpose":
            order = tuple(axis for axis in attributes["axes"] if shape[axis] != 1)
            moved[inputs[0], order] = 0 if order == tuple(sorted(order)) else math.prod(shape)
        elif op in TURNING_ROWS and attributes["axis"] != len(shape) - 1:
            moved[op, outputs[0]] = (len(inputs) + 1) * math.prod(shape)
    return sum(moved.values())


@pytest.mark.parametrize("seed", range(200))
def test_random_graphs_give_the_same_and_move_no_more(seed):
    made = RandomGraph(seed)
    fast, slow = _core.Function(made.graph), _core.Function(made.graph, optimize=False)
    for found, expected in zip(fast.call(made.arrays), slow.call(made.arrays), strict=True):
        assert found.shape == expected.shape
        # Sums over several axes add in another order.
        np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-9, atol=1e-11)
    assert transposed_elements(fast.graph) <= transposed_elements(made.graph)
