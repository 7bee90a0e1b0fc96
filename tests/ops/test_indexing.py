"""`x[key]` against NumPy, eagerly and traced with an unknown first size."""

import numpy as np
import pytest

from keraunos import KerasTensor, _core, ops

X = np.arange(2 * 3 * 4, dtype="float32").reshape(2, 3, 4)

KEYS = [
    0,
    -1,
    (1, 2),
    (1, 2, 3),
    slice(None),
    slice(1, None),
    (slice(None), slice(None, None, -1)),
    (slice(None), slice(2, 0, -1), slice(None, None, 2)),
    (Ellipsis, 0),
    (0, Ellipsis),
    None,
    (slice(None), None, 1),
    (Ellipsis, None),
    [0, 1, 0],
    (slice(None), np.array([2, 0])),
    (slice(None), [0, 2], [1, 3]),
    ([0, 1], slice(None), [1, 3]),
    (np.array([[0], [1]]), np.array([0, 2])),
    (slice(None), 1, np.array([3, -1])),
    (slice(None), np.array([True, False, True])),
    X > 5,
    (Ellipsis, slice(5, 2)),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_an_index_means_what_it_means_in_numpy(key):
    np.testing.assert_array_equal(ops.convert_to_tensor(X)[key].numpy(), X[key])


@pytest.mark.parametrize("key", [key for key in KEYS if key is not KEYS[-2]], ids=str)
def test_an_index_means_the_same_in_a_trace_with_an_unknown_size(key):
    trace = _core.Trace()
    with trace:
        graph = trace.finish([trace.input("float32", (None, 3, 4), "x")[key]])
    np.testing.assert_array_equal(_core.Function(graph).call([X])[0].numpy(), X[key])


@pytest.mark.parametrize("key", [2, -3, (0, 3), [0, 2], (slice(None), np.array([-4]))], ids=str)
def test_an_index_out_of_range_raises(key):
    with pytest.raises(IndexError):
        ops.convert_to_tensor(X)[key].numpy()


def test_too_many_indices_raise():
    with pytest.raises(IndexError, match="Too many indices"):
        ops.convert_to_tensor(X)[0, 0, 0, 0]


def test_slices_may_end_at_a_size_that_is_unknown_while_tracing():
    trace = _core.Trace()
    with trace:
        n = ops.shape(trace.input("float32", (None,), "x"))[0]
        graph = trace.finish([ops.convert_to_tensor(X)[:, :, :n], ops.convert_to_tensor(X)[:, n:]])
    head, tail = _core.Function(graph).call([np.zeros(2, "float32")])
    np.testing.assert_array_equal(head.numpy(), X[:, :, :2])
    np.testing.assert_array_equal(tail.numpy(), X[:, 2:])


def test_a_keras_tensor_is_indexed_in_the_layer_graph():
    x = KerasTensor((None, 3, 4))
    assert x[:, 1].shape == (None, 4)
    assert x[..., None].shape == (None, 3, 4, 1)
    assert type(x[:, 1]._keras_history.operation).__name__ == "GetItem"
