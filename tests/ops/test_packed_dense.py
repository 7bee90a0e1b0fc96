"""Products on kernels packed before have the values, and from a plain kernel the bits, of those that are not."""

import numpy as np
import pytest

from keraunos import _core, layers, config, models

RANDOM = np.random.default_rng(11)
SIZES = [(1, 1, 1), (1, 64, 8), (1, 512, 784), (2, 130, 33), (3, 100, 1), (5, 40, 1100), (8, 31, 70), (15, 97, 64), (64, 200, 130), (0, 4, 4), (4, 3, 0)]


def operands(rows, units, inner, dtype, is_transposed):
    x = RANDOM.normal(size=(rows, inner)).astype(dtype)
    kernel = RANDOM.normal(size=(units, inner) if is_transposed else (inner, units)).astype(dtype)
    return [_core.tensor(array) for array in (x, kernel, RANDOM.normal(size=units).astype(dtype))]


@pytest.mark.parametrize("activation", ["linear", "relu", "sigmoid", "tanh"])
@pytest.mark.parametrize("is_transposed", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_packed_kernel_gives_what_the_kernel_gives(size, dtype, is_transposed, activation):
    x, kernel, bias = operands(*size, dtype, is_transposed)
    how = {"transpose_b": is_transposed}
    packed = _core.execute("pack_dense_kernel", [kernel], how)
    given = np.asarray(_core.execute("packed_dense", [x, kernel, packed, bias], {**how, "activation": activation}))
    expected = np.asarray(_core.execute("dense", [x, kernel, bias], {**how, "activation": activation}))
    tolerance = 1e-4 if dtype == "float32" else 1e-12  # float32: a sum of 1,100 products
    np.testing.assert_allclose(given, expected, rtol=tolerance, atol=tolerance)
    if not is_transposed:
        assert given.tobytes() == expected.tobytes()


def test_a_product_without_bias_has_a_packed_form_too():
    x, kernel, _ = operands(4, 40, 30, "float32", False)
    packed = _core.execute("pack_dense_kernel", [kernel], {})
    given = np.asarray(_core.execute("packed_dense", [x, kernel, packed], {}))
    assert given.tobytes() == np.asarray(_core.execute("matmul", [x, kernel], {})).tobytes()


def test_a_packed_kernel_of_another_size_is_refused():
    x, kernel, bias = operands(4, 400, 30, "float32", False)
    _, other, _ = operands(4, 40, 30, "float32", False)
    with pytest.raises(ValueError, match="packed_dense: the packed kernel must be that of the kernel"):
        _core.execute("packed_dense", [x, kernel, _core.execute("pack_dense_kernel", [other], {}), bias], {})


@pytest.mark.parametrize("rows", [1, 3, 70])
def test_predictions_have_the_same_bits_for_any_number_of_threads(rows):
    model = models.Sequential([layers.Input((784,)), layers.Dense(512, "relu"), layers.Dense(300, use_bias=False), layers.Dense(10)])
    x = RANDOM.normal(size=(rows, 784)).astype("float32")
    before = config.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3, 8):
            config.set_num_threads(threads)
            results.append(np.asarray(model(x)).tobytes())
    finally:
        config.set_num_threads(before)
    assert len(set(results)) == 1
    assert "packed_dense" in str(next(iter(model._compiled_call._functions.values())).latest().native.plan_description([_core.tensor(x)]))
