"""Removes noise from images of clothing with a convolutional autoencoder.

    python examples/conv_autoencoder.py [--epochs 4] [--samples 10000] [--seed 0] [--output .] [--quick]

Nothing is downloaded: Debian and Ubuntu have the data in the package dataset-fashion-mnist, or see `--data`. Writes
conv_autoencoder.png: noisy images, what the network makes of them, and the originals.
"""

import argparse
import os

import numpy as np

import keraunos as keras
from keraunos import layers


def build_model():
    inputs = keras.Input((28, 28, 1))
    x = layers.Conv2D(32, 3, activation="relu", padding="same")(inputs)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2D(32, 3, activation="relu", padding="same")(x)
    x = layers.MaxPooling2D(2, padding="same")(x)
    x = layers.Conv2DTranspose(32, 3, strides=2, activation="relu", padding="same")(x)
    x = layers.Conv2DTranspose(32, 3, strides=2, activation="relu", padding="same")(x)
    return keras.Model(inputs, layers.Conv2D(1, 3, activation="sigmoid", padding="same")(x))


def draw(rows, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    count = len(rows[0])
    figure, axes = pyplot.subplots(len(rows), count, figsize=(count, len(rows)))
    for line, images in zip(axes, rows, strict=True):
        for axis, image in zip(line, images, strict=True):
            axis.imshow(image[..., 0], cmap="gray_r", vmin=0, vmax=1)
            axis.axis("off")
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="the folder with the four files")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--samples", type=int, default=10000, help="how many of the training images to use")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default=".", help="the folder for conv_autoencoder.png")
    parser.add_argument("--quick", action="store_true", help="few images and epochs, to see that it runs")
    options = parser.parse_args()
    if options.quick:
        options.epochs, options.samples = 2, 4000

    keras.utils.set_random_seed(options.seed)
    source = {} if options.data is None else {"path": options.data}
    (x_train, _), (x_test, _) = keras.datasets.fashion_mnist.load_data(**source)
    x_train = x_train[: options.samples, ..., None].astype("float32") / 255
    x_test = x_test[:2000, ..., None].astype("float32") / 255
    generator = np.random.default_rng(options.seed)
    noisy_train, noisy_test = (
        np.clip(x + 0.4 * generator.standard_normal(x.shape, "float32"), 0, 1) for x in (x_train, x_test)
    )

    model = build_model()
    model.compile(optimizer="adam", loss="binary_crossentropy")
    model.fit(noisy_train, x_train, batch_size=64, epochs=options.epochs, verbose=2)
    restored = model.predict(noisy_test, batch_size=256, verbose=0)
    print(f"mean squared error: {np.mean((noisy_test - x_test) ** 2):.4f} with noise, {np.mean((restored - x_test) ** 2):.4f} restored")
    os.makedirs(options.output, exist_ok=True)
    draw([noisy_test[:10], restored[:10], x_test[:10]], os.path.join(options.output, "conv_autoencoder.png"))


if __name__ == "__main__":
    main()
