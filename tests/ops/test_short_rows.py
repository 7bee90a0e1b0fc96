"""Softmax of rows that fit one vector, which has a kernel of its own, for every number of rows and columns around its borders."""

import numpy as np
import pytest

from keraunos import ops


def _truth(x):
    e = np.exp(x.astype("float64") - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
@pytest.mark.parametrize("dtype, tolerance", [("float32", 3e-7), ("float64", 1e-15)])
@pytest.mark.parametrize("columns", range(1, 19))
def test_softmax_of_short_rows(columns, dtype, tolerance):
    random = np.random.default_rng(columns)
    for rows in range(1, 10):
        x = (random.normal(size=(rows, columns)) * 5).astype(dtype)
        np.testing.assert_allclose(np.asarray(ops.softmax(x)), _truth(x), atol=tolerance, rtol=10 * tolerance)


@pytest.mark.parametrize("columns", [2, 7, 15, 40])
def test_vanishing_and_special_values(columns):
    x = np.zeros((6, columns), "float32")
    x[0, 0] = 200.0
    x[1, :] = -1e9
    x[1, -1] = 0.0
    x[2, 1:] = -np.inf
    x[3, -1] = np.nan
    x[4, 0] = -103.5  # the smallest results there are
    result = np.asarray(ops.softmax(x))
    expected = _truth(x)
    assert np.isnan(result[3]).all()
    np.testing.assert_allclose(np.delete(result, 3, axis=0), np.delete(expected, 3, axis=0), rtol=3e-6, atol=2e-45)
