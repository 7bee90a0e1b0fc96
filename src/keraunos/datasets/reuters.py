"""Reuters: newswires as word indices, with their topic."""

import numpy as np

from keraunos.datasets.files import find, read_npz
from keraunos.datasets.word_sequences import (
    as_object_array,
    keep_short,
    keep_words,
    read_json,
    shift_words,
)

_SHA256 = "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916"
_LABELS = (
    "cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves "
    "ship cotton carcass crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin "
    "strategic-metal livestock retail ipi iron-steel rubber heat jobs lei bop zinc orange pet-chem "
    "dlr gas silver wpi hog lead"
)


def load_data(
    path="reuters.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    test_split=0.2,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
):
    """Returns 11,228 newswires of 46 topics. Words are numbered by their frequency.

    Args:
        path: path of `reuters.npz`, or its name in `~/.keras/datasets`.
        num_words, skip_top, maxlen, seed, start_char, oov_char, index_from: as in `imdb.load_data`.
        test_split: part of the rows used for testing.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of indices, and of topics.

    Raises:
        FileNotFoundError: if the file is not there. Nothing is downloaded.
    """
    data = read_npz(find(path, "reuters.npz", _SHA256))
    x, y = data["x"], data["y"]
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    sequences, labels = shift_words(x[order], start_char, index_from), y[order]
    if maxlen:
        sequences, labels = keep_short(sequences, labels, maxlen)
    sequences = keep_words(sequences, num_words, skip_top, oov_char)
    labels = np.asarray(labels)
    count = int(len(sequences) * (1 - test_split))
    return (
        (as_object_array(sequences[:count]), labels[:count]),
        (as_object_array(sequences[count:]), labels[count:]),
    )


def get_word_index(path="reuters_word_index.json"):
    """Returns a dict from words to their indices (before `index_from` is added).

    Args:
        path: path of `reuters_word_index.json`, or its name in `~/.keras/datasets`.
    """
    return read_json(find(path, "reuters_word_index.json", "4d44cc38712099c9e383dc6e5f11a921"))


def get_label_names():
    """Returns the names of the 46 topics; a topic's number is its place."""
    return tuple(_LABELS.split())
