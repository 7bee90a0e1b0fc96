"""California housing: median prices of districts in 1990."""

import numpy as np

from keraunos.datasets.files import check_test_split, find, split

_SHA256 = "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
_SMALL_ROWS = 600


def load_data(version="large", path="california_housing.npz", test_split=0.2, seed=113):
    """Returns the California housing data set (Pace and Barry 1997).

    Args:
        version: `"large"` for 20,640 districts, `"small"` for the first 600.
        path: path of `california_housing.npz`, or its name in `~/.keras/datasets`.
        test_split: part of the rows used for testing.
        seed: seed of the shuffling.

    Returns:
        `(x_train, y_train), (x_test, y_test)` with 8 features, and prices in dollars.

    Raises:
        FileNotFoundError: if the file is not there. Nothing is downloaded.
    """
    check_test_split(test_split)
    if version not in ("small", "large"):
        raise ValueError(
            "Argument `version` must be one of 'small', 'large'. "
            f"Received: version={version}"
        )
    with np.load(find(path, "california_housing.npz", _SHA256), allow_pickle=False) as file:
        x, y = file["x"], file["y"]
    if version == "small":
        x, y = x[:_SMALL_ROWS], y[:_SMALL_ROWS]
    return split(x, y, test_split, seed)
