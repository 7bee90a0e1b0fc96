"""IMDB: reviews of films as word indices, with their sentiment."""

import numpy as np

from keraunos.datasets.files import find, read_npz
from keraunos.datasets.word_sequences import (
    as_object_array,
    keep_short,
    keep_words,
    read_json,
    shift_words,
)

_SHA256 = "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f"


def load_data(
    path="imdb.npz",
    num_words=None,
    skip_top=0,
    maxlen=None,
    seed=113,
    start_char=1,
    oov_char=2,
    index_from=3,
    **kwargs,
):
    """Returns 25,000 + 25,000 reviews (Maas et al. 2011). Words are numbered by their frequency.

    Args:
        path: path of `imdb.npz`, or its name in `~/.keras/datasets`.
        num_words: words from this index on become `oov_char`; `None` keeps all.
        skip_top: the most frequent words to leave out.
        maxlen: only reviews shorter than this are kept.
        seed: seed of the shuffling.
        start_char: index put in front of every review, or `None`.
        oov_char: index for words left out; `None` drops them.
        index_from: added to all words, to make room for special indices.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: arrays of lists of indices, and of 0 or 1.

    Raises:
        FileNotFoundError: if the file is not there. Nothing is downloaded.
        ValueError: if no review is short enough.
    """
    if kwargs:
        raise TypeError(f"Unrecognized keyword arguments: {kwargs}.")
    data = read_npz(find(path, "imdb.npz", _SHA256))
    random = np.random.RandomState(seed)
    parts = []
    for name in ("train", "test"):
        x, y = data[f"x_{name}"], data[f"y_{name}"]
        order = np.arange(len(x))
        random.shuffle(order)
        sequences, labels = shift_words(x[order], start_char, index_from), y[order]
        if maxlen:
            sequences, labels = keep_short(sequences, labels, maxlen)
            if not sequences:
                raise ValueError(
                    f"After filtering for sequences shorter than maxlen={maxlen}, no sequence was "
                    "kept. Increase maxlen."
                )
        parts.append((sequences, labels))
    (x_train, y_train), (x_test, y_test) = parts
    sequences = keep_words(x_train + x_test, num_words, skip_top, oov_char)
    count = len(x_train)
    return (
        (as_object_array(sequences[:count]), np.asarray(y_train)),
        (as_object_array(sequences[count:]), np.asarray(y_test)),
    )


def get_word_index(path="imdb_word_index.json"):
    """Returns a dict from words to their indices (before `index_from` is added).

    Args:
        path: path of `imdb_word_index.json`, or its name in `~/.keras/datasets`.
    """
    return read_json(find(path, "imdb_word_index.json", "bfafd718b763782e994055a2d397834f"))
