"""The tensorflow subset: each function against a NumPy line."""

from __future__ import annotations

import numpy as np
import pytest

from keraunos import runner
from keraunos.runner import tensorflow as tf

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.5]], dtype="float32")
POSITIVE = np.abs(X) + 0.1

ARRAYS = [
    (lambda: tf.constant([[1, 2], [3, 4]]), np.array([[1, 2], [3, 4]], "int32")),
    (lambda: tf.constant(2.0, shape=(2, 2)), np.full((2, 2), 2.0, "float32")),
    (lambda: tf.constant([1, 2, 3, 4], dtype=tf.float32, shape=[2, 2]), np.array([[1, 2], [3, 4]], "float32")),
    (lambda: tf.ones((2, 3)), np.ones((2, 3), "float32")),
    (lambda: tf.zeros([2], tf.int32), np.zeros(2, "int32")),
    (lambda: tf.fill([2, 2], 7), np.full((2, 2), 7, "int32")),
    (lambda: tf.eye(2), np.eye(2, dtype="float32")),
    (lambda: tf.range(3), np.arange(3, dtype="int32")),
    (lambda: tf.range(1, 7, 2), np.arange(1, 7, 2, dtype="int32")),
    (lambda: tf.linspace(0.0, 1.0, 5), np.linspace(0, 1, 5, dtype="float32")),
    (lambda: tf.cast(X, tf.int32), X.astype("int32")),
    (lambda: tf.shape(X), np.array([2, 3], "int32")),
    (lambda: tf.rank(X), np.int32(2)),
    (lambda: tf.size(X), np.int32(6)),
    (lambda: tf.reshape(X, [3, -1]), X.reshape(3, 2)),
    (lambda: tf.reshape(X, tf.shape(X)[::-1]), X.reshape(3, 2)),
    (lambda: tf.transpose(X), X.T),
    (lambda: tf.expand_dims(X, 0), X[None]),
    (lambda: tf.squeeze(X[None]), X),
    (lambda: tf.concat([X, X], axis=1), np.concatenate([X, X], 1)),
    (lambda: tf.stack([X, X]), np.stack([X, X])),
    (lambda: tf.unstack(X)[1], X[1]),
    (lambda: tf.split(X, 3, axis=1)[2], X[:, 2:]),
    (lambda: tf.split(X, [1, 2], axis=1)[1], X[:, 1:]),
    (lambda: tf.tile(X, [1, 2]), np.tile(X, (1, 2))),
    (lambda: tf.reverse(X, [0]), X[::-1]),
    (lambda: tf.pad(X, [[1, 0], [0, 2]]), np.pad(X, ((1, 0), (0, 2)))),
    (lambda: tf.pad(X, tf.constant([[1, 1], [1, 1]]), mode="REFLECT"), np.pad(X, 1, mode="reflect")),
    (lambda: tf.gather(X, [1, 0, 1]), X[[1, 0, 1]]),
    (lambda: tf.gather(X, [2, 0], axis=1), X[:, [2, 0]]),
    (lambda: tf.gather_nd(X, [[0, 1], [1, 2]]), X[[0, 1], [1, 2]]),
    (lambda: tf.gather_nd(X, [[1], [0]]), X[[1, 0]]),
    (lambda: tf.boolean_mask(X, [False, True]), X[1:]),
    (lambda: tf.slice(X, [0, 1], [-1, 2]), X[:, 1:]),
    (lambda: tf.where(X > 0, X, tf.zeros_like(X)), np.where(X > 0, X, 0)),
    (lambda: tf.one_hot([0, 2], 3), np.eye(3, dtype="float32")[[0, 2]]),
    (lambda: tf.one_hot([1], 2, on_value=5.0, off_value=-1.0), np.array([[-1.0, 5.0]], "float32")),
    (lambda: tf.sort(X, direction="DESCENDING"), -np.sort(-X)),
    (lambda: tf.argsort(X), np.argsort(X).astype("int32")),
    (lambda: tf.unique([3, 1, 3, 2])[0], np.array([3, 1, 2], "int32")),
    (lambda: tf.unique([3, 1, 3, 2])[1], np.array([0, 1, 0, 2], "int32")),
    (lambda: tf.matmul(X, X, transpose_b=True), X @ X.T),
    (lambda: tf.einsum("ij,kj->ik", X, X), X @ X.T),
    (lambda: tf.tensordot(X, X, axes=[[1], [1]]), X @ X.T),
    (lambda: tf.norm(X), np.linalg.norm(X)),
    (lambda: tf.linalg.matvec(X, X[0]), X @ X[0]),
    (lambda: tf.math.add(X, X), X + X),
    (lambda: tf.math.squared_difference(X, 1.0), (X - 1) ** 2),
    (lambda: tf.math.divide_no_nan(X, np.zeros_like(X)), np.zeros_like(X)),
    (lambda: tf.math.log(POSITIVE), np.log(POSITIVE)),
    (lambda: tf.math.cumsum(X, axis=1, exclusive=True), np.cumsum(X, 1) - X),
    (lambda: tf.math.cumsum(X, axis=1, reverse=True), np.cumsum(X[:, ::-1], 1)[:, ::-1]),
    (lambda: tf.math.confusion_matrix([0, 1, 1], [0, 1, 0]), np.array([[1, 0], [1, 1]], "int32")),
    (lambda: tf.reduce_mean(X), X.mean()),
    (lambda: tf.reduce_sum(X, axis=[0, 1]), X.sum()),
    (lambda: tf.reduce_max(X, axis=1, keepdims=True), X.max(1, keepdims=True)),
    (lambda: tf.reduce_any(X > 3), np.bool_(True)),
    (lambda: tf.argmax(X), X.argmax(0)),
    (lambda: tf.argmax(X, axis=1), X.argmax(1)),
    (lambda: tf.clip_by_value(X, -1.0, 1.0), X.clip(-1, 1)),
    (lambda: tf.clip_by_norm(X, 1.0), X / np.linalg.norm(X)),
    (lambda: tf.clip_by_global_norm([X, X], 1.0)[0][1], X / np.linalg.norm([X, X])),
    (lambda: tf.nn.relu(X), X.clip(0)),
    (lambda: tf.nn.leaky_relu(X), np.where(X > 0, X, 0.2 * X)),
    (lambda: tf.nn.softmax(X), np.exp(X) / np.exp(X).sum(1, keepdims=True)),
    (lambda: tf.nn.l2_normalize(X, axis=1), X / np.linalg.norm(X, axis=1, keepdims=True)),
    (lambda: tf.math.l2_normalize(X, axis=0), X / np.linalg.norm(X, axis=0, keepdims=True)),
    (lambda: tf.nn.l2_loss(X), (X**2).sum() / 2),
    (lambda: tf.nn.sigmoid_cross_entropy_with_logits(labels=(X > 0) * 1.0, logits=X), np.log1p(np.exp(-np.abs(X)))),
    (
        lambda: tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[0, 2], logits=X),
        np.log(np.exp(X).sum(1)) - X[[0, 1], [0, 2]],
    ),
    (
        lambda: tf.nn.softmax_cross_entropy_with_logits(labels=np.eye(3, dtype="float32")[[0, 2]], logits=X),
        np.log(np.exp(X).sum(1)) - X[[0, 1], [0, 2]],
    ),
]


@pytest.mark.parametrize("number", range(len(ARRAYS)))
def test_a_function_gives_what_numpy_gives(number):
    function, expected = ARRAYS[number]
    result = np.asarray(function())
    assert result.shape == np.shape(expected)
    np.testing.assert_allclose(result, expected, rtol=2e-6, atol=2e-6)
    if np.asarray(expected).dtype.kind in "ib" and "argmax" not in str(number):
        assert result.dtype.kind == np.asarray(expected).dtype.kind


def test_dtypes_are_names_with_attributes():
    assert tf.float32 == "float32" and tf.ones(1).dtype == tf.float32
    assert tf.float16.is_floating and tf.int8.is_integer and not tf.bool.is_floating
    assert tf.as_dtype(np.int64) is tf.int64
    assert repr(tf.float64) == "tf.float64" and tf.float64.size == 8
    assert tf.uint8.max == 255 and tf.int32.as_numpy_dtype is np.int32
    with pytest.raises(TypeError, match="not a dtype"):
        tf.as_dtype("quaternion")


def test_random_numbers_have_the_asked_shape_range_and_repeat_with_the_seed():
    tf.random.set_seed(5)
    first = np.asarray(tf.random.uniform((1000,), 2.0, 3.0))
    tf.random.set_seed(5)
    assert np.array_equal(first, np.asarray(tf.random.uniform((1000,), 2.0, 3.0)))
    assert first.min() >= 2 and first.max() < 3
    assert np.asarray(tf.random.normal([2000], mean=1.0)).mean() == pytest.approx(1.0, abs=0.15)
    whole = np.asarray(tf.random.uniform([100], maxval=5, dtype=tf.int32))
    assert whole.dtype == np.int32 and set(whole) <= set(range(5))
    assert sorted(np.asarray(tf.random.shuffle(np.arange(9)))) == list(range(9))
    with pytest.raises(ValueError, match="maxval must be given"):
        tf.random.uniform((2,), dtype=tf.int64)


def test_a_variable_is_assigned_to_and_differentiated():
    v = tf.Variable([1.0, 2.0], name="v")
    v.assign_add([1.0, 1.0])
    with tf.GradientTape() as tape:
        y = tf.reduce_sum(v * v)
    assert np.asarray(tape.gradient(y, v)).tolist() == [4.0, 6.0]
    assert tf.Variable(lambda: tf.ones((2,))).shape == (2,)
    assert tf.Variable(3).dtype == "int32"
    with pytest.raises(ValueError, match="an initial value must be given"):
        tf.Variable()


def test_a_tape_watches_constants_when_told():
    x = tf.constant(3.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        y = x * x
        z = y * y
    assert float(tape.gradient(z, x)) == pytest.approx(108.0)
    assert float(tape.gradient(y, x)) == pytest.approx(6.0)


def test_a_function_is_traced_once_for_tensors_and_again_for_other_settings():
    calls = []

    @tf.function
    def scaled(x, factor, is_negative=False):
        calls.append(1)
        return -x * factor if is_negative else x * factor

    for _ in range(3):
        assert np.asarray(scaled(tf.constant([1.0, 2.0]), 3.0)).tolist() == [3.0, 6.0]
    assert len(calls) == 1
    assert np.asarray(scaled(tf.constant([1.0, 2.0]), 3.0, is_negative=True)).tolist() == [-3.0, -6.0]
    assert len(calls) == 2


def test_a_function_assigns_to_variables_and_keeps_structures():
    v = tf.Variable(0.0)

    @tf.function(jit_compile=True)
    def count(x):
        v.assign_add(tf.reduce_sum(x))
        return {"total": v.read_value(), "pair": (x, x + 1.0)}

    count(tf.ones(3))
    result = count(tf.ones(3))
    assert float(result["total"]) == 6.0 and float(v) == 6.0
    assert np.asarray(result["pair"][1]).tolist() == [2.0, 2.0, 2.0]


def test_a_method_made_a_function_keeps_its_own_self():
    class Scale:
        def __init__(self, factor):
            self.factor = factor

        @tf.function
        def __call__(self, x):
            return x * self.factor

        @tf.function
        def twice(self, x):
            return self.twice_python(x)

        def twice_python(self, x):
            return x * self.factor * 2.0

    assert [float(Scale(f)(tf.constant(1.0))) for f in (2.0, 3.0)] == [2.0, 3.0]
    assert [float(Scale(f).twice(tf.constant(1.0))) for f in (2.0, 3.0)] == [4.0, 6.0]


def test_a_function_that_needs_values_runs_uncompiled_and_says_so():
    @tf.function
    def sign(x):
        return 1.0 if x > 0 else -1.0

    with pytest.warns(UserWarning, match="sign runs uncompiled"):
        assert sign(tf.constant(2.0)) == 1.0
    assert sign(tf.constant(-2.0)) == -1.0


def test_functions_run_eagerly_when_told():
    calls = []

    @tf.function
    def f(x):
        calls.append(1)
        return x

    tf.config.run_functions_eagerly(True)
    try:
        f(tf.ones(1)), f(tf.ones(1))
        assert tf.config.functions_run_eagerly() and len(calls) == 2
    finally:
        tf.config.run_functions_eagerly(False)


def test_there_is_one_cpu_and_no_gpu():
    assert tf.config.list_physical_devices("GPU") == []
    assert len(tf.config.list_physical_devices("CPU")) == 1
    with tf.device("/GPU:0"):
        assert tf.ones(1).shape == (1,)


def test_keras_stands_under_its_tensorflow_names():
    import keraunos

    assert tf.keras is keraunos
    assert tf.losses is keraunos.losses and tf.optimizers is keraunos.optimizers
    assert tf.nn.relu is keraunos.activations.relu


@pytest.mark.parametrize("module", ["", "math", "nn", "linalg", "random", "data", "config", "dtypes"])
def test_a_missing_name_is_named(module):
    part = getattr(tf, module) if module else tf
    name = f"tensorflow.{module}.frobnicate".replace("..", ".")
    with pytest.raises(AttributeError, match=f"{name} is not part of keraunos's tensorflow subset"):
        part.frobnicate  # noqa: B018
    assert not hasattr(part, "frobnicate")


def test_the_runner_answers_tensorflow_only_while_it_is_installed():
    runner.install()
    try:
        import tensorflow

        assert tensorflow is tf
    finally:
        runner.uninstall()
