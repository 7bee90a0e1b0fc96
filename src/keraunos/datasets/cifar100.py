"""CIFAR-100: 32 x 32 colour images of 100 classes in 20 groups."""

import os

from keraunos.datasets.cifar import arrange, read_batch, read_binary
from keraunos.datasets.files import find_folder

_ORIGIN = "https://www.cs.toronto.edu/~kriz/"
_FOLDERS = (
    "cifar-100-python-target/cifar-100-python",
    "cifar-100-python",
    "cifar-100-binary",
)


def load_data(label_mode="fine", path=None):
    """Returns the CIFAR-100 data set of A. Krizhevsky.

    Args:
        label_mode: `"fine"` for the 100 classes, `"coarse"` for the 20 groups.
        path: folder with the unpacked files of the Python or of the binary version. By default a folder
            of the usual name in `~/.keras/datasets`.

    Returns:
        `(x_train, y_train), (x_test, y_test)` with images of dtype `uint8` and shapes
        `(50000, 32, 32, 3)`, `(50000, 1)`, `(10000, 32, 32, 3)`, `(10000, 1)`.

    Raises:
        ValueError: for another `label_mode`.
        FileNotFoundError: if the folder is not there. Nothing is downloaded.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(
            '`label_mode` must be one of `"fine"`, `"coarse"`. '
            f"Received: label_mode={label_mode}."
        )
    folder = find_folder(path, _FOLDERS, "cifar-100-python.tar.gz", _ORIGIN)
    if os.path.exists(os.path.join(folder, "test.bin")):
        index = 1 if label_mode == "fine" else 0
        parts = [
            read_binary(os.path.join(folder, f"{name}.bin"), 2, index) for name in ("train", "test")
        ]
    else:
        parts = [read_batch(folder, name, f"{label_mode}_labels") for name in ("train", "test")]
    return arrange(*[(images, labels.astype("int64")) for images, labels in parts])
