"""Trains a classifier of handwritten digits, saves it, and draws its learning curve.

    python examples/train_digits.py [--epochs 60] [--output .]

The data, 1,797 images of 8x8 pixels, comes with keraunos. Writes digits.keras and digits.png.
"""

import argparse
import os

import keraunos as keras


def build_model():
    return keras.Sequential(
        [
            keras.Input((8, 8)),
            keras.layers.Flatten(),
            keras.layers.Rescaling(1 / 16),
            keras.layers.GaussianNoise(0.1),
            keras.layers.Dense(256, activation="relu"),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(128, activation="relu"),
            keras.layers.Dropout(0.4),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )


def draw(history, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(6, 4))
    axis.plot(history.history["accuracy"], label="training")
    axis.plot(history.history["val_accuracy"], label="validation")
    axis.set(xlabel="epoch", ylabel="accuracy", title="Handwritten digits")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--output", default=".", help="the folder for digits.keras and digits.png")
    options = parser.parse_args()

    keras.utils.set_random_seed(2)
    (x_train, y_train), (x_test, y_test) = keras.datasets.digits.load_data()
    model = build_model()
    steps = options.epochs * (len(x_train) * 9 // 10) // 32
    rate = keras.optimizers.schedules.CosineDecay(0.002, decay_steps=steps)
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    history = model.fit(x_train, y_train, batch_size=32, epochs=options.epochs, validation_split=0.1)

    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test accuracy: {accuracy:.4f}")
    os.makedirs(options.output, exist_ok=True)
    model.save(os.path.join(options.output, "digits.keras"))
    draw(history, os.path.join(options.output, "digits.png"))
    print(f"wrote digits.keras and digits.png to {os.path.abspath(options.output)}")


if __name__ == "__main__":
    main()
