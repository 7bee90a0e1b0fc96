"""The prediction for a sample has the same bits whatever else is in its batch."""

import numpy as np
import pytest

import keraunos
from keraunos import layers


def dense():
    sizes = (512, 130, 10)
    return [layers.Input((300,)), *[layers.Dense(size, activation="gelu") for size in sizes], layers.Dense(3, activation="softmax")]


def convolutional():
    return [
        layers.Input((14, 14, 3)),
        layers.Conv2D(32, 3, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(),
        layers.Conv2D(48, 3, padding="same"),
        layers.SeparableConv2D(33, 3, strides=2),
        layers.GlobalAveragePooling2D(),
        layers.Dense(5),
    ]


def recurrent():
    return [layers.Input((9, 5)), layers.LSTM(17, return_sequences=True), layers.Bidirectional(layers.GRU(8)), layers.Dense(2)]


def attention():
    inputs = keraunos.Input((11, 16))
    x = layers.LayerNormalization()(inputs + layers.MultiHeadAttention(2, 8)(inputs, inputs))
    return keraunos.Model(inputs, layers.Dense(3)(x))


NETWORKS = [dense, convolutional, recurrent, attention]


@pytest.mark.parametrize("build", NETWORKS, ids=lambda build: build.__name__)
def test_a_row_has_the_same_bits_in_a_batch_of_any_size(build):
    network = build()
    model = network if isinstance(network, keraunos.Model) else keraunos.Sequential(network)
    x = np.random.default_rng(0).normal(size=(333, *model.input_shape[1:])).astype("float32")
    whole = model.predict(x, batch_size=len(x), verbose=0)
    for size in (1, 2, 3, 7, 8, 31, 32, 33, 64):
        rows = min(len(x), 10 * size)
        assert model.predict(x[:rows], batch_size=size, verbose=0).tobytes() == whole[:rows].tobytes(), size
    assert np.asarray(model(x[100:117])).tobytes() == whole[100:117].tobytes()
