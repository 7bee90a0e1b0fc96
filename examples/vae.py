"""A variational autoencoder (Kingma & Welling 2013) with a train step of its own, on handwritten digits.

    python examples/vae.py [--epochs 60] [--seed 0] [--output .] [--quick]

The data comes with keraunos. Writes vae.png: digits decoded from a grid over the two numbers of the code.
"""

import argparse
import os

import numpy as np

import keraunos as keras
from keraunos import layers, ops

LATENT = 2


class Sampling(layers.Layer):
    """Draws a code from a normal distribution given by its mean and the logarithm of its variance."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)

    def call(self, inputs):
        mean, log_variance = inputs
        noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
        return mean + ops.exp(0.5 * log_variance) * noise


def build_encoder():
    inputs = keras.Input((8, 8, 1))
    x = layers.Conv2D(32, 3, activation="relu", strides=2, padding="same")(inputs)
    x = layers.Conv2D(64, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Flatten()(x)
    x = layers.Dense(32, activation="relu")(x)
    mean = layers.Dense(LATENT, name="mean")(x)
    log_variance = layers.Dense(LATENT, name="log_variance")(x)
    return keras.Model(inputs, [mean, log_variance, Sampling()([mean, log_variance])], name="encoder")


def build_decoder():
    inputs = keras.Input((LATENT,))
    x = layers.Dense(2 * 2 * 64, activation="relu")(inputs)
    x = layers.Reshape((2, 2, 64))(x)
    x = layers.Conv2DTranspose(64, 3, activation="relu", strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(32, 3, activation="relu", strides=2, padding="same")(x)
    return keras.Model(inputs, layers.Conv2DTranspose(1, 3, activation="sigmoid", padding="same")(x), name="decoder")


class VAE(keras.Model):
    """Encoder and decoder, trained on how well images come back and how normal their codes are."""

    def __init__(self, encoder, decoder, **kwargs):
        super().__init__(**kwargs)
        self.encoder = encoder
        self.decoder = decoder
        self.trackers = [keras.metrics.Mean(name=name) for name in ("loss", "reconstruction", "divergence")]

    @property
    def metrics(self):
        return self.trackers

    def losses_of(self, images):
        mean, log_variance, code = self.encoder(images)
        restored = self.decoder(code)
        crossentropy = keras.losses.binary_crossentropy(images, restored)
        reconstruction = ops.mean(ops.sum(crossentropy, axis=(1, 2)))
        divergence = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
        divergence = ops.mean(ops.sum(divergence, axis=1))
        return reconstruction + divergence, reconstruction, divergence

    def track(self, values):
        for tracker, value in zip(self.trackers, values, strict=True):
            tracker.update_state(value)
        return {tracker.name: tracker.result() for tracker in self.trackers}

    def train_step(self, images):
        with keras.GradientTape() as tape:
            values = self.losses_of(images)
        gradients = tape.gradient(values[0], self.trainable_weights)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_weights, strict=True))
        return self.track(values)

    def test_step(self, images):
        return self.track(self.losses_of(images))


def draw(decoder, path, count=15):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    grid = np.linspace(-2, 2, count, dtype="float32")
    codes = np.stack(np.meshgrid(grid, grid[::-1]), axis=-1).reshape(-1, 2)
    digits = decoder.predict(codes, verbose=0).reshape(count, count, 8, 8)
    figure, axis = pyplot.subplots(figsize=(6, 6))
    axis.imshow(digits.transpose(0, 2, 1, 3).reshape(count * 8, count * 8), cmap="gray_r")
    axis.axis("off")
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default=".", help="the folder for vae.png")
    parser.add_argument("--quick", action="store_true", help="a few epochs, to see that it runs")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    (x_train, _), (x_test, _) = keras.datasets.digits.load_data()
    x_train, x_test = (x[..., None].astype("float32") / 16 for x in (x_train, x_test))
    vae = VAE(build_encoder(), build_decoder())
    vae.compile(optimizer=keras.optimizers.Adam(0.002))
    vae.fit(x_train, epochs=6 if options.quick else options.epochs, batch_size=32, verbose=2)
    scores = vae.evaluate(x_test, batch_size=len(x_test), verbose=0, return_dict=True)
    print(f"test: loss {scores['loss']:.3f} = reconstruction {scores['reconstruction']:.3f} + divergence {scores['divergence']:.3f}")
    os.makedirs(options.output, exist_ok=True)
    draw(vae.decoder, os.path.join(options.output, "vae.png"))


if __name__ == "__main__":
    main()
