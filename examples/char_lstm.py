"""Learns to write like Python's reference manual, character by character, with an LSTM.

    python examples/char_lstm.py [--epochs 4] [--seed 0] [--quick]

The text, 460,000 characters, is `pydoc_data.topics`, which comes with Python.
"""

import argparse

import numpy as np
from pydoc_data.topics import topics

import keraunos as keras
from keraunos import layers

LENGTH = 64


def read_text():
    """All topics as one line of lower-case text with single blanks."""
    return " ".join(" ".join(topics[name].split()) for name in sorted(topics)).lower()


def windows(codes):
    """Rows of LENGTH characters, and for each character the one that follows."""
    count = (len(codes) - 1) // LENGTH
    x = codes[: count * LENGTH].reshape(count, LENGTH)
    y = codes[1 : count * LENGTH + 1].reshape(count, LENGTH)
    return x, y


def build_model(size, units):
    return keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(size, 32),
            layers.LSTM(units, return_sequences=True),
            layers.Dense(size),
        ]
    )


def write(model, alphabet, begin, length, temperature, generator):
    """Continues `begin`, drawing each character from the probabilities that the model gives."""
    place = {letter: i for i, letter in enumerate(alphabet)}
    codes = [place[letter] for letter in begin]
    for _ in range(length):
        window = np.asarray(codes[-LENGTH:], "int32").reshape(1, -1)
        scores = np.asarray(model(window))[0, -1] / temperature
        chances = np.exp(scores - scores.max())
        codes.append(int(generator.choice(len(alphabet), p=chances / chances.sum())))
    return "".join(alphabet[code] for code in codes)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--units", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a part of the text and a small network, to see that it runs")
    options = parser.parse_args()
    text = read_text()
    if options.quick:
        options.epochs, options.units, text = 2, 48, text[:120000]

    keras.utils.set_random_seed(options.seed)
    alphabet = sorted(set(text))
    place = {letter: i for i, letter in enumerate(alphabet)}
    codes = np.array([place[letter] for letter in text], "int32")
    split = len(codes) * 9 // 10
    x_train, y_train = windows(codes[:split])
    x_test, y_test = windows(codes[split:])
    print(f"{len(text)} characters of {len(alphabet)} kinds")

    model = build_model(len(alphabet), options.units)
    model.compile(
        optimizer=keras.optimizers.Adam(0.005),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x_train, y_train, batch_size=32, epochs=options.epochs, verbose=2)
    loss, accuracy = model.evaluate(x_test, y_test, batch_size=64, verbose=0)
    print(f"test: {loss / np.log(2):.3f} bits for each character, {accuracy:.3f} of them guessed")
    print(write(model, alphabet, "the statement ", 40 if options.quick else 200, 0.7, np.random.default_rng(options.seed)))


if __name__ == "__main__":
    main()
