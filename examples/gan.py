"""A generative adversarial network (Goodfellow et al. 2014) with two optimizers and a training loop of its own.

    python examples/gan.py [--epochs 150] [--seed 0] [--output .] [--quick]

The data, handwritten digits of 8x8 pixels, comes with keraunos. Prints how near the generated digits come to real ones:
a classifier is trained on real digits and asked how sure it is of generated ones, and how many kinds there are.
Writes gan.png.
"""

import argparse
import os

import numpy as np

import keraunos as keras
from keraunos import layers, ops

LATENT, BATCH = 16, 64


def build_discriminator():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(64, 3, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(1),
        ],
        name="discriminator",
    )


def build_generator():
    return keras.Sequential(
        [
            keras.Input((LATENT,)),
            layers.Dense(4 * 4 * 64),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Reshape((4, 4, 64)),
            layers.Conv2DTranspose(64, 4, strides=2, padding="same"),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Conv2D(1, 3, padding="same", activation="sigmoid"),
        ],
        name="generator",
    )


def build_judge():
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ],
        name="judge",
    )


def make_train_step(generator, discriminator):
    """Returns the function that trains both networks on one batch, compiled."""
    generator_optimizer = keras.optimizers.Adam(2e-3, beta_1=0.5)
    discriminator_optimizer = keras.optimizers.Adam(1e-3, beta_1=0.5)
    generator_optimizer.build(generator.trainable_variables)
    discriminator_optimizer.build(discriminator.trainable_variables)
    crossentropy = keras.losses.BinaryCrossentropy(from_logits=True)

    def train_step(real, noise, other_noise):
        ones, zeros = ops.ones((BATCH, 1)), ops.zeros((BATCH, 1))
        with keras.GradientTape() as tape:
            of_real = discriminator(real, training=True)
            of_made = discriminator(generator(noise, training=True), training=True)
            discriminator_loss = crossentropy(0.9 * ones, of_real) + crossentropy(zeros, of_made)
        gradients = tape.gradient(discriminator_loss, discriminator.trainable_variables)
        discriminator_optimizer.apply(gradients, discriminator.trainable_variables)
        with keras.GradientTape() as tape:
            generator_loss = crossentropy(ones, discriminator(generator(other_noise, training=True), training=True))
        gradients = tape.gradient(generator_loss, generator.trainable_variables)
        generator_optimizer.apply(gradients, generator.trainable_variables)
        return discriminator_loss, generator_loss

    return keras.tracing.Function(train_step)


def train(generator, discriminator, x, epochs, seed):
    train_step = make_train_step(generator, discriminator)
    random = np.random.default_rng(seed)
    for epoch in range(epochs):
        order = random.permutation(len(x))
        losses = []
        for begin in range(0, len(x) - BATCH + 1, BATCH):
            noise = random.standard_normal((2, BATCH, LATENT), "float32")
            losses.append(train_step(x[order[begin : begin + BATCH]], noise[0], noise[1]))
        if epoch % 10 == 9 or epoch == epochs - 1:
            of_discriminator, of_generator = np.mean([[float(loss) for loss in pair] for pair in losses], axis=0)
            print(f"epoch {epoch + 1}: discriminator {of_discriminator:.3f}, generator {of_generator:.3f}")


def draw(images, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(6, 10, figsize=(8, 5))
    for axis, image in zip(axes.flat, images, strict=False):
        axis.imshow(image[..., 0], cmap="gray_r", vmin=0, vmax=1)
        axis.axis("off")
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default=".", help="the folder for gan.png")
    parser.add_argument("--quick", action="store_true", help="a few epochs, to see that it runs")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (x_train, y_train), (x_test, _) = keras.datasets.digits.load_data()
    x_train, x_test = (x[..., None].astype("float32") / 16 for x in (x_train, x_test))
    generator, discriminator, judge = build_generator(), build_discriminator(), build_judge()
    train(generator, discriminator, x_train, 10 if options.quick else options.epochs, options.seed)

    judge.compile(optimizer="adam", loss="sparse_categorical_crossentropy")
    judge.fit(x_train, y_train, epochs=20, verbose=0)
    made = generator.predict(np.random.default_rng(0).standard_normal((1000, LATENT), "float32"), verbose=0)
    opinions = judge.predict(made, verbose=0)
    kinds = np.bincount(opinions.argmax(axis=1), minlength=10)
    sure_of_real = judge.predict(x_test, verbose=0).max(axis=1).mean()
    print(f"the judge is sure to {opinions.max(axis=1).mean():.3f} of generated digits, to {sure_of_real:.3f} of real ones")
    print(f"kinds of digits with at least 2 %: {np.sum(kinds >= 20)} of 10")
    os.makedirs(options.output, exist_ok=True)
    draw(made, os.path.join(options.output, "gan.png"))


if __name__ == "__main__":
    main()
