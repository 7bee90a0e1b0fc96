"""Tells the topic of a saying with a transformer: six shelves of the Unix `fortune` collection.

    python examples/transformer_text.py [--epochs 12] [--seed 0] [--data /usr/share/games/fortunes] [--quick]

The texts, about 4,800 of them, are Debian's and Ubuntu's packages `fortunes` and `fortunes-min` (any other folder of
`fortune` files will do, see `--data`). Many are ambiguous even to a reader; always guessing the largest shelf gives 0.25.
"""

import argparse
import os
import re

import numpy as np

import keraunos as keras
from keraunos import layers, ops

TOPICS = ["art", "computers", "definitions", "politics", "science", "songs-poems"]
WORDS, LENGTH = 8000, 80


class TokenAndPosition(layers.Layer):
    """The sum of what a word and its place mean."""

    def __init__(self, length, words, size, **kwargs):
        super().__init__(**kwargs)
        self.words = layers.Embedding(words, size)
        self.places = layers.Embedding(length, size)

    def call(self, x):
        return self.words(x) + self.places(ops.arange(ops.shape(x)[-1]))


class TransformerBlock(layers.Layer):
    """Attention, then two dense layers, each with a bypass and a normalization."""

    def __init__(self, size, heads, hidden, rate=0.1, **kwargs):
        super().__init__(**kwargs)
        self.attention = layers.MultiHeadAttention(num_heads=heads, key_dim=size // heads)
        self.dense = keras.Sequential([layers.Dense(hidden, activation="relu"), layers.Dense(size)])
        self.first_norm = layers.LayerNormalization(epsilon=1e-6)
        self.second_norm = layers.LayerNormalization(epsilon=1e-6)
        self.first_dropout = layers.Dropout(rate)
        self.second_dropout = layers.Dropout(rate)

    def call(self, x):
        x = self.first_norm(x + self.first_dropout(self.attention(x, x)))
        return self.second_norm(x + self.second_dropout(self.dense(x)))


def build_model(size=64, heads=2, hidden=64):
    inputs = keras.Input((LENGTH,), dtype="int32")
    x = TokenAndPosition(LENGTH, WORDS, size)(inputs)
    x = TransformerBlock(size, heads, hidden)(x)
    x = layers.GlobalAveragePooling1D()(x)
    x = layers.Dropout(0.3)(x)
    x = layers.Dense(32, activation="relu")(x)
    x = layers.Dropout(0.3)(x)
    return keras.Model(inputs, layers.Dense(len(TOPICS), activation="softmax")(x))


def read_texts(folder):
    texts, topics = [], []
    for number, topic in enumerate(TOPICS):
        path = os.path.join(folder, topic)
        if not os.path.exists(path):
            raise SystemExit(f"{path} does not exist. Debian and Ubuntu: apt-get install fortunes fortunes-min")
        with open(path, encoding="utf-8", errors="replace") as file:
            found = [text for text in file.read().split("\n%\n") if text.strip()]
        texts += found
        topics += [number] * len(found)
    return texts, np.array(topics, "int32")


def tokens(text):
    return re.findall(r"[a-z']+|[0-9]+|[^\sa-z0-9]", text.lower())


def encode(texts, words):
    """Numbers of words: 0 fills up, 1 is any word that is not known."""
    place = {word: i + 2 for i, word in enumerate(words)}
    rows = np.zeros((len(texts), LENGTH), "int32")
    for row, text in zip(rows, texts, strict=True):
        codes = [place.get(word, 1) for word in tokens(text)[:LENGTH]]
        row[: len(codes)] = codes
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", default="/usr/share/games/fortunes", help="the folder with the texts")
    parser.add_argument("--quick", action="store_true", help="a few epochs, to see that it runs")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    texts, y = read_texts(options.data)
    order = np.random.RandomState(1).permutation(len(texts))
    split = len(texts) * 8 // 10
    counts = {}
    for i in order[:split]:
        for word in tokens(texts[i]):
            counts[word] = counts.get(word, 0) + 1
    words = sorted(counts, key=lambda word: (-counts[word], word))[: WORDS - 2]
    x = encode(texts, words)
    x_train, y_train, x_test, y_test = x[order[:split]], y[order[:split]], x[order[split:]], y[order[split:]]

    model = build_model()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=32, epochs=4 if options.quick else options.epochs, verbose=2)
    _, accuracy = model.evaluate(x_test, y_test, batch_size=128, verbose=0)
    print(f"test accuracy: {accuracy:.4f} of {len(x_test)} texts")


if __name__ == "__main__":
    main()
