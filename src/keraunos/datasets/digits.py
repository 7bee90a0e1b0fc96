"""Handwritten digits, 8 x 8 pixels: a small data set that comes with the library."""

import os

import numpy as np

from keraunos.datasets.files import check_test_split, split


def load_data(test_split=0.2, seed=113):
    """Returns 1,797 images of handwritten digits.

    The images are the test part of "Optical Recognition of Handwritten Digits" by E. Alpaydin and
    C. Kaynak (UCI Machine Learning Repository, 1998, https://doi.org/10.24432/C50P49), licensed under
    CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/). The images are unchanged; their order is
    shuffled, because in the original order each writer's digits stand together.

    Args:
        test_split: part of the images used for testing.
        seed: seed of the shuffling.

    Returns:
        `(x_train, y_train), (x_test, y_test)`. `x` has the dtype `uint8`, shape `(rows, 8, 8)` and values
        from 0 to 16; `y` has the dtype `uint8`, shape `(rows,)` and values from 0 to 9.

    Example:

    >>> from keraunos.datasets import digits
    >>> (x_train, y_train), (x_test, y_test) = digits.load_data()
    >>> x_train.shape, x_test.shape
    ((1437, 8, 8), (360, 8, 8))
    """
    check_test_split(test_split)
    with np.load(os.path.join(os.path.dirname(__file__), "digits.npz"), allow_pickle=False) as file:
        return split(file["x"], file["y"], test_split, seed)
