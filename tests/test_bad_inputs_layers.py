"""Bad inputs to layers: one row per mistake, with the type and the words that the user must get.

The numbers are those of the table of bad inputs.
"""

import numpy as np
import pytest
from keraunos import layers, ops, regularizers

ROWS = []


def row(number, error, words, mistake):
    ROWS.append(pytest.param(error, words, mistake, id=f"{number}-{len(ROWS)}"))


def call(layer, shape, dtype="float32"):
    return lambda: layer()(np.ones(shape, dtype))


for units in (0, -1, 2.5, "3", True, None):
    row(1, ValueError, ["units", "positive integer", str(units)], lambda units=units: layers.Dense(units))
row(2, MemoryError, ["dense_too_big", "bytes"], lambda: layers.Dense(10**12, name="dense_too_big").build((None, 4)))
row(
    3,
    ValueError,
    ["Could not interpret activation function identifier: rellu", "relu"],
    lambda: layers.Dense(2, activation="rellu"),
)
row(
    4,
    ValueError,
    ["Could not interpret initializer identifier: glorot"],
    lambda: layers.Dense(2, kernel_initializer="glorot"),
)
row(4, ValueError, ["Could not interpret regularizer identifier: l3"], lambda: layers.Dense(2, kernel_regularizer="l3"))
row(4, ValueError, ["Could not interpret constraint identifier: foo"], lambda: layers.Dense(2, kernel_constraint="foo"))
row(5, ValueError, ["Unrecognized keyword arguments passed to Dense: {'foo': 1}"], lambda: layers.Dense(3, foo=1))
IMAGE = np.ones((1, 8, 8, 3), "float32")
row(8, ValueError, ["`kernel_size`", "tuple of 2 integers", "(3, 3, 3)"], lambda: layers.Conv2D(2, (3, 3, 3)))
row(8, ValueError, ["`strides`", "tuple of 2 integers", "0"], lambda: layers.Conv2D(2, 3, strides=0))
row(8, ValueError, ["`pool_size`", "tuple of 2 integers", "0"], lambda: layers.MaxPooling2D(0))
row(9, ValueError, ["`strides", "`dilation_rate"], lambda: layers.Conv2D(2, 3, strides=2, dilation_rate=2))
row(11, ValueError, ["evenly divisible", "2", "3", "(1, 8, 8, 3)"], lambda: layers.Conv2D(4, 3, groups=2)(IMAGE))
row(
    12,
    ValueError,
    ["zero or negative", "(1, 2, 2, 3)", "(5, 5)", "(1, 1)", "valid"],
    lambda: layers.Conv2D(4, 5)(IMAGE[:, :2, :2]),
)
row(
    13,
    ValueError,
    ["flat", "expected min_ndim=4, found ndim=2", "(None, 4)"],
    lambda: layers.Conv2D(4, 3, name="flat")(layers.Input((4,))),
)
row(25, ValueError, ["expected ndim=3, found ndim=2"], lambda: layers.LSTM(3)(np.ones((2, 3), "float32")))
row(26, ValueError, ["at least one step", "timesteps axis"], lambda: layers.LSTM(3)(np.ones((2, 0, 3), "float32")))
row(27, ValueError, ["batch size must be static"], lambda: layers.LSTM(3, stateful=True)(layers.Input((4, 3))))
for name in ("a/b", 5, "", "..", ".", "a\0b", "a\\b", "x" * 10_000):
    row(6, ValueError, ["`name`", repr(name)[1:5].strip("'")], lambda name=name: layers.Dense(2, name=name))
for rate in (1.5, -0.1, float("nan")):
    row(14, ValueError, ["rate", "between 0 and 1", str(rate)], lambda rate=rate: layers.Dropout(rate))
row(15, ValueError, ["axis", "rank 2"], call(lambda: layers.BatchNormalization(axis=5), (2, 3)))
row(16, ValueError, ["momentum", "2.0"], lambda: layers.BatchNormalization(momentum=2.0))
row(16, ValueError, ["epsilon", "0"], lambda: layers.BatchNormalization(epsilon=0))
row(16, ValueError, ["epsilon", "-1"], lambda: layers.BatchNormalization(epsilon=-1))
row(17, ValueError, ["fully-defined", "wide/kernel"], lambda: layers.Dense(2, name="wide")(layers.Input((None,))))
row(
    17,
    ValueError,
    ["fully-defined", "norm/gamma"],
    lambda: layers.BatchNormalization(name="norm")(layers.Input((None,))),
)
row(18, ValueError, ["total size", "(4,)", "(5,)"], call(lambda: layers.Reshape((5,)), (2, 4)))
row(19, ValueError, ["at most one"], lambda: layers.Reshape((-1, -1)))
row(
    20,
    ValueError,
    ["(2, 4, 5)", "(2, 3, 5)"],
    lambda: layers.Concatenate()([np.ones((2, 4, 5)), np.ones((2, 3, 5))]),
)
row(20, ValueError, ["(4,)", "(5,)"], lambda: layers.Add()([np.ones((2, 4)), np.ones((2, 5))]))
row(22, IndexError, ["words", "7", "[0, 5)"], lambda: layers.Embedding(5, 2, name="words")(np.array([[7]])))
row(23, IndexError, ["words", "-1", "[0, 5)"], lambda: layers.Embedding(5, 2, name="words")(np.array([[-1]])))
row(24, ValueError, ["Embedding", "NaN"], lambda: layers.Embedding(5, 2)(np.array([[np.nan]])))
for shape in (4, "abc", (-4,), (2.5,)):
    row(29, ValueError, ["Cannot convert", "to a shape"], lambda shape=shape: layers.Input(shape))
row(30, ValueError, ["float99"], lambda: layers.Dense(2, dtype="float99"))


def other_width():
    layer = layers.Dense(2)
    layer(np.ones((2, 4)))
    layer(np.ones((2, 5)))


row(31, ValueError, ["expected axis -1 of input shape to have value 4", "(2, 5)"], other_width)
for array in (
    np.array([["a", "b"]]),
    np.array([[None, 1]], object),
    np.array([["2020-01-01"]], "datetime64[D]"),
    np.array([(1, 2)], [("a", "i4"), ("b", "i4")]),
):
    row(32, ValueError, ["Invalid dtype", "dense"], lambda array=array: layers.Dense(2)(array))
row(33, ValueError, ["non-negative"], lambda: regularizers.L2(-0.1))


def shared_layer_with_another_width():
    layer = layers.Dense(2)
    layer(layers.Input((4,)))
    layer(layers.Input((5,)))


row(34, ValueError, ["expected axis -1 of input shape to have value 4", "(None, 5)"], shared_layer_with_another_width)
row(28, ValueError, ["num_heads", "positive integer", "0"], lambda: layers.MultiHeadAttention(num_heads=0, key_dim=2))
row(28, ValueError, ["key_dim", "positive integer", "0"], lambda: layers.MultiHeadAttention(num_heads=2, key_dim=0))
row(28, ValueError, ["num_query_heads", "3", "2"], lambda: layers.GroupQueryAttention(4, 3, 2))


@pytest.mark.parametrize(("error", "words", "mistake"), ROWS)
def test_mistake_raises_the_right_words(error, words, mistake):
    with pytest.raises(error) as caught:
        mistake()
    text = str(caught.value)
    for word in words:
        assert word in text
    assert len(text) < 2000


def test_21_merging_one_input_gives_it_back():
    x = np.ones((2, 3), "float32")
    assert layers.Add()([x]).shape == (2, 3)
    assert layers.Concatenate()([x]).shape == (2, 3)


def test_24_float_indices_are_truncated():
    layer = layers.Embedding(5, 2)
    np.testing.assert_array_equal(layer(np.array([[1.7]])).numpy(), layer(np.array([[1]])).numpy())


def test_14_dropout_of_everything_is_zero_not_infinite():
    assert float(ops.sum(layers.Dropout(1.0)(np.ones((4, 4)), training=True))) == 0.0
