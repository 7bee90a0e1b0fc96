"""Every primitive op against NumPy, numeric gradients, a trace with unknown sizes, and 16-bit floats."""

import numpy as np
import pytest
from primitive_samples import SAMPLES

from keraunos import _core
from keraunos.tracing import GradientTape, trace_graph

RECORDS = {record["name"]: record for record in _core.ops()}
# Ops whose operands are graphs, or kernels in the form of one CPU level, and where their tests are.
TESTED_ELSEWHERE = {
    "cond": "tests/tracing",
    "while_loop": "tests/tracing",
    "while_loop_grad": "tests/tracing",
    "scan": "tests/tracing",
    "pack_dense_kernel": "tests/ops/test_packed_dense.py",
    "packed_dense": "tests/ops/test_packed_dense.py",
    "winograd_kernel": "tests/ops/test_winograd.py",
    "winograd_conv": "tests/ops/test_winograd.py",
    "winograd_input_grad": "tests/ops/test_winograd.py",
}
STEP = 1e-6  # of numeric gradients: half the digits of float64

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=str)


def differentiable(sample):
    if not RECORDS[sample.op]["has_gradient"]:
        return []
    if sample.differentiable is not None:
        return list(sample.differentiable)
    return [i for i, operand in enumerate(sample.operands) if operand.dtype == "float64" and i not in sample.constants]


with_gradient = pytest.mark.parametrize("sample", [s for s in SAMPLES if differentiable(s)], ids=str)
with_second_gradient = pytest.mark.parametrize("sample", [s for s in SAMPLES if differentiable(s) and s.has_second_gradient], ids=str)


def tensors(operands):
    return [_core.tensor(operand) for operand in operands]


def execute(sample, operands):
    outputs = _core.execute(sample.op, operands, sample.attributes)
    return list(outputs) if isinstance(outputs, tuple) else [outputs]


def array(tensor):
    """NumPy array of a tensor; 16-bit floats as float32."""
    return np.asarray(_core.execute("cast", [tensor], {"dtype": "float32"}) if tensor.dtype == "bfloat16" else tensor)


def values(sample, operands=None):
    return [array(output) for output in execute(sample, tensors(sample.operands if operands is None else operands))]


def assert_close(given, expected, rtol, atol):
    given, expected = np.asarray(given), np.asarray(expected)
    assert given.shape == expected.shape
    np.testing.assert_allclose(given.astype("float64"), expected.astype("float64"), rtol=rtol, atol=atol)


def weights_of(outputs):
    """A fixed direction, so that a tensor becomes a number with a gradient everywhere."""
    return [np.cos(1.0 + np.arange(np.size(output))).reshape(np.shape(output)) for output in outputs]


def weighted_sum(outputs, weights):
    total = None
    for output, weight in zip(outputs, weights, strict=True):
        product = _core.execute("multiply", [output, _core.tensor(weight)], {})
        part = _core.execute("sum", [product], {"axes": list(range(weight.ndim))})
        total = part if total is None else _core.execute("add", [total, part], {})
    return total


def float_outputs(sample, outputs):
    """Those that a gradient flows through."""
    chosen = range(len(outputs)) if sample.gradient_of is None else sample.gradient_of
    return [outputs[i] for i in chosen if outputs[i].dtype == "float64"]


def gradients(sample, operands, weights):
    """Gradients of the weighted sum of the outputs; operands are tensors, eager or traced."""
    tape = _core.Tape()
    tape.start()
    sources = [operands[i] for i in differentiable(sample)]
    for source in sources:
        tape.watch(source)
    loss = weighted_sum(float_outputs(sample, execute(sample, operands)), weights)
    tape.stop()
    return tape.gradient([loss], sources)


def numeric_gradient(function, operands, which):
    """Central differences of a function of arrays that gives a number."""
    result = np.zeros(operands[which].shape)
    for place in np.ndindex(result.shape):
        ends = []
        for step in [STEP, -STEP]:
            moved = [operand.copy() for operand in operands]
            moved[which][place] += step
            ends.append(function(moved))
        result[place] = (ends[0] - ends[1]) / (2 * STEP)
    return result


def number(outputs, weights):
    return sum(float(np.sum(output * weight)) for output, weight in zip(outputs, weights, strict=True))


def traced(sample, body):
    """Runs `body` in a trace where no size is known, then the graph on the sample's operands."""
    trace = _core.Trace()
    inputs, arrays, operands = [], [], []
    with trace:
        for i, operand in enumerate(sample.operands):
            if i in sample.constants:
                operands.append(_core.tensor(operand))
                continue
            inputs.append(trace.input(str(operand.dtype), (None,) * operand.ndim, f"operand_{i}"))
            operands.append(inputs[-1])
            arrays.append(_core.tensor(operand))
        outputs = body(operands)
        graph = trace.finish(outputs)
    return _core.Function(graph).call(arrays)


def test_every_op_has_a_sample():
    missing = sorted(set(RECORDS) - {sample.op for sample in SAMPLES} - set(TESTED_ELSEWHERE))
    assert not missing, f"add a line `sample(<op>, [operands], <NumPy truth>, attributes...)` to a file of tests/ops/primitive_samples for: {missing}"


@every_sample
def test_value_agrees_with_numpy(sample):
    outputs = values(sample)
    if sample.truth is None:
        return
    with np.errstate(all="ignore"):
        expected = sample.truth(*sample.operands)
    expected = expected if isinstance(expected, tuple) else (expected,)
    for output, wanted in zip(outputs, expected, strict=True):
        wanted = np.asarray(wanted)
        assert output.dtype == wanted.dtype
        # Products of float64 are summed in another order than NumPy's.
        assert_close(output, wanted, rtol=1e-10, atol=1e-12)


@every_sample
def test_trace_with_unknown_sizes_agrees_with_eager(sample):
    outputs = traced(sample, lambda operands: execute(sample, operands))
    for output, eager in zip(outputs, values(sample), strict=True):
        # A traced graph is fused; the loops are the same, the results are the same bits.
        np.testing.assert_array_equal(array(output), eager)


def turned(tensor):
    """The tensor with its axes in reverse."""
    rank = len(tensor.shape)
    return _core.execute("transpose", [tensor], {"axes": list(range(rank))[::-1]}) if rank > 1 else tensor


def traced_in_reverse(sample, has_open_sizes):
    """A graph that gets the operands, and gives the results, with their axes in reverse; and the arrays for it."""
    arrays = [turned(_core.tensor(operand)) for i, operand in enumerate(sample.operands) if i not in sample.constants]
    with _core.Trace() as trace:
        inputs = [trace.input(a.dtype, (None,) * len(a.shape) if has_open_sizes else a.shape, f"operand_{i}") for i, a in enumerate(arrays)]
        remaining = iter(inputs)
        operands = [_core.tensor(o) if i in sample.constants else turned(next(remaining)) for i, o in enumerate(sample.operands)]
        graph = trace.finish([turned(output) for output in execute(sample, operands)])
    return graph, arrays


@pytest.mark.parametrize("has_open_sizes", [False, True])
@pytest.mark.parametrize("sample", [s for s in SAMPLES if any(np.ndim(o) > 1 for o in s.operands)], ids=str)
def test_an_op_between_transposes_gives_the_same_without_them(sample, has_open_sizes):
    graph, arrays = traced_in_reverse(sample, has_open_sizes)
    function = _core.Function(graph)
    outputs, record = values(sample), RECORDS[sample.op]
    for output, eager in zip(function.call(arrays), outputs, strict=True):
        if record["is_elementwise"]:
            np.testing.assert_array_equal(array(output), eager.T)
        else:
            # Sums over several axes add in another order.
            assert_close(array(output), eager.T, rtol=1e-11, atol=1e-12)
    # Not between axes of values of several ranks, nor where nothing is moved.
    ranks = {np.ndim(a) for a in (*sample.operands, *outputs)} - {0, 1}
    if record["has_axis_rule"] and not record["turns_rows"] and sample.op != "transpose" and len(ranks) == 1 and all(map(np.size, sample.operands)):
        assert "transpose" not in function.graph.op_names


@with_gradient
def test_gradient_agrees_with_numeric_gradient(sample):
    operands = [operand.copy() for operand in sample.operands]
    weights = weights_of(float_outputs(sample, values(sample)))
    found = gradients(sample, tensors(operands), weights)

    def loss(moved):
        return number(float_outputs(sample, values(sample, moved)), weights)

    for which, gradient in zip(differentiable(sample), found, strict=True):
        expected = numeric_gradient(loss, operands, which)
        if gradient is None:
            assert not expected.any()
        else:
            assert gradient.dtype == "float64"
            assert_close(gradient, expected, rtol=1e-5, atol=1e-6)


@with_gradient
def test_traced_gradient_with_unknown_sizes_agrees_with_eager(sample):
    weights = weights_of(float_outputs(sample, values(sample)))
    eager = [gradient for gradient in gradients(sample, tensors(sample.operands), weights) if gradient is not None]
    if not eager:
        return
    outputs = traced(sample, lambda operands: [g for g in gradients(sample, operands, weights) if g is not None])
    for output, wanted in zip(outputs, eager, strict=True):
        assert_close(output, wanted, rtol=1e-12, atol=1e-14)


@with_second_gradient
def test_second_gradient_agrees_with_numeric_gradient(sample):
    weights = weights_of(float_outputs(sample, values(sample)))
    directions = weights_of([sample.operands[i] for i in differentiable(sample)])

    def slope(moved):
        found = gradients(sample, tensors(moved), weights)
        return sum(number([np.asarray(g)], [d]) for g, d in zip(found, directions, strict=True) if g is not None)

    operands = tensors(sample.operands)
    sources = [operands[i] for i in differentiable(sample)]
    outer = _core.Tape()
    outer.start()
    for source in sources:
        outer.watch(source)
    pairs = [(g, d) for g, d in zip(gradients(sample, operands, weights), directions, strict=True) if g is not None]
    total = weighted_sum([g for g, _ in pairs], [d for _, d in pairs]) if pairs else None
    outer.stop()
    found = outer.gradient([total], sources) if pairs else [None] * len(sources)
    for which, gradient in zip(differentiable(sample), found, strict=True):
        expected = numeric_gradient(slope, list(sample.operands), which)
        if gradient is None:
            np.testing.assert_allclose(expected, 0, atol=1e-6)
        else:
            assert_close(gradient, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("sample", [s for s in SAMPLES if s.runs_in_16_bits and s.truth and "dtype" not in s.attributes and any(o.dtype == "float64" for o in s.operands)], ids=str)
def test_16_bit_floats_agree_with_float64(sample, dtype):
    def rounded(operand):
        tensor = _core.tensor(operand)
        return _core.execute("cast", [tensor], {"dtype": dtype}) if operand.dtype == "float64" else tensor

    operands = [rounded(operand) for operand in sample.operands]
    exact = [np.asarray(_core.execute("cast", [o], {"dtype": "float64"})) if o.dtype == dtype else np.asarray(o) for o in operands]
    digits = 2.0**-10 if dtype == "float16" else 2.0**-7  # one unit in the last place, twice the rounding error
    for output, wanted in zip(execute(sample, operands), values(sample, exact), strict=True):
        if wanted.dtype == "float64":
            assert output.dtype == dtype
            assert_close(array(output), wanted, rtol=digits, atol=1e-4)
        else:
            np.testing.assert_array_equal(np.asarray(output), wanted)


def test_an_index_error_names_the_layer():
    x = _core.tensor(np.zeros((5, 2)))
    _core.swap_scope("model/embedding")
    try:
        with pytest.raises(IndexError, match=r'gather: index 7 is out of range \[0, 5\), in layer "model/embedding"'):
            _core.execute("gather", [x, _core.tensor(np.array([7]))], {"axis": 0})
    finally:
        _core.swap_scope("")


def test_gradients_belong_to_the_layer_whose_op_they_are_of():
    def slope(x):
        with GradientTape() as tape:
            tape.watch(x)
            _core.swap_scope("model/embedding")
            y = _core.execute("exp", [x], {})
            _core.swap_scope("")
        return tape.gradient(y, x)

    graph, _ = trace_graph(slope, [("float32", (None, 3))], ["x"])
    assert [node.scope for node in graph.nodes if node.op == "multiply"] == ["model/embedding"]


def test_tied_operands_of_maximum_share_the_gradient():
    x, y = _core.tensor(np.array([1.0, 2.0])), _core.tensor(np.array([1.0, 3.0]))
    tape = _core.Tape()
    tape.start()
    tape.watch(x)
    largest = _core.execute("maximum", [x, y], {})
    tape.stop()
    np.testing.assert_array_equal(np.asarray(tape.gradient([largest], [x])[0]), [0.5, 0.0])


def test_relu_and_absolute_have_gradient_zero_at_zero():
    for op in ["relu", "absolute"]:
        x = _core.tensor(np.zeros(2))
        tape = _core.Tape()
        tape.start()
        tape.watch(x)
        y = _core.execute(op, [x], {})
        tape.stop()
        np.testing.assert_array_equal(np.asarray(tape.gradient([y], [x])[0]), [0.0, 0.0])
