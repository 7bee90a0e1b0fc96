"""Boston housing: prices of houses in 1978."""

import numpy as np

from keraunos.datasets.files import check_test_split, find, split

_SHA256 = "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"


def load_data(path="boston_housing.npz", test_split=0.2, seed=113):
    """Returns the Boston housing data set (Harrison and Rubinfeld 1978).

    One of its columns was built on an assumption about race; use `california_housing` for teaching.

    Args:
        path: path of `boston_housing.npz`, or its name in `~/.keras/datasets`.
        test_split: part of the rows used for testing.
        seed: seed of the shuffling.

    Returns:
        `(x_train, y_train), (x_test, y_test)` with 13 features, and prices in 1,000 dollars.

    Raises:
        FileNotFoundError: if the file is not there. Nothing is downloaded.
    """
    check_test_split(test_split)
    with np.load(find(path, "boston_housing.npz", _SHA256), allow_pickle=False) as file:
        return split(file["x"], file["y"], test_split, seed)
