"""Reviews and newswires as lists of word indices: what IMDB and Reuters share."""

import json

import numpy as np


def shift_words(sequences, start_char, index_from):
    """Adds `index_from` to every word and puts `start_char` in front, if there is one."""
    if start_char is not None:
        return [[start_char] + [word + index_from for word in words] for words in sequences]
    if index_from:
        return [[word + index_from for word in words] for words in sequences]
    return [list(words) for words in sequences]


def keep_short(sequences, labels, maxlen):
    """Drops sequences that are not shorter than `maxlen`, with their labels."""
    kept = [i for i, words in enumerate(sequences) if len(words) < maxlen]
    return [sequences[i] for i in kept], [labels[i] for i in kept]


def keep_words(sequences, num_words, skip_top, oov_char):
    """Replaces words outside of `[skip_top, num_words)` by `oov_char`, or drops them."""
    if not num_words:
        num_words = max(max(words) for words in sequences)
    if oov_char is not None:
        return [
            [word if skip_top <= word < num_words else oov_char for word in words]
            for words in sequences
        ]
    return [[word for word in words if skip_top <= word < num_words] for words in sequences]


def as_object_array(sequences):
    """Returns lists of different lengths as an array of lists."""
    array = np.empty(len(sequences), dtype=object)
    for i, words in enumerate(sequences):
        array[i] = words
    return array


def read_json(path):
    with open(path) as file:
        return json.load(file)
