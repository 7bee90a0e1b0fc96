"""Fashion-MNIST: articles of clothing, 28 x 28 pixels."""

import os

from keraunos.datasets.files import find_folder
from keraunos.datasets.idx import read_idx

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# Of Debian's package `dataset-fashion-mnist`.
_SYSTEM_FOLDERS = ("/usr/share/datasets/fashion-mnist", "/usr/share/dataset-fashion-mnist")


def load_data(path=None):
    """Returns the Fashion-MNIST data set of Zalando Research (MIT licence).

    Args:
        path: folder with the four files `train-images-idx3-ubyte.gz`, `train-labels-idx1-ubyte.gz`,
            `t10k-images-idx3-ubyte.gz`, `t10k-labels-idx1-ubyte.gz` (also without `.gz`). By default
            `~/.keras/datasets/fashion-mnist`, then the folder of Debian's `dataset-fashion-mnist`.

    Returns:
        `(x_train, y_train), (x_test, y_test)` of dtype `uint8` and shapes `(60000, 28, 28)`,
        `(60000,)`, `(10000, 28, 28)`, `(10000,)`.

    Raises:
        FileNotFoundError: if a file is not there. Nothing is downloaded.
    """
    names = ("fashion-mnist", *_SYSTEM_FOLDERS)
    folder = find_folder(path, names, "{train,t10k}-{images-idx3,labels-idx1}-ubyte.gz", _ORIGIN, "dataset-fashion-mnist")
    parts = []
    for part in ("train", "t10k"):
        x = read_idx(os.path.join(folder, f"{part}-images-idx3-ubyte"))
        y = read_idx(os.path.join(folder, f"{part}-labels-idx1-ubyte"))
        parts.append((x, y))
    return tuple(parts)
