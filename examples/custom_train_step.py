"""A train step of one's own: an autoencoder trained with noise on its inputs and a penalty on its code.

    python examples/custom_train_step.py [--epochs 10]

The Python code below runs once; what it does is compiled into one native train step.
"""

import argparse

import keraunos as keras
from keraunos import ops


class DenoisingAutoencoder(keras.Model):
    """Restores digits from noisy ones."""

    def __init__(self, code_size, noise):
        super().__init__()
        self.noise = noise
        self.seed = keras.random.SeedGenerator(7)
        self.encoder = keras.layers.Dense(code_size, activation="relu")
        self.decoder = keras.layers.Dense(64, activation="sigmoid")
        self.error = keras.metrics.Mean(name="error")

    @property
    def metrics(self):
        return [self.error]

    def call(self, x):
        return self.decoder(self.encoder(x))

    def train_step(self, x):
        noisy = x + keras.random.normal(ops.shape(x), stddev=self.noise, seed=self.seed)
        with keras.GradientTape() as tape:
            code = self.encoder(noisy)
            error = ops.mean(ops.square(self.decoder(code) - x))
            loss = error + 1e-4 * ops.mean(ops.abs(code))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.error.update_state(error)
        return {"error": self.error.result()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()

    keras.utils.set_random_seed(0)
    (x, _), _ = keras.datasets.digits.load_data()
    x = x.reshape(len(x), 64).astype("float32") / 16
    model = DenoisingAutoencoder(code_size=32, noise=0.1)
    model.compile(optimizer="adam")
    history = model.fit(x, batch_size=32, epochs=options.epochs, verbose=2)
    print(f"error: {history.history['error'][0]:.4f} -> {history.history['error'][-1]:.4f}")


if __name__ == "__main__":
    main()
