"""Every sample of a primitive op, exported with open and with known sizes, and run by onnxruntime."""

import pathlib
import sys

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "ops"))

from onnx_runs import assert_same, run, session
from primitive_samples import SAMPLES

from keraunos import _core
from keraunos.export.onnx_model import function_model
from keraunos.layers import InputSpec

RECURRENT = ("simple_rnn", "lstm", "gru", "gru_reset_before")
# Long series, and ops of gradients, which no inference call has. A layer that needs one brings its translation.
NOT_TRANSLATED = (
    {"digamma", "erfinv", "gcd", "i0", "i0e", "i1", "i1e", "lcm", "lgamma", "nextafter"}
    | {"concatenate_grad", "gather_grad", "slice_grad", "take_along_axis_grad"}
    | {"average_pool_grad", "biased_conv_weight_grad", "conv_weight_grad", "max_pool_grad", "max_pool_pick"}
    | {"eigh", "qr", "svd", "triangular_solve"}
    | {"ctc_beam_search", "gru_grad", "gru_reset_before_grad", "lstm_grad", "simple_rnn_grad"}
    | {"dropout", "random_gamma", "random_integer", "random_normal", "random_permutation", "random_truncated_normal", "random_uniform"}
)


def is_defined(sample):
    """Whether ONNX says what the sample's values give: it leaves NaN among extremes and in casts to integers open."""
    has_nan = any(operand.dtype.kind == "f" and not np.isfinite(operand).all() for operand in sample.operands)
    return not (has_nan and sample.op in ("argmax", "argmin", "cast"))


def is_survived(sample):
    """Whether onnxruntime takes it: its recurrent ops do not return from an empty batch."""
    return not (sample.op in RECURRENT and not len(sample.operands[0]))


def is_exportable(sample):
    return all(operand.dtype.kind in "fiub" for operand in sample.operands) and is_defined(sample) and is_survived(sample)


def shape_of(sample, which, is_open):
    """The shape of an operand's spec. Weights and channels of images, and what adaptive pooling divides, are never open."""
    operand = sample.operands[which]
    if is_open and sample.op in RECURRENT:
        is_state = operand.ndim == 2 and len(operand) == len(sample.operands[0]) and which <= 1 + (sample.op == "lstm")
        return (None, *operand.shape[1:]) if which == 0 or is_state else operand.shape
    if not is_open or sample.attributes.get("places") or ("conv" in sample.op and which >= 1):
        return operand.shape
    open_axes = operand.ndim - 1 if sample.op.startswith(("conv", "biased_conv", "max_pool", "average_pool")) else operand.ndim
    return (None,) * open_axes + operand.shape[open_axes:]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("is_open", [True, False], ids=["open", "known"])
@pytest.mark.parametrize("sample", [s for s in SAMPLES if is_exportable(s)], ids=str)
def test_onnxruntime_gives_our_outputs(sample, is_open, dtype):
    if dtype != "float64" and not any(operand.dtype == "float64" for operand in sample.operands):
        pytest.skip("no floats")
    # The peak of a query that sees nothing is -inf in the narrower dtype.
    with np.errstate(over="ignore"):
        operands = [operand.astype(dtype) if operand.dtype == "float64" else operand for operand in sample.operands]
    free = [i for i in range(len(operands)) if i not in sample.constants]

    def function(*tensors):
        full = [_core.tensor(operand) for operand in operands]
        for i, tensor in zip(free, tensors):
            full[i] = tensor
        return _core.execute(sample.op, full, sample.attributes)

    specs = [InputSpec(shape=shape_of(sample, i, is_open), dtype=str(operands[i].dtype), name=f"x{i}") for i in free]
    if sample.op in NOT_TRANSLATED or sample.attributes.get("keeps"):  # for gradients
        with pytest.raises((NotImplementedError, TypeError), match=sample.op.removeprefix("biased_")):  # which is made of the other
            function_model(function, specs)
        return
    runner = session(function_model(function, specs))
    expected = function(*(_core.tensor(operands[i]) for i in free))
    assert_same(run(runner, {f"x{i}": operands[i] for i in free}), list(expected) if isinstance(expected, tuple) else [expected])


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "int8", "uint8", "int16", "int32", "int64", "uint32"])
def test_short_dtypes_compute_as_ours_do(dtype):
    from keraunos import ops

    def function(x, y):
        return [ops.cast(z, "float32") for z in (x + y, x * y, ops.maximum(x, y), ops.sum(x, axis=1), ops.where(x > y, x, y))]

    x, y = (np.random.RandomState(seed).randint(0, 9, (3, 4)).astype("float32") for seed in (1, 2))
    specs = [InputSpec(shape=(None, 4), dtype="float32", name=name) for name in "xy"]

    def cast(x, y):
        return function(ops.cast(x, dtype), ops.cast(y, dtype))

    assert_same(run(session(function_model(cast, specs)), {"x": x, "y": y}), cast(x, y))
