"""The simple convolutional network of Keras's `mnist_convnet` example, on Fashion-MNIST.

    python examples/mnist_convnet.py [--epochs 5] [--samples 60000] [--seed 0] [--quick]

Nothing is downloaded: Debian and Ubuntu have the data in the package dataset-fashion-mnist, or see `--data`.
"""

import argparse

import keraunos as keras
from keraunos import layers


def build_model(input_shape=(28, 28, 1), num_classes=10):
    return keras.Sequential(
        [
            keras.Input(input_shape),
            layers.Conv2D(32, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Conv2D(64, kernel_size=(3, 3), activation="relu"),
            layers.MaxPooling2D(pool_size=(2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(num_classes, activation="softmax"),
        ]
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="the folder with the four files")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--samples", type=int, default=60000, help="how many of the training images to use")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few images and one epoch, to see that it runs")
    options = parser.parse_args()
    if options.quick:
        options.epochs, options.samples = 1, 6000

    keras.utils.set_random_seed(options.seed)
    source = {} if options.data is None else {"path": options.data}
    (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data(**source)
    x_train = x_train[: options.samples, ..., None].astype("float32") / 255
    x_test = x_test[..., None].astype("float32") / 255
    y_train = keras.utils.to_categorical(y_train[: options.samples], 10)
    y_test = keras.utils.to_categorical(y_test, 10)

    model = build_model()
    model.summary()
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    model.fit(x_train, y_train, batch_size=128, epochs=options.epochs, verbose=2)
    loss, accuracy = model.evaluate(x_test, y_test, batch_size=256, verbose=0)
    print(f"test loss: {loss:.4f}, test accuracy: {accuracy:.4f}")


if __name__ == "__main__":
    main()
