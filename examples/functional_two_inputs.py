"""Two inputs, a shared layer and two outputs: are two points alike, and how far apart are they?

    python examples/functional_two_inputs.py [--epochs 20]
"""

import argparse

import numpy as np

import keraunos as keras


def build_model():
    left, right = keras.Input((2,), name="left"), keras.Input((2,), name="right")
    shared = keras.layers.Dense(32, activation="relu", name="shared")
    difference = keras.layers.Subtract()([shared(left), shared(right)])
    features = keras.layers.Dense(32, activation="relu")(difference)
    alike = keras.layers.Dense(1, activation="sigmoid", name="alike")(features)
    distance = keras.layers.Dense(1, name="distance")(features)
    return keras.Model({"left": left, "right": right}, {"alike": alike, "distance": distance})


def make_data(count, seed):
    generator = np.random.default_rng(seed)
    left, right = generator.uniform(-1, 1, (2, count, 2)).astype("float32")
    distance = np.linalg.norm(left - right, axis=1, keepdims=True)
    return {"left": left, "right": right}, {"alike": (distance < 0.8).astype("float32"), "distance": distance}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    options = parser.parse_args()

    keras.utils.set_random_seed(0)
    model = build_model()
    model.compile(
        optimizer=keras.optimizers.Adam(0.003),
        loss={"alike": "binary_crossentropy", "distance": "mse"},
        loss_weights={"alike": 1.0, "distance": 2.0},
        metrics={"alike": ["accuracy"], "distance": ["mae"]},
    )
    x, y = make_data(4000, seed=1)
    model.fit(x, y, batch_size=64, epochs=options.epochs, verbose=2)
    scores = model.evaluate(*make_data(1000, seed=2), verbose=0, return_dict=True)
    print(f"alike: {scores['alike_accuracy']:.3f} right; distance: off by {scores['distance_mae']:.3f} on average")


if __name__ == "__main__":
    main()
