"""Forecasts the carbon dioxide of the air over Mauna Loa 13 weeks ahead with a GRU.

    python examples/gru_co2.py [--epochs 30] [--seed 0] [--output .] [--quick]

The weekly measurements of 1958-2001 come with the package statsmodels (extra `examples`). Writes gru_co2.png.
"""

import argparse
import os

import numpy as np

import keraunos as keras
from keraunos import layers

WEEKS, AHEAD = 104, 13


def read_series():
    from statsmodels.datasets import co2

    return co2.load_pandas().data["co2"].interpolate().to_numpy("float32")


def windows(series):
    """Two years of weeks relative to the last one, and how much the value AHEAD weeks later differs from it."""
    starts = np.arange(len(series) - WEEKS - AHEAD + 1)
    rows = series[starts[:, None] + np.arange(WEEKS)]
    last = rows[:, -1:]
    target = series[starts + WEEKS - 1 + AHEAD]
    return (rows - last)[..., None], target - last[:, 0], last[:, 0]


def build_model():
    return keras.Sequential(
        [
            keras.Input((WEEKS, 1)),
            layers.Rescaling(1 / 3),
            layers.GRU(32),
            layers.Dense(1),
        ]
    )


def draw(truth, guess, path):
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(8, 4))
    axis.plot(truth, label="measured")
    axis.plot(guess, label=f"forecast {AHEAD} weeks before")
    axis.set(xlabel="week", ylabel="CO2 (ppm)", title="Mauna Loa, the last years")
    axis.grid(alpha=0.3)
    axis.legend()
    figure.savefig(path, dpi=120, bbox_inches="tight")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", default=".", help="the folder for gru_co2.png")
    parser.add_argument("--quick", action="store_true", help="a few epochs, to see that it runs")
    options = parser.parse_args()

    keras.utils.set_random_seed(options.seed)
    series = read_series()
    split = len(series) * 8 // 10
    x_train, y_train, _ = windows(series[:split])
    x_test, y_test, last = windows(series[split - WEEKS :])
    model = build_model()
    epochs = 5 if options.quick else options.epochs
    rate = keras.optimizers.schedules.CosineDecay(0.01, decay_steps=epochs * -(-len(x_train) // 64))
    model.compile(optimizer=keras.optimizers.Adam(rate), loss="mse", metrics=["mae"])
    model.fit(x_train, y_train, batch_size=64, epochs=epochs, verbose=2)
    guess = model.predict(x_test, batch_size=256, verbose=0)[:, 0]
    print(f"forecast off by {np.mean(np.abs(guess - y_test)):.3f} ppm; no change would be off by {np.mean(np.abs(y_test)):.3f} ppm")
    os.makedirs(options.output, exist_ok=True)
    draw(y_test + last, guess + last, os.path.join(options.output, "gru_co2.png"))


if __name__ == "__main__":
    main()
