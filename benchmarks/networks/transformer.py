"""A transformer classifier of texts: embeddings of words and positions, one block, global average, two dense layers."""

from __future__ import annotations

from typing import Any

LENGTH, VOCABULARY, SIZE, HEADS, HIDDEN, HEAD, RATE = 200, 20000, 32, 2, 32, 20, 0.1
EPSILON = 1e-6  # of the layer normalizations


def data(case: Any, generator: Any, count: int) -> tuple[Any, Any]:
    """Texts of words drawn at random, and classes."""
    x = generator.integers(0, VOCABULARY, size=(count, LENGTH)).astype("int32")
    return x, generator.integers(0, case.sizes[-1], size=count).astype("int32")


def keras_model(case: Any, keras: Any) -> Any:
    """The model as Keras's own example has it: each head of the size of the embeddings."""
    layers = keras.layers

    class Embeddings(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.words = layers.Embedding(VOCABULARY, SIZE)
            self.positions = layers.Embedding(LENGTH, SIZE)

        def call(self, x: Any) -> Any:
            return self.words(x) + self.positions(keras.ops.arange(LENGTH))

    inputs = keras.Input((LENGTH,), dtype="int32")
    x = Embeddings()(inputs)
    attended = layers.Dropout(RATE)(layers.MultiHeadAttention(HEADS, SIZE)(x, x))
    x = layers.LayerNormalization(epsilon=EPSILON)(layers.Add()([x, attended]))
    hidden = layers.Dense(SIZE)(layers.Dense(HIDDEN, activation="relu")(x))
    x = layers.LayerNormalization(epsilon=EPSILON)(layers.Add()([x, layers.Dropout(RATE)(hidden)]))
    x = layers.Dropout(RATE)(keras.ops.mean(x, axis=1))
    x = layers.Dropout(RATE)(layers.Dense(HEAD, activation="relu")(x))
    return keras.Model(inputs, layers.Dense(case.sizes[-1], activation="softmax")(x))


def torch_network(case: Any) -> Any:
    """The same with torch's fused attention."""
    import torch
    from torch import nn

    class Attention(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inside = nn.Linear(SIZE, 3 * HEADS * SIZE)
            self.outside = nn.Linear(HEADS * SIZE, SIZE)

        def forward(self, x: Any) -> Any:
            parts = self.inside(x).view(-1, LENGTH, 3, HEADS, SIZE).permute(2, 0, 3, 1, 4)
            y = nn.functional.scaled_dot_product_attention(*parts)
            return self.outside(y.transpose(1, 2).reshape(-1, LENGTH, HEADS * SIZE))

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.positions = nn.Embedding(VOCABULARY, SIZE), nn.Embedding(LENGTH, SIZE)
            self.attention = Attention()
            self.norms = nn.ModuleList(nn.LayerNorm(SIZE, eps=EPSILON) for _ in range(2))
            self.hidden = nn.Sequential(nn.Linear(SIZE, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, SIZE), nn.Dropout(RATE))
            self.dropout = nn.Dropout(RATE)
            self.head = nn.Sequential(
                nn.Dropout(RATE),
                nn.Linear(SIZE, HEAD),
                nn.ReLU(),
                nn.Dropout(RATE),
                nn.Linear(HEAD, case.sizes[-1]),
            )

        def forward(self, x: Any) -> Any:
            x = self.words(x) + self.positions(torch.arange(LENGTH))
            x = self.norms[0](x + self.dropout(self.attention(x)))
            x = self.norms[1](x + self.hidden(x))
            return self.head(x.mean(dim=1))

    return Network()


def jax_network(case: Any) -> tuple[Any, Any]:
    """Weights by name, and the forward pass as one function of them."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    generator = np.random.default_rng(0)

    def dense(inside: int, outside: int) -> dict[str, Any]:
        limit = np.sqrt(6 / (inside + outside))
        kernel = generator.uniform(-limit, limit, (inside, outside))
        return {"kernel": jnp.asarray(kernel, "float32"), "bias": jnp.zeros(outside)}

    def table(rows: int) -> Any:
        return jnp.asarray(generator.uniform(-0.05, 0.05, (rows, SIZE)), "float32")

    weights = {
        "words": table(VOCABULARY),
        "positions": table(LENGTH),
        "inside": dense(SIZE, 3 * HEADS * SIZE),
        "outside": dense(HEADS * SIZE, SIZE),
        "norms": [(jnp.ones(SIZE), jnp.zeros(SIZE)) for _ in range(2)],
        "hidden": [dense(SIZE, HIDDEN), dense(HIDDEN, SIZE)],
        "head": [dense(SIZE, HEAD), dense(HEAD, case.sizes[-1])],
    }

    def forward(weights: Any, x: Any, key: Any) -> Any:
        def apply(layer: Any, x: Any) -> Any:
            return x @ layer["kernel"] + layer["bias"]

        def dropped(x: Any, i: int) -> Any:
            if key is None:
                return x
            kept = jax.random.bernoulli(jax.random.fold_in(key, i), 1 - RATE, x.shape)
            return jnp.where(kept, x / (1 - RATE), 0.0)

        def normal(x: Any, norm: Any) -> Any:
            mean = x.mean(-1, keepdims=True)
            return (x - mean) * jax.lax.rsqrt(x.var(-1, keepdims=True) + EPSILON) * norm[0] + norm[1]

        x = weights["words"][x] + weights["positions"]
        parts = apply(weights["inside"], x).reshape(len(x), LENGTH, 3, HEADS, SIZE)
        y = jax.nn.dot_product_attention(parts[:, :, 0], parts[:, :, 1], parts[:, :, 2])
        x = normal(x + dropped(apply(weights["outside"], y.reshape(len(x), LENGTH, HEADS * SIZE)), 0), weights["norms"][0])
        hidden = apply(weights["hidden"][1], jax.nn.relu(apply(weights["hidden"][0], x)))
        x = normal(x + dropped(hidden, 1), weights["norms"][1])
        x = jax.nn.relu(apply(weights["head"][0], dropped(x.mean(1), 2)))
        return apply(weights["head"][1], dropped(x, 3))

    return weights, forward
