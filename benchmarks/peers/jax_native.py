"""JAX by hand: a jitted step called from Python, and the whole epoch inside `lax.scan`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import cases
import jax
import jax.numpy as jnp
import numpy as np
from peers.timing import batched, once, per_call

EPSILON = 1e-7


def parameters(case: cases.Case) -> Any:
    """Glorot kernels and zero biases, one pair for each dense layer; or what the case's network has."""
    if case.network:
        return cases.network(case).jax_network(case)[0]
    generator = np.random.default_rng(0)
    if case.has_two_inputs:
        inside, hidden, outside = case.sizes
        shapes = [(inside, hidden), (2 * hidden, outside), (2 * hidden, outside)]
    else:
        shapes = image_shapes(case) if case.image else list(zip(case.sizes[:-1], case.sizes[1:], strict=True))
    pairs = []
    for shape in shapes:
        if len(shape) == 1:  # scale and offset of a batch normalization
            pairs.append((jnp.ones(shape), jnp.zeros(shape)))
            continue
        limit = np.sqrt(6 / (shape[-2] + shape[-1]) / np.prod(shape[:-2]))
        pairs.append((jnp.asarray(generator.uniform(-limit, limit, shape), "float32"), jnp.zeros(shape[-1])))
    return pairs


def image_shapes(case: cases.Case) -> list[tuple[int, ...]]:
    """Shapes of the parameters of a convolutional network."""
    shapes: list[tuple[int, ...]] = []
    height, width, channels = case.image
    for kind, *options in case.blocks:
        if kind == "conv":
            filters, padding, has_normalization = options
            shapes += [(3, 3, channels, filters), *([(filters,)] if has_normalization else [])]
            channels = filters
            height, width = (height, width) if padding == "same" else (height - 2, width - 2)
        else:
            height, width = {"pool": (height // 2, width // 2), "flatten": (height, width), "mean": (1, 1)}[kind]
    return [*shapes, (height * width * channels, case.sizes[-1])]


def convolve(case: cases.Case, weights: list[Any], x: Any, key: Any) -> Any:
    """Logits of a convolutional network.

    Batch normalization takes the statistics of the batch and keeps none; without a key it takes those that a new layer has.
    """
    rest = iter(weights)
    for kind, *options in case.blocks:
        if kind == "conv":
            kernel, bias = next(rest)
            x = jax.lax.conv_general_dilated(x, kernel, (1, 1), options[1].upper(), dimension_numbers=("NHWC", "HWIO", "NHWC")) + bias
            if options[2]:
                scale, offset = next(rest)
                mean, variance = (0.0, 1.0) if key is None else (x.mean((0, 1, 2)), x.var((0, 1, 2)))
                x = (x - mean) * jax.lax.rsqrt(variance + 1e-3) * scale + offset
            x = jax.nn.relu(x)
        elif kind == "pool":
            x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
        elif kind == "flatten":
            x = x.reshape(len(x), -1)
        else:
            x = x.mean((1, 2))
    if case.dropout and key is not None:
        x = jnp.where(jax.random.bernoulli(key, 1 - case.dropout, x.shape), x / (1 - case.dropout), 0.0)
    kernel, bias = next(rest)
    return x @ kernel + bias


def forward(case: cases.Case, weights: Any, xs: list[Any], key: Any) -> list[Any]:
    """Logits or values of every head; dropout when there is a key."""
    if case.network:
        return [cases.network(case).jax_network(case)[1](weights, xs[0], key)]
    if case.has_two_inputs:
        (kernel, bias), *heads = weights
        joined = jnp.concatenate([jax.nn.relu(x @ kernel + bias) for x in xs], axis=1)
        return [joined @ kernel + bias for kernel, bias in heads]
    (x,) = xs
    if case.image:
        return [convolve(case, weights, x, key)]
    for i, (kernel, bias) in enumerate(weights):
        x = x @ kernel + bias
        if i < len(weights) - 1:
            x = jax.nn.relu(x)
            if case.dropout and key is not None:
                kept = jax.random.bernoulli(jax.random.fold_in(key, i), 1 - case.dropout, x.shape)
                x = jnp.where(kept, x / (1 - case.dropout), 0.0)
    return [x]


def loss_of(case: cases.Case, weights: Any, xs: list[Any], ys: list[Any], key: Any) -> Any:
    outputs = forward(case, weights, xs, key)
    if not case.is_classifier:
        return jnp.mean((outputs[0] - ys[0]) ** 2)
    return sum(
        -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(output), y[:, None], axis=1))
        for output, y in zip(outputs, ys, strict=True)
    )


def update(case: cases.Case, weights: Any, slots: Any, gradients: Any, count: Any) -> tuple[Any, Any]:
    """Keras's formulas of SGD, RMSprop and Adam."""
    rate = case.learning_rate
    if case.optimizer == "sgd":
        return jax.tree.map(lambda w, g: w - rate * g, weights, gradients), slots
    if case.optimizer == "rmsprop":
        squares = jax.tree.map(lambda s, g: 0.9 * s + 0.1 * g * g, slots[0], gradients)
        weights = jax.tree.map(lambda w, g, s: w - rate * g / jnp.sqrt(s + EPSILON), weights, gradients, squares)
        return weights, (squares,)
    means, squares = slots
    means = jax.tree.map(lambda m, g: m + (g - m) * 0.1, means, gradients)
    squares = jax.tree.map(lambda s, g: s + (g * g - s) * 0.001, squares, gradients)
    scale = rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
    weights = jax.tree.map(lambda w, m, s: w - scale * m / (jnp.sqrt(s) + EPSILON), weights, means, squares)
    return weights, (means, squares)


def training(case: cases.Case, options: argparse.Namespace) -> Callable[[], float]:
    """See `peers`."""
    x, y = cases.data(case)
    xs = [jnp.asarray(part) for part in (x if isinstance(x, list) else [x])]
    ys = [jnp.asarray(part) for part in (y if isinstance(y, list) else [y])]
    weights = parameters(case)
    slot_count = {"sgd": 0, "rmsprop": 1, "adam": 2}[case.optimizer]
    slots = tuple(jax.tree.map(jnp.zeros_like, weights) for _ in range(slot_count))

    def step(state: Any, batch: Any) -> tuple[Any, Any]:
        weights, slots, count, key = state
        key, own = jax.random.split(key)
        batch_x, batch_y = batch
        loss, gradients = jax.value_and_grad(lambda w: loss_of(case, w, batch_x, batch_y, own))(weights)
        count = count + 1
        weights, slots = update(case, weights, slots, gradients, count)
        return (weights, slots, count, key), loss

    def gather(places: Any) -> Any:
        return [part[places] for part in xs], [part[places] for part in ys]

    state = (weights, slots, jnp.float32(0), jax.random.key(0))
    full = case.samples // case.batch_size
    rest = case.samples - full * case.batch_size
    jitted = jax.jit(lambda state, places: step(state, gather(places)), donate_argnums=0)

    def scanned(state: Any, key: Any) -> tuple[Any, Any]:
        order = jax.random.permutation(key, case.samples)
        batches = order[: full * case.batch_size].reshape(full, case.batch_size)
        state, losses = jax.lax.scan(lambda state, places: step(state, gather(places)), state, batches)
        total = losses.sum()
        if rest:
            state, loss = step(state, gather(order[full * case.batch_size :]))
            total += loss
        return state, total

    scanned = jax.jit(scanned, donate_argnums=0)
    epochs = 0

    def fit() -> None:
        nonlocal state, epochs
        for _ in range(case.epochs):
            epochs += 1
            if options.peer == "jax-scan":
                state, total = scanned(state, jax.random.key(epochs))
            else:
                order = np.random.default_rng(epochs).permutation(case.samples).astype("int32")
                total = 0.0
                for i in range(0, case.samples, case.batch_size):
                    state, loss = jitted(state, order[i : i + case.batch_size])
                    total = total + loss
            jax.block_until_ready((state[0], total))

    return lambda: once(fit, case.steps)


def inference(case: cases.Case, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """See `peers`."""
    weights = parameters(case)

    @jax.jit
    def call(x: Any) -> Any:
        (output,) = forward(case, weights, [x], None)
        return jax.nn.softmax(output) if case.is_classifier else output

    x = cases.data(case, case.questions)[0]
    one = x[:1]
    return {
        "call": lambda: per_call(lambda: call(one).block_until_ready()),
        "batches": lambda: once(lambda: np.concatenate([np.asarray(part) for part in batched(call, x, cases.BATCH)])),
    }
