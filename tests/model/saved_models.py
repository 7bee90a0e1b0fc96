"""Models that must give the same bits in C++ as in Python: name -> function that makes (model, inputs, targets or None)."""

from __future__ import annotations

import numpy as np

import keraunos
from keraunos import layers, ops

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def numbers(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def classes(rows, count):
    return np.random.default_rng(1).integers(0, count, rows)


def sequential(shape, *parts, **kwargs):
    return keraunos.Sequential([keraunos.Input(shape, **kwargs), *parts])


def compiled(model, optimizer="adam", loss="mse", **kwargs):
    model.compile(optimizer, loss, **kwargs)
    return model


@case
def one_dense():
    return compiled(sequential((4,), layers.Dense(3)), "sgd"), [numbers(7, 4)], [numbers(7, 3)]


@case
def dense_32_32_1():
    model = sequential((32,), layers.Dense(32, activation="tanh"), layers.Dense(32, activation="tanh"), layers.Dense(1))
    return compiled(model, "rmsprop", metrics=["mae"]), [numbers(70, 32)], [numbers(70, 1)]


@case
def classifier():
    model = sequential((20,), layers.Dense(64, activation="relu"), layers.Dense(10, activation="softmax"))
    return compiled(model, "adam", "sparse_categorical_crossentropy", metrics=["accuracy"]), [numbers(100, 20)], [classes(100, 10)]


@case
def dropout():
    model = sequential((20,), layers.Dense(64, activation="relu"), layers.Dropout(0.4), layers.Dense(3))
    return compiled(model), [numbers(90, 20)], [numbers(90, 3)]


@case
def noise():
    model = sequential((6,), layers.GaussianNoise(0.3), layers.Dense(8, activation="relu"), layers.GaussianDropout(0.2), layers.Dense(1))
    return compiled(model), [numbers(40, 6)], [numbers(40, 1)]


@case
def two_inputs_and_outputs():
    a, b = keraunos.Input((4,), name="a"), keraunos.Input((3,), name="b")
    joined = layers.Concatenate()([layers.Dense(5, activation="relu")(a), b])
    model = keraunos.Model([a, b], [layers.Dense(2, name="first")(joined), layers.Dense(1, name="second")(joined)])
    return compiled(model, loss=["mse", "mae"]), [numbers(33, 4), numbers(33, 3)], [numbers(33, 2), numbers(33, 1)]


@case
def dictionaries():
    a, b = keraunos.Input((4,), name="a"), keraunos.Input((4,), name="b")
    model = keraunos.Model({"b": b, "a": a}, {"sum": layers.Dense(2, name="sum")(a + b), "difference": layers.Dense(1, name="difference")(a - b)})
    return compiled(model, loss={"sum": "mse", "difference": "mae"}), [numbers(20, 4), numbers(20, 4, seed=1)], [numbers(20, 1), numbers(20, 2)]


@case
def residual():
    x = keraunos.Input((16,))
    h = layers.Dense(16, activation="gelu")(x)
    h = layers.Add()([x, layers.Dense(16)(h)])
    return compiled(keraunos.Model(x, layers.Dense(2)(ops.relu(h) * 0.5))), [numbers(40, 16)], [numbers(40, 2)]


@case
def shared_layer():
    a, b = keraunos.Input((5,)), keraunos.Input((5,))
    tower = layers.Dense(4, activation="selu")
    model = keraunos.Model([a, b], layers.Dot(axes=1)([tower(a), tower(b)]))
    return compiled(model), [numbers(12, 5), numbers(12, 5, seed=2)], [numbers(12, 1)]


@case
def nested_models():
    inner = sequential((8,), layers.Dense(8, activation="relu"), layers.Dense(4))
    model = sequential((8,), inner, layers.Dense(1, activation="sigmoid"))
    return compiled(model, loss="binary_crossentropy", metrics=["accuracy"]), [numbers(50, 8)], [classes(50, 2)[:, None].astype("float32")]


@case
def images():
    model = sequential((8, 8), layers.Rescaling(1 / 16), layers.Flatten(), layers.Dense(32, activation="relu"), layers.Dense(10))
    loss = keraunos.losses.SparseCategoricalCrossentropy(from_logits=True)
    return compiled(model, loss=loss), [numbers(64, 8, 8)], [classes(64, 10)]


@case
def shapes():
    model = sequential(
        (4, 6), layers.Reshape((6, 4)), layers.Permute((2, 1)), layers.Dense(3), layers.Flatten(), layers.RepeatVector(2), layers.Flatten(), layers.Dense(1)
    )
    return compiled(model), [numbers(9, 4, 6)], [numbers(9, 1)]


@case
def embedding():
    model = sequential((7,), layers.Embedding(30, 6), layers.Flatten(), layers.Dense(2), dtype="int32")
    return compiled(model, "adagrad"), [classes(31 * 7, 30).reshape(31, 7).astype("int32")], [numbers(31, 2)]


@case
def regularized():
    model = sequential(
        (10,),
        layers.Dense(8, kernel_regularizer="l2", activity_regularizer="l1", kernel_constraint="max_norm"),
        layers.ActivityRegularization(l2=0.01),
        layers.Dense(1),
    )
    return compiled(model, "sgd"), [numbers(30, 10)], [numbers(30, 1)]


@case
def activations():
    parts = [layers.LeakyReLU(), layers.ELU(), layers.PReLU(), layers.Softmax(), layers.ReLU(max_value=1.0)]
    model = sequential((12,), *[part for activation in parts for part in (layers.Dense(12), activation)], layers.Dense(1))
    return compiled(model, "nadam"), [numbers(25, 12)], [numbers(25, 1)]


@case
def more_activations():
    names = ["softplus", "softsign", "swish", "mish", "hard_sigmoid", "exponential", "log_softmax", "elu", "celu", "hard_silu"]
    model = sequential((6,), *[layers.Dense(6, activation=name) for name in names], layers.Dense(1))
    return compiled(model, "adamax"), [numbers(25, 6)], [numbers(25, 1)]


@case
def merging():
    a, b = keraunos.Input((6,)), keraunos.Input((6,))
    merged = [layer()([a, b]) for layer in (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)]
    model = keraunos.Model([a, b], layers.Dense(2)(layers.Concatenate()(merged)))
    return compiled(model, "lion"), [numbers(21, 6), numbers(21, 6, seed=3)], [numbers(21, 2)]


@case
def own_layer():
    class Scale(layers.Layer):
        def build(self, input_shape):
            self.factor = self.add_weight(shape=input_shape[-1:], initializer="ones", name="factor")

        def call(self, x):
            return x * self.factor + ops.mean(x, axis=-1, keepdims=True)

    return compiled(sequential((5,), Scale(), layers.Dense(2))), [numbers(17, 5)], [numbers(17, 2)]


@case
def subclass():
    class Net(keraunos.Model):
        def __init__(self):
            super().__init__()
            self.first = layers.Dense(9, activation="relu")
            self.second = layers.Dense(2)

        def call(self, x, training=False):
            return self.second(self.first(x))

    model = compiled(Net())
    model.predict(numbers(3, 6), verbose=0)
    return model, [numbers(18, 6)], [numbers(18, 2)]


@case
def counting_state():
    class Counter(layers.Layer):
        def build(self, input_shape):
            self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

        def call(self, x):
            self.count.assign_add(1.0)
            return x + self.count

    return sequential((3,), Counter()), [numbers(4, 3)], None


@case
def conditional():
    class Branch(layers.Layer):
        def call(self, x):
            return ops.cond(ops.sum(x) > 0, lambda: x * 2.0, lambda: x - 1.0)

    return sequential((3,), Branch(), layers.Dense(2)), [numbers(6, 3)], None


@case
def loop():
    class Repeat(layers.Layer):
        def call(self, x):
            return ops.while_loop(lambda i, y: i < 5, lambda i, y: (i + 1, ops.tanh(y) + x), (0, x))[1]

    return sequential((3,), Repeat()), [numbers(6, 3)], None


@case
def scanned():
    class Cumulate(layers.Layer):
        def build(self, input_shape):
            self.kernel = self.add_weight(shape=(input_shape[-1], input_shape[-1]), name="kernel")

        def call(self, x):
            steps = ops.transpose(x, (1, 0, 2))
            last, _ = ops.scan(lambda carry, step: ((ops.tanh(carry @ self.kernel + step),) * 2), ops.zeros_like(steps[0]), steps)
            return last

    return compiled(sequential((5, 4), Cumulate(), layers.Dense(1))), [numbers(8, 5, 4)], [numbers(8, 1)]


@case
def half_precision():
    return sequential((8,), layers.Dense(8, activation="relu", dtype="mixed_float16"), layers.Dense(2, dtype="float32")), [numbers(10, 8)], None


@case
def bfloat16():
    return sequential((8,), layers.Dense(8, activation="relu", dtype="bfloat16"), layers.Dense(2)), [numbers(10, 8)], None


@case
def double_precision():
    model = sequential((8,), layers.Dense(8, activation="tanh", dtype="float64"), layers.Dense(2, dtype="float64"), dtype="float64")
    return model, [numbers(10, 8).astype("float64")], None


@case
def schedule_and_clipping():
    rate = keraunos.optimizers.schedules.ExponentialDecay(0.05, 3, 0.9)
    optimizer = keraunos.optimizers.SGD(rate, momentum=0.9, nesterov=True, clipnorm=0.5)
    return compiled(sequential((5,), layers.Dense(3, activation="relu"), layers.Dense(1)), optimizer), [numbers(40, 5)], [numbers(40, 1)]


@case
def averages_and_accumulation():
    optimizer = keraunos.optimizers.AdamW(0.01, use_ema=True, gradient_accumulation_steps=2, weight_decay=0.01)
    return compiled(sequential((5,), layers.Dense(3, activation="relu"), layers.Dense(1)), optimizer), [numbers(40, 5)], [numbers(40, 1)]


@case
def many_metrics():
    model = sequential((6,), layers.Dense(4, activation="softmax"))
    metrics = ["accuracy", keraunos.metrics.TopKCategoricalAccuracy(2), keraunos.metrics.AUC(num_thresholds=20), keraunos.metrics.Precision()]
    return compiled(model, loss="categorical_crossentropy", metrics=metrics), [numbers(30, 6)], [np.eye(4, dtype="float32")[classes(30, 4)]]


@case
def wide():
    model = sequential((256,), layers.Dense(512, activation="relu"), layers.Dense(256, activation="sigmoid"), layers.Dense(16))
    return compiled(model), [numbers(200, 256)], [numbers(200, 16)]


@case
def frozen():
    model = sequential((6,), layers.Dense(5, activation="relu", trainable=False), layers.Dense(1))
    return compiled(model, "adadelta"), [numbers(22, 6)], [numbers(22, 1)]


@case
def sequences():
    model = sequential((None, 4), layers.Dense(3, activation="relu"), layers.TimeDistributed(layers.Dense(2)))
    return compiled(model), [numbers(5, 9, 4)], [numbers(5, 9, 2)]


@case
def convolutions():
    model = sequential(
        (20, 20, 8),
        layers.Conv2D(32, 3, padding="same", use_bias=False),
        layers.BatchNormalization(),
        layers.ReLU(),
        layers.Conv2D(32, 3, padding="same", activation="relu"),
        layers.MaxPooling2D(2),
        layers.DepthwiseConv2D(3, activation="relu"),
        layers.Flatten(),
        layers.Dense(10, activation="softmax"),
    )
    return compiled(model, loss="sparse_categorical_crossentropy"), [numbers(10, 20, 20, 8)], [classes(10, 10)]


@case
def recurrences():
    model = sequential((12, 16), layers.Bidirectional(layers.LSTM(48, return_sequences=True)), layers.GRU(64), layers.Dense(1))
    return compiled(model), [numbers(20, 12, 16)], [numbers(20, 1)]


@case
def attention():
    x = layers.Input((24, 32))
    mixed = layers.LayerNormalization()(x + layers.MultiHeadAttention(2, 16)(x, x))
    model = keraunos.Model(x, layers.Dense(3)(layers.GlobalAveragePooling1D()(layers.Dense(64, activation="gelu")(mixed))))
    return compiled(model), [numbers(20, 24, 32)], [numbers(20, 3)]
