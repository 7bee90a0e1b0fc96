"""The IDX file format of the MNIST family."""

import gzip
import os

import numpy as np


def read_idx(path):
    """Returns the array of bytes in an IDX file.

    Args:
        path: path without `.gz`; the packed file is taken if the plain one does not exist.

    Raises:
        FileNotFoundError: if there is neither.
        ValueError: if the file is damaged.
    """
    if os.path.exists(path):
        with open(path, "rb") as file:
            data = file.read()
    elif os.path.exists(f"{path}.gz"):
        with gzip.open(f"{path}.gz", "rb") as file:
            data = file.read()
    else:
        raise FileNotFoundError(f"Neither {path}.gz nor {path} exists")
    # Two zero bytes, the type (8: bytes), the number of axes, then the sizes (big-endian).
    if len(data) < 4 or data[:3] != b"\0\0\x08":
        raise ValueError(f"{path} is no IDX file of bytes. Received: it begins with {data[:4]!r}")
    rank = data[3]
    start = 4 + 4 * rank
    shape = tuple(int.from_bytes(data[4 + 4 * i : 8 + 4 * i], "big") for i in range(rank))
    if len(data) - start != int(np.prod(shape, dtype=object)):
        raise ValueError(
            f"{path} is damaged: the shape {shape} does not fit {len(data) - start} bytes"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)
