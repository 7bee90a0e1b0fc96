"""Decompositions that are right up to signs, by what they promise; gradients of those that are cut and turned in Python."""

import numpy as np
import pytest

from keraunos import GradientTape, ops, tree

RANDOM = np.random.default_rng(11)
SHAPES = [(5, 3), (3, 5), (4, 4), (1, 1), (2, 6, 4), (2, 4, 6), (0, 3, 2), (40, 25)]
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}


def turned(x):
    return np.swapaxes(x, -1, -2)


def assert_orthonormal_columns(x, tolerance):
    size = x.shape[-1]
    np.testing.assert_allclose(turned(x) @ x, np.broadcast_to(np.eye(size), (*x.shape[:-2], size, size)), atol=tolerance)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_qr_has_the_signs_of_lapack(shape, dtype):
    x = RANDOM.normal(size=shape).astype(dtype)
    for mode in ("reduced", "complete"):
        for found, wanted in zip(ops.qr(x, mode=mode), np.linalg.qr(x, mode)):
            np.testing.assert_allclose(found, wanted, atol=20 * TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("full", [True, False])
def test_factors_of_singular_values_give_the_matrix_back(shape, full, dtype):
    x = RANDOM.normal(size=shape).astype(dtype)
    u, s, vh = map(np.asarray, ops.svd(x, full_matrices=full))
    wanted = np.linalg.svd(x, full)
    assert [u.shape, s.shape, vh.shape] == [part.shape for part in wanted]
    np.testing.assert_allclose(s, wanted[1], rtol=10 * TOLERANCE[dtype], atol=10 * TOLERANCE[dtype])
    count = s.shape[-1]
    np.testing.assert_allclose((u[..., :count] * s[..., None, :]) @ vh[..., :count, :], x, atol=20 * TOLERANCE[dtype])
    assert_orthonormal_columns(u, 10 * TOLERANCE[dtype])
    assert_orthonormal_columns(turned(vh), 10 * TOLERANCE[dtype])
    np.testing.assert_array_equal(np.asarray(ops.svd(x, compute_uv=False)), s)


@pytest.mark.parametrize("x", [np.zeros((4, 3)), np.outer(np.arange(4.0), [1, 2, 3]), np.ones((3, 4)), np.diag([1e-200, 1.0, 1e200])], ids=str)
def test_matrices_without_full_rank_have_orthonormal_factors_too(x):
    u, s, vh = map(np.asarray, ops.svd(x))
    np.testing.assert_allclose(s, np.linalg.svd(x)[1], rtol=1e-12, atol=1e-13)
    assert_orthonormal_columns(u, 1e-12)
    assert_orthonormal_columns(turned(vh), 1e-12)


def test_a_thousand_small_matrices_are_worked_out_one_like_the_other():
    x = RANDOM.normal(size=(1000, 3, 3))
    for name in ("eigh", "svd", "qr"):
        together = getattr(ops, name)(x)
        alone = getattr(ops, name)(x[777])
        for many, one in zip(together, alone):
            np.testing.assert_array_equal(np.asarray(many)[777], np.asarray(one))


@pytest.mark.parametrize("n", [1, 2, 3, 10, 41])
def test_eigenvectors_of_symmetric_matrices(n):
    x = RANDOM.normal(size=(n, n))
    x = x + x.T
    values, vectors = map(np.asarray, ops.eigh(x))
    np.testing.assert_allclose(values, np.linalg.eigvalsh(x), atol=1e-12)
    np.testing.assert_allclose(x @ vectors, vectors * values, atol=1e-11)
    assert_orthonormal_columns(vectors, 1e-12)


def test_equal_eigenvalues_have_orthonormal_vectors():
    values, vectors = map(np.asarray, ops.eigh(np.eye(5) * 3))
    np.testing.assert_allclose(values, 3)
    assert_orthonormal_columns(vectors, 1e-14)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_factors_of_what_is_not_finite_are_nan_and_those_of_its_neighbour_are_not(value):
    x = np.stack([np.array([[value, 1], [1, 2]]), np.eye(2)])
    for factors in (ops.eigh(x), ops.svd(x)):
        for factor in factors:
            factor = np.asarray(factor)
            assert np.isnan(factor[0]).all() and np.isfinite(factor[1]).all()


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (2, 6), (6, 2), (5, 5)])
@pytest.mark.parametrize("mode", ["full rank", "rank 1"])
def test_the_least_squares_solution_is_that_of_numpy(shape, mode):
    a = RANDOM.normal(size=shape) if mode == "full rank" else np.outer(*(RANDOM.normal(size=n) for n in shape))
    b = RANDOM.normal(size=(shape[0], 2))
    np.testing.assert_allclose(ops.lstsq(a, b), np.linalg.lstsq(a, b, rcond=None)[0], atol=1e-10)
    np.testing.assert_allclose(ops.lstsq(a, b[:, 0]), np.linalg.lstsq(a, b[:, 0], rcond=None)[0], atol=1e-10)
    np.testing.assert_allclose(ops.lstsq(a, b, rcond=0.3), np.linalg.lstsq(a, b, rcond=0.3)[0], atol=1e-10)


@pytest.mark.parametrize("shape", [(4, 4), (4, 3), (3, 4), (2, 5, 2), (1, 1)])
def test_lu_factors_give_the_matrix_back(shape):
    x = RANDOM.normal(size=shape)
    factors, pivots = map(np.asarray, ops.lu_factor(x))
    rows, columns = shape[-2:]
    count = min(rows, columns)
    assert pivots.shape == (*shape[:-2], count)
    for lu, swaps, wanted in zip(factors.reshape(-1, rows, columns), pivots.reshape(-1, count), x.reshape(-1, rows, columns)):
        product = (np.tril(lu[:, :count], -1) + np.eye(rows, count)) @ np.triu(lu[:count])
        for row in reversed(range(count)):
            product[[row, swaps[row]]] = product[[swaps[row], row]]
        np.testing.assert_allclose(product, wanted, atol=1e-12)


def loss_of(function, weights, x):
    leaves = tree.flatten(function(x))
    return sum(ops.sum(leaf * weight) for leaf, weight in zip(leaves, weights))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: ops.qr(x),
        lambda x: ops.svd(x, full_matrices=False)[1],
        lambda x: ops.svd(x, full_matrices=True)[1],
        lambda x: ops.matmul(*ops.svd(x, full_matrices=False)[::2]),
        ops.pinv,
        lambda x: ops.norm(x, ord="nuc"),
        lambda x: ops.norm(x, ord=2, axis=(-1, 0), keepdims=True),
    ],
    ids=["qr", "values", "values of full", "polar", "pinv", "nuclear", "spectral"],
)
@pytest.mark.parametrize("shape", [(3, 3), (4, 2), (2, 4)])
def test_gradients_agree_with_numeric_ones(function, shape):
    x = RANDOM.normal(size=shape)
    weights = [RANDOM.normal(size=leaf.shape) for leaf in tree.flatten(function(x))]
    source = ops.convert_to_tensor(x)
    with GradientTape() as tape:
        tape.watch(source)
        loss = loss_of(function, weights, source)
    found = np.asarray(tape.gradient(loss, source))
    for place in np.ndindex(shape):
        step = np.zeros(shape)
        step[place] = 1e-6
        slope = (float(loss_of(function, weights, x + step)) - float(loss_of(function, weights, x - step))) / 2e-6
        assert found[place] == pytest.approx(slope, rel=1e-5, abs=1e-6)


def test_the_columns_that_complete_a_basis_have_no_gradient():
    source = ops.convert_to_tensor(RANDOM.normal(size=(4, 2)))
    for function in (lambda x: ops.qr(x, mode="complete")[0], lambda x: ops.svd(x)[0]):
        with GradientTape() as tape:
            tape.watch(source)
            loss = ops.sum(function(source))
        with pytest.raises(NotImplementedError, match="complete a basis have no gradient"):
            tape.gradient(loss, source)


def test_a_derivative_along_a_direction_is_the_slope_there():
    x, direction = RANDOM.normal(size=(3, 2)), RANDOM.normal(size=(3, 2))

    def function(x):
        return {"a": ops.tanh(x) * x, "b": ops.sum(x**3, axis=0)}

    values, slopes = ops.jvp(function, (x,), (direction,))
    ahead, behind = function(x + 1e-6 * direction), function(x - 1e-6 * direction)
    for name, value in function(x).items():
        np.testing.assert_array_equal(values[name], value)
        np.testing.assert_allclose(slopes[name], (np.asarray(ahead[name]) - np.asarray(behind[name])) / 2e-6, rtol=1e-6, atol=1e-8)


def test_a_derivative_along_a_direction_takes_several_arguments_and_an_aside():
    values, slopes, aside = ops.jvp(lambda x, y: (x * y, "aside"), (3.0, 5.0), (1.0, 10.0), has_aux=True)
    assert (float(values), float(slopes), aside) == (15.0, 35.0, "aside")
    assert float(ops.jvp(lambda x: ops.stop_gradient(x), (3.0,), (1.0,))[1]) == 0.0
