"""The one table of benchmark cases: what is trained and what is asked, written once against the Keras API.

A case says its sizes; `build(case, keras)` makes the compiled model from a `keras` module, ours or another. Peers that
are no Keras (torch, JAX, scikit-learn ...) build the same network from the same fields.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from networks import network


@dataclass(frozen=True)
class Case:
    row: str
    title: str
    sizes: tuple[int, ...]  # input, hidden ..., output
    loss: str  # "mse" or "sparse_categorical_crossentropy" (softmax output)
    optimizer: str
    learning_rate: float
    batch_size: int
    samples: int  # of one epoch
    epochs: int = 1  # of one timed fit
    dropout: float = 0.0
    variant: str = ""  # what of (b) is the user's own code
    has_two_inputs: bool = False
    image: tuple[int, ...] = ()  # height, width, channels; then the network is `blocks` and a dense layer
    blocks: tuple[tuple[Any, ...], ...] = ()  # ("conv", filters, padding, has batch normalization), ("pool",), ("flatten",), ("mean",)
    network: str = ""  # the module of `networks` that has it; "": a stack of dense layers
    questions: int = 0  # samples of one timed prediction in batches; 0: the row is only trained

    @property
    def input_shape(self) -> tuple[int, ...]:
        return self.image or self.sizes[:1]

    @property
    def steps(self) -> int:
        """Steps of one timed fit."""
        return -(-self.samples // self.batch_size) * self.epochs

    @property
    def is_classifier(self) -> bool:
        return self.loss != "mse"


DIGITS: dict[str, Any] = {
    "sizes": (64, 32, 10),
    "loss": "sparse_categorical_crossentropy",
    "optimizer": "adam",
    "learning_rate": 0.001,
    "batch_size": 32,
    "samples": 1437,
    "epochs": 10,
}

TRAINING = [
    Case("a", "8-32-64-8, mse, SGD, batch 32", (8, 32, 64, 8), "mse", "sgd", 0.01, 32, 16384, questions=10_000),
    Case("b", "digits 64-32-10, Adam, batch 32", **DIGITS),
    Case(
        "c",
        "784-512-512-10, dropout 0.2, RMSprop, batch 128",
        (784, 512, 512, 10),
        "sparse_categorical_crossentropy",
        "rmsprop",
        0.001,
        128,
        12800,
        dropout=0.2,
        questions=10_000,
    ),
    Case(
        "d",
        "1024-2048-2048-2048-1000, Adam, batch 256",
        (1024, 2048, 2048, 2048, 1000),
        "sparse_categorical_crossentropy",
        "adam",
        0.001,
        256,
        2048,
    ),
    Case(
        "e",
        "two inputs, a shared Dense, two heads, batch 32",
        (16, 32, 4),
        "sparse_categorical_crossentropy",
        "adam",
        0.001,
        32,
        8192,
        has_two_inputs=True,
    ),
    Case("b-layer", "(b) with a custom layer", **DIGITS, variant="layer"),
    Case("b-loss", "(b) with a custom loss", **DIGITS, variant="loss"),
    Case("b-metric", "(b) with a custom metric", **DIGITS, variant="metric"),
    Case("b-train_step", "(b) with a custom train_step", **DIGITS, variant="train_step"),
    Case(
        "T5",
        "28x28x1, conv 32, pool, conv 64, pool, dropout 0.5, dense 10, Adam, batch 128",
        (784, 10),
        "sparse_categorical_crossentropy",
        "adam",
        0.001,
        128,
        128 * 10,
        dropout=0.5,
        image=(28, 28, 1),
        blocks=(("conv", 32, "valid", False), ("pool",), ("conv", 64, "valid", False), ("pool",), ("flatten",)),
        questions=2560,
    ),
    Case(
        "T6",
        "32x32x3, twice [conv, BN, relu] of 32, 64, 128, pooled, dense 10, Adam, batch 64",
        (3072, 10),
        "sparse_categorical_crossentropy",
        "adam",
        0.001,
        64,
        64 * 5,
        image=(32, 32, 3),
        blocks=tuple(
            block
            for filters, end in ((32, "pool"), (64, "pool"), (128, "mean"))
            for block in (("conv", filters, "same", True), ("conv", filters, "same", True), (end,))
        ),
        questions=512,
    ),
    Case(
        "T7",
        "100 x 32, LSTM 128, dense 1, Adam, batch 64",
        (32, 1),
        "mse",
        "adam",
        0.001,
        64,
        640,
        network="recurrent",
        questions=1280,
    ),
    Case(
        "T8",
        "embedding 20000 x 128, 2 bidirectional LSTM 64, length 80, Adam, batch 32",
        (80, 2),
        "sparse_categorical_crossentropy",
        "adam",
        0.001,
        32,
        320,
        network="bidirectional",
        questions=512,
    ),
    Case(
        "T9",
        "100 x 32, GRU 128, dense 1, Adam, batch 64",
        (32, 1),
        "mse",
        "adam",
        0.001,
        64,
        640,
        network="recurrent",
        questions=1280,
    ),
    Case(
        "T10",
        "transformer classifier, length 200, vocabulary 20000, Adam, batch 32",
        (200, 2),
        "sparse_categorical_crossentropy",
        "adam",
        0.001,
        32,
        320,
        network="transformer",
        questions=512,
    ),
]

BATCH = 256  # of a prediction in batches
INFERENCE = {
    "predict": "one sample, predict",
    "predict_on_batch": "one sample, predict_on_batch",
    "call": "one sample, model(x)",
    "session": "one sample, Session::run in C++, one thread",
    "session_threads": "one sample, Session::run in C++, all threads",
    "batches": "{questions:,} samples, predict, batch {batch}",
}


def case(row: str) -> Case:
    """The training case of that row."""
    return next(case for case in TRAINING if case.row == row)


def inference_title(case: Case, measure: str) -> str:
    """What the measure asks of the case."""
    return INFERENCE[measure].format(questions=case.questions, batch=BATCH)


def data(case: Case, samples: int | None = None) -> tuple[Any, Any]:
    """Inputs and targets: numbers drawn at random in the case's shapes, the same for every peer."""
    generator = np.random.default_rng(0)
    count = case.samples if samples is None else samples
    if case.network:
        return network(case).data(case, generator, count)

    def inputs() -> np.ndarray:
        return generator.normal(size=(count, *case.input_shape)).astype("float32")

    def targets() -> np.ndarray:
        if case.is_classifier:
            return generator.integers(0, case.sizes[-1], size=count).astype("int32")
        return generator.normal(size=(count, case.sizes[-1])).astype("float32")

    if case.has_two_inputs:
        return [inputs(), inputs()], [targets(), targets()]
    return inputs(), targets()


def smaller(case: Case, steps: int) -> Case:
    """The case with at most so many steps per timed fit, and batches per prediction, for trying things out."""
    return replace(
        case, samples=min(case.samples, steps * case.batch_size), epochs=1, questions=min(case.questions, steps * BATCH)
    )


def build(case: Case, keras: Any) -> Any:
    """The case's model, compiled."""
    if case.network:
        model = network(case).keras_model(case, keras)
    else:
        model = _two_inputs(case, keras) if case.has_two_inputs else _stack(case, keras)
    model.compile(optimizer=_optimizer(case, keras), loss=_loss(case, keras), metrics=_metrics(case, keras))
    return model


def _optimizer(case: Case, keras: Any) -> Any:
    classes = {"sgd": keras.optimizers.SGD, "adam": keras.optimizers.Adam, "rmsprop": keras.optimizers.RMSprop}
    return classes[case.optimizer](learning_rate=case.learning_rate)


def _stack(case: Case, keras: Any) -> Any:
    x = inputs = keras.Input(case.input_shape)
    for kind, *options in case.blocks:
        x = _block(kind, options, keras)(x)
    if case.blocks and case.dropout:
        x = keras.layers.Dropout(case.dropout)(x)
    hidden = _custom_dense(keras) if case.variant == "layer" else keras.layers.Dense
    for size in case.sizes[1:-1]:
        x = hidden(size, activation="relu")(x)
        if case.dropout:
            x = keras.layers.Dropout(case.dropout)(x)
    outputs = keras.layers.Dense(case.sizes[-1], activation="softmax" if case.is_classifier else None)(x)
    model_class = _custom_model(keras) if case.variant == "train_step" else keras.Model
    return model_class(inputs, outputs)


def _block(kind: str, options: list[Any], keras: Any) -> Any:
    if kind == "pool":
        return keras.layers.MaxPooling2D()
    if kind == "flatten":
        return keras.layers.Flatten()
    if kind == "mean":
        return keras.layers.GlobalAveragePooling2D()
    filters, padding, has_normalization = options
    if not has_normalization:
        return keras.layers.Conv2D(filters, 3, padding=padding, activation="relu")

    def block(x: Any) -> Any:
        x = keras.layers.Conv2D(filters, 3, padding=padding)(x)
        return keras.layers.ReLU()(keras.layers.BatchNormalization()(x))

    return block


def _two_inputs(case: Case, keras: Any) -> Any:
    shared = keras.layers.Dense(case.sizes[1], activation="relu")
    left, right = keras.Input((case.sizes[0],)), keras.Input((case.sizes[0],))
    joined = keras.layers.Concatenate()([shared(left), shared(right)])
    heads = [keras.layers.Dense(case.sizes[-1], activation="softmax")(joined) for _ in range(2)]
    return keras.Model([left, right], heads)


def _loss(case: Case, keras: Any) -> Any:
    if case.has_two_inputs:
        return [case.loss, case.loss]
    if case.variant != "loss":
        return case.loss

    def own_crossentropy(y_true: Any, y_pred: Any) -> Any:
        hot = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32"), case.sizes[-1])
        return -keras.ops.sum(hot * keras.ops.log(keras.ops.maximum(y_pred, 1e-7)), axis=-1)

    return own_crossentropy


def _metrics(case: Case, keras: Any) -> Any:
    return [_custom_metric(keras)()] if case.variant == "metric" else None


def _custom_dense(keras: Any) -> Any:
    class OwnDense(keras.layers.Layer):
        def __init__(self, units: int, activation: str) -> None:
            super().__init__()
            self.units = units
            self.activation = keras.activations.get(activation)

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(shape=(input_shape[-1], self.units), initializer="glorot_uniform")
            self.bias = self.add_weight(shape=(self.units,), initializer="zeros")

        def call(self, x: Any) -> Any:
            return self.activation(keras.ops.matmul(x, self.kernel) + self.bias)

    return OwnDense


def _custom_metric(keras: Any) -> Any:
    class ShareRight(keras.metrics.Metric):
        def __init__(self) -> None:
            super().__init__(name="share_right")
            self.right = self.add_variable(shape=(), initializer="zeros", name="right")
            self.count = self.add_variable(shape=(), initializer="zeros", name="count")

        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            found = keras.ops.argmax(y_pred, axis=-1)
            hits = keras.ops.equal(keras.ops.cast(keras.ops.reshape(y_true, (-1,)), "int32"), keras.ops.cast(found, "int32"))
            self.right.assign_add(keras.ops.sum(keras.ops.cast(hits, "float32")))
            self.count.assign_add(keras.ops.sum(keras.ops.ones_like(keras.ops.cast(hits, "float32"))))

        def result(self) -> Any:
            return self.right / keras.ops.maximum(self.count, 1.0)

    return ShareRight


def _custom_model(keras: Any) -> Any:
    """A train step of the user's own, in the words of the backend that runs it."""
    backend = keras.backend.backend()
    steps = {"jax": _jax_train_step, "torch": _torch_train_step}

    class OwnModel(keras.Model):
        train_step = steps.get(backend, _tape_train_step)

    return OwnModel


def _tape_train_step(self: Any, data: Any) -> Any:
    import tensorflow as tf

    x, y = data
    with tf.GradientTape() as tape:
        y_pred = self(x, training=True)
        loss = self.compute_loss(x, y, y_pred)
    gradients = tape.gradient(loss, self.trainable_variables)
    self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
    for metric in self.metrics:
        if metric.name == "loss":
            metric.update_state(loss)
        else:
            metric.update_state(y, y_pred)
    return {metric.name: metric.result() for metric in self.metrics}


def _torch_train_step(self: Any, data: Any) -> Any:
    import torch

    x, y = data
    self.zero_grad()
    y_pred = self(x, training=True)
    loss = self.compute_loss(x, y, y_pred)
    loss.backward()
    variables = list(self.trainable_weights)
    with torch.no_grad():
        self.optimizer.apply([v.value.grad for v in variables], variables)
    for metric in self.metrics:
        if metric.name == "loss":
            metric.update_state(loss)
        else:
            metric.update_state(y, y_pred)
    return {metric.name: metric.result() for metric in self.metrics}


def _jax_train_step(self: Any, state: Any, data: Any) -> Any:
    import jax

    trainable, other, optimizer_variables, metrics_variables = state
    x, y = data

    def loss_of(trainable: Any, other: Any) -> Any:
        y_pred, other = self.stateless_call(trainable, other, x, training=True)
        return self.compute_loss(x, y, y_pred), (y_pred, other)

    (loss, (y_pred, other)), gradients = jax.value_and_grad(loss_of, has_aux=True)(trainable, other)
    trainable, optimizer_variables = self.optimizer.stateless_apply(optimizer_variables, gradients, trainable)
    new_metrics, logs = [], {}
    for metric in self.metrics:
        own = metrics_variables[len(new_metrics) : len(new_metrics) + len(metric.variables)]
        own = metric.stateless_update_state(own, *([loss] if metric.name == "loss" else [y, y_pred]))
        logs[metric.name] = metric.stateless_result(own)
        new_metrics += own
    return logs, (trainable, other, optimizer_variables, new_metrics)
