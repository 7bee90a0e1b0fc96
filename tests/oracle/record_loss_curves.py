"""Records the loss curves of real Keras into `tests/data/loss_curves.npz`.

    KERAS_BACKEND=torch python tests/oracle/record_loss_curves.py
"""

import os

import keras
import numpy as np
from loss_curve_models import CURVES, run

TARGET = os.path.join(os.path.dirname(__file__), "..", "data", "loss_curves.npz")


def main():
    curves = {}
    for model, optimizer in CURVES:
        curves[f"{model}/{optimizer}"] = np.asarray(run(keras, model, optimizer), "float32")
    np.savez_compressed(TARGET, keras_version=keras.__version__, **curves)


if __name__ == "__main__":
    main()
