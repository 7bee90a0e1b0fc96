"""CIFAR-10: 32 x 32 colour images of 10 classes."""

import os

import numpy as np

from keraunos.datasets.cifar import arrange, read_batch, read_binary
from keraunos.datasets.files import find_folder

_ORIGIN = "https://www.cs.toronto.edu/~kriz/"
_FOLDERS = (
    "cifar-10-batches-py-target/cifar-10-batches-py",
    "cifar-10-batches-py",
    "cifar-10-batches-bin",
)


def load_data(path=None):
    """Returns the CIFAR-10 data set of A. Krizhevsky.

    Args:
        path: folder with the unpacked files of the Python or of the binary version. By default a folder
            of the usual name in `~/.keras/datasets`.

    Returns:
        `(x_train, y_train), (x_test, y_test)` of dtype `uint8` and shapes `(50000, 32, 32, 3)`,
        `(50000, 1)`, `(10000, 32, 32, 3)`, `(10000, 1)`.

    Raises:
        FileNotFoundError: if the folder is not there. Nothing is downloaded.
    """
    folder = find_folder(path, _FOLDERS, "cifar-10-python.tar.gz", _ORIGIN)
    if os.path.exists(os.path.join(folder, "test_batch.bin")):
        names = [f"data_batch_{i}.bin" for i in range(1, 6)] + ["test_batch.bin"]
        parts = [read_binary(os.path.join(folder, name), 1, 0) for name in names]
    else:
        names = [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]
        parts = [read_batch(folder, name, "labels") for name in names]
    *train, test = [(images, labels.astype("uint8")) for images, labels in parts]
    images, labels = zip(*train)
    return arrange((np.concatenate(images), np.concatenate(labels)), test)
