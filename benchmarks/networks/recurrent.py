"""One recurrent layer over sequences of numbers, and a dense layer on its last output. The row says which cell."""

from __future__ import annotations

from typing import Any

LENGTH, FEATURES, UNITS = 100, 32, 128
CELLS = {"T7": "LSTM", "T9": "GRU"}


def data(case: Any, generator: Any, count: int) -> tuple[Any, Any]:
    """Sequences and targets drawn at random."""
    x = generator.normal(size=(count, LENGTH, FEATURES)).astype("float32")
    return x, generator.normal(size=(count, case.sizes[-1])).astype("float32")


def keras_model(case: Any, keras: Any) -> Any:
    """The model, not compiled."""
    inputs = keras.Input((LENGTH, FEATURES))
    x = getattr(keras.layers, CELLS[case.row])(UNITS)(inputs)
    return keras.Model(inputs, keras.layers.Dense(case.sizes[-1])(x))


def torch_network(case: Any) -> Any:
    """The same with torch's own layer."""
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.recurrent = getattr(nn, CELLS[case.row])(FEATURES, UNITS, batch_first=True)
            self.head = nn.Linear(UNITS, case.sizes[-1])

        def forward(self, x: Any) -> Any:
            return self.head(self.recurrent(x)[0][:, -1])

    return Network()


def jax_network(case: Any) -> tuple[Any, Any]:
    """Weights by name, and the forward pass with `lax.scan` over the steps, all inputs projected at once."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    generator = np.random.default_rng(0)
    gates = 4 if CELLS[case.row] == "LSTM" else 3

    def matrix(inside: int, outside: int) -> Any:
        limit = np.sqrt(6 / (inside + outside))
        return jnp.asarray(generator.uniform(-limit, limit, (inside, outside)), "float32")

    weights = {
        "kernel": matrix(FEATURES, gates * UNITS),
        "recurrent": matrix(UNITS, gates * UNITS),
        "bias": jnp.zeros(gates * UNITS),
        "recurrent_bias": jnp.zeros(gates * UNITS),
        "head": (matrix(UNITS, case.sizes[-1]), jnp.zeros(case.sizes[-1])),
    }

    def lstm(weights: Any, state: Any, z: Any) -> Any:
        h, c = state
        i, f, g, o = jnp.split(z + h @ weights["recurrent"], 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c), None

    def gru(weights: Any, state: Any, z: Any) -> Any:
        (h,) = state
        x_z, x_r, x_h = jnp.split(z, 3, axis=1)
        h_z, h_r, h_h = jnp.split(h @ weights["recurrent"] + weights["recurrent_bias"], 3, axis=1)
        update, reset = jax.nn.sigmoid(x_z + h_z), jax.nn.sigmoid(x_r + h_r)
        return (update * h + (1 - update) * jnp.tanh(x_h + reset * h_h),), None

    def forward(weights: Any, x: Any, key: Any) -> Any:
        z = jnp.swapaxes(x @ weights["kernel"] + weights["bias"], 0, 1)
        zeros = jnp.zeros((len(x), UNITS))
        step, state = (lstm, (zeros, zeros)) if gates == 4 else (gru, (zeros,))
        state, _ = jax.lax.scan(lambda state, z: step(weights, state, z), state, z)
        kernel, bias = weights["head"]
        return state[0] @ kernel + bias

    return weights, forward
