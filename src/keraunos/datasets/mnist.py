"""MNIST: handwritten digits, 28 x 28 pixels."""

import numpy as np

from keraunos.datasets.files import find

_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path="mnist.npz"):
    """Returns the MNIST data set of Y. LeCun and C. Cortes (CC BY-SA 3.0).

    Args:
        path: path of `mnist.npz`, or its name in `~/.keras/datasets`.

    Returns:
        `(x_train, y_train), (x_test, y_test)` of dtype `uint8` and shapes `(60000, 28, 28)`,
        `(60000,)`, `(10000, 28, 28)`, `(10000,)`.

    Raises:
        FileNotFoundError: if the file is not there. Nothing is downloaded.
    """
    path = find(path, "mnist.npz", _SHA256)
    with np.load(path, allow_pickle=False) as file:
        return (file["x_train"], file["y_train"]), (file["x_test"], file["y_test"])
