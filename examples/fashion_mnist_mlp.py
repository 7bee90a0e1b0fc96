"""Classifies Fashion-MNIST (70,000 images of 28x28 pixels) with a multilayer perceptron.

    python examples/fashion_mnist_mlp.py [--data FOLDER] [--epochs 5] [--samples 60000]

Nothing is downloaded: the four files are read from FOLDER or from Keras's usual cache folder. Debian and Ubuntu have
them in the package dataset-fashion-mnist.
"""

import argparse

import keraunos as keras


def build_model(dropout=0.2):
    model = keras.Sequential(
        [
            keras.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Rescaling(1 / 255),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dropout(dropout),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="the folder with the four files")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--samples", type=int, default=60000, help="how many of the training images to use")
    options = parser.parse_args()

    source = {} if options.data is None else {"path": options.data}
    (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data(**source)
    model = build_model()
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=2, restore_best_weights=True)
    model.fit(
        x_train[: options.samples],
        y_train[: options.samples],
        batch_size=128,
        epochs=options.epochs,
        validation_split=0.1,
        callbacks=[stop],
    )
    _, accuracy = model.evaluate(x_test, y_test, batch_size=256, verbose=0)
    print(f"test accuracy: {accuracy:.4f}")


if __name__ == "__main__":
    main()
