"""Files of the CIFAR data sets."""

import os

import numpy as np

from keraunos import config
from keraunos.datasets.plain_objects import PlainObjectReader

_PIXELS = 3 * 32 * 32


def read_batch(folder, name, label_key):
    """Returns images `(rows, 3, 32, 32)` and labels `(rows,)` of a file of the Python version."""
    with open(os.path.join(folder, name), "rb") as file:
        batch = PlainObjectReader(file.read()).read()
    batch = {key.decode() if isinstance(key, bytes) else key: value for key, value in batch.items()}
    images = np.asarray(batch["data"], dtype="uint8").reshape(-1, 3, 32, 32)
    return images, np.asarray(batch[label_key])


def read_binary(path, label_count, label_index):
    """Returns images and labels of a file of the binary version.

    Args:
        path: path of the file.
        label_count: number of labels before every image.
        label_index: which of them.
    """
    data = np.fromfile(path, dtype="uint8")
    if data.size % (label_count + _PIXELS):
        raise ValueError(f"{path} is damaged: its {data.size} bytes are no whole number of rows")
    rows = data.reshape(-1, label_count + _PIXELS)
    return rows[:, label_count:].reshape(-1, 3, 32, 32), rows[:, label_index]


def arrange(train, test):
    """Returns the images in the configured layout, the labels as columns."""
    parts = []
    for images, labels in (train, test):
        if config.image_data_format() == "channels_last":
            images = images.transpose(0, 2, 3, 1)
        parts.append((images, labels.reshape(-1, 1)))
    return tuple(parts)
