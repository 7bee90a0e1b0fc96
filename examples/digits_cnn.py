"""Classifies handwritten digits of 8x8 pixels with a small convolutional network.

    python examples/digits_cnn.py [--epochs 30] [--seed 0] [--output .] [--quick]

The data, 1,797 images, comes with keraunos. Writes digits_cnn.png: images that the network takes for another digit.
"""

import argparse
import os

import numpy as np

import keraunos as keras
from keraunos import layers


def build_model():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Rescaling(1 / 16),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.BatchNormalization(momentum=0.9),
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax"),
        ]
    )


def draw_mistakes(x, truth, guess, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    wrong = np.flatnonzero(truth != guess)[:12]
    figure, axes = pyplot.subplots(2, 6, figsize=(9, 3.6), squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for axis, i in zip(axes.flat, wrong, strict=False):
        axis.imshow(x[i, :, :, 0], cmap="gray_r")
        axis.set_title(f"{truth[i]}, taken for {guess[i]}", fontsize=8)
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default=".", help="the folder for digits_cnn.png")
    parser.add_argument("--quick", action="store_true", help="a few epochs, to see that it runs")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    x_train, x_test = x_train[..., None].astype("float32"), x_test[..., None].astype("float32")
    model = build_model()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=32, epochs=8 if options.quick else options.epochs, verbose=2)
    guess = model.predict(x_test, batch_size=256, verbose=0).argmax(axis=1)
    print(f"test accuracy: {np.mean(guess == y_test):.4f}")
    os.makedirs(options.output, exist_ok=True)
    draw_mistakes(x_test, y_test, guess, os.path.join(options.output, "digits_cnn.png"))


if __name__ == "__main__":
    main()
