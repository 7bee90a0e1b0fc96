"""ResNet-20 (He et al. 2015, section 4.2: three stages of three blocks with 16, 32 and 64 channels) on Fashion-MNIST.

    python examples/resnet_fashion.py [--epochs 3] [--samples 12000] [--seed 0] [--quick]

Nothing is downloaded: Debian and Ubuntu have the data in the package dataset-fashion-mnist, or see `--data`.
"""

import argparse

import keraunos as keras
from keraunos import layers


def convolution(x, filters, strides=1, activation="relu"):
    x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal")(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.Activation(activation)(x)


def block(x, filters, strides):
    y = convolution(x, filters, strides)
    y = convolution(y, filters, activation="linear")
    if strides != 1:
        x = layers.Conv2D(filters, 1, strides=strides, use_bias=False, kernel_initializer="he_normal")(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(layers.Add()([x, y]))


def build_model(blocks=3):
    inputs = keras.Input((28, 28, 1))
    x = layers.Rescaling(1 / 255, offset=-0.5)(inputs)
    x = convolution(x, 16)
    for filters in (16, 32, 64):
        for i in range(blocks):
            x = block(x, filters, strides=2 if i == 0 and filters > 16 else 1)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10)(x), name=f"resnet{6 * blocks + 2}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="the folder with the four files")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--samples", type=int, default=12000, help="how many of the training images to use")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="few images and one block in each stage, to see that it runs")
    options = parser.parse_args()
    if options.quick:
        options.epochs, options.samples = 2, 1500

    keras.utils.set_random_seed(options.seed)
    source = {} if options.data is None else {"path": options.data}
    (x_train, y_train), (x_test, y_test) = keras.datasets.fashion_mnist.load_data(**source)
    x_train, y_train = x_train[: options.samples, ..., None].astype("float32"), y_train[: options.samples].astype("int32")
    x_test, y_test = x_test[..., None].astype("float32"), y_test.astype("int32")

    model = build_model(1 if options.quick else 3)
    batch = 64
    steps = options.epochs * -(-len(x_train) // batch)
    rate = keras.optimizers.schedules.CosineDecay(0.05, decay_steps=steps)
    model.compile(
        optimizer=keras.optimizers.SGD(rate, momentum=0.9, nesterov=True),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    model.fit(x_train, y_train, batch_size=batch, epochs=options.epochs, verbose=2)
    shown = 2000 if options.quick else len(x_test)
    _, accuracy = model.evaluate(x_test[:shown], y_test[:shown], batch_size=256, verbose=0)
    print(f"test accuracy: {accuracy:.4f}")


if __name__ == "__main__":
    main()
