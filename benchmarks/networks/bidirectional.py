"""A classifier of texts: embeddings, two bidirectional LSTM, a dense layer."""

from __future__ import annotations

from typing import Any

LENGTH, VOCABULARY, SIZE, UNITS = 80, 20000, 128, 64


def data(case: Any, generator: Any, count: int) -> tuple[Any, Any]:
    """Texts of words drawn at random, and classes."""
    x = generator.integers(0, VOCABULARY, size=(count, LENGTH)).astype("int32")
    return x, generator.integers(0, case.sizes[-1], size=count).astype("int32")


def keras_model(case: Any, keras: Any) -> Any:
    """The model of Keras's example."""
    layers = keras.layers
    inputs = keras.Input((LENGTH,), dtype="int32")
    x = layers.Embedding(VOCABULARY, SIZE)(inputs)
    x = layers.Bidirectional(layers.LSTM(UNITS, return_sequences=True))(x)
    x = layers.Bidirectional(layers.LSTM(UNITS))(x)
    return keras.Model(inputs, layers.Dense(case.sizes[-1], activation="softmax")(x))


def torch_network(case: Any) -> Any:
    """The same with torch's own layers."""
    import torch
    from torch import nn

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(VOCABULARY, SIZE)
            self.recurrent = nn.LSTM(SIZE, UNITS, num_layers=2, bidirectional=True, batch_first=True)
            self.head = nn.Linear(2 * UNITS, case.sizes[-1])

        def forward(self, x: Any) -> Any:
            last = self.recurrent(self.words(x))[1][0]
            return self.head(torch.cat([last[-2], last[-1]], 1))

    return Network()


def jax_network(case: Any) -> tuple[Any, Any]:
    """Weights by name, and the forward pass with a `lax.scan` for each direction."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    generator = np.random.default_rng(0)

    def matrix(inside: int, outside: int) -> Any:
        limit = np.sqrt(6 / (inside + outside))
        return jnp.asarray(generator.uniform(-limit, limit, (inside, outside)), "float32")

    def lstm(inside: int) -> dict[str, Any]:
        return {"kernel": matrix(inside, 4 * UNITS), "recurrent": matrix(UNITS, 4 * UNITS), "bias": jnp.zeros(4 * UNITS)}

    weights = {
        "words": jnp.asarray(generator.uniform(-0.05, 0.05, (VOCABULARY, SIZE)), "float32"),
        "layers": [[lstm(SIZE), lstm(SIZE)], [lstm(2 * UNITS), lstm(2 * UNITS)]],
        "head": (matrix(2 * UNITS, case.sizes[-1]), jnp.zeros(case.sizes[-1])),
    }

    def run(layer: Any, x: Any, is_backward: bool) -> Any:
        """The last output and all outputs; time comes first."""

        def step(state: Any, z: Any) -> Any:
            h, c = state
            i, f, g, o = jnp.split(z + h @ layer["recurrent"], 4, axis=1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((x.shape[1], UNITS))
        (h, _), outputs = jax.lax.scan(step, (zeros, zeros), x @ layer["kernel"] + layer["bias"], reverse=is_backward)
        return h, outputs

    def forward(weights: Any, x: Any, key: Any) -> Any:
        x = jnp.swapaxes(weights["words"][x], 0, 1)
        for pair in weights["layers"]:
            ahead, back = run(pair[0], x, False), run(pair[1], x, True)
            x = jnp.concatenate([ahead[1], back[1]], axis=-1)
        kernel, bias = weights["head"]
        return jnp.concatenate([ahead[0], back[0]], axis=-1) @ kernel + bias

    return weights, forward
