"""Files of a folder with their labels, as data sets of single samples or batches."""

import os

import numpy as np

from keraunos.utils import io_utils
from keraunos.utils.dataset_utils import stack


class FileDataset:
    """Samples loaded from files when they are needed; can be iterated again and again.

    Args:
        paths: paths of the files.
        labels: array of labels, or `None`.
        load: function from a path to an array.
        batch_size: samples per batch, `None` for single samples.
        seed: seed of the shuffling, `None` for no shuffling. Every iteration has another order.
        class_names: names of the classes, `None` without labels.

    Attributes:
        class_names, file_paths: as given.
    """

    def __init__(self, paths, labels, load, batch_size, seed, class_names):
        self.file_paths = paths
        self.class_names = class_names
        self._labels = labels
        self._load = load
        self._batch_size = batch_size
        self._random = None if seed is None else np.random.RandomState(seed)

    def __len__(self):
        return -(-len(self.file_paths) // (self._batch_size or 1))

    def cardinality(self):
        """Number of batches."""
        return len(self)

    def __iter__(self):
        order = np.arange(len(self.file_paths))
        if self._random is not None:
            self._random.shuffle(order)
        if self._batch_size is None:
            for index in order:
                yield self._sample(index)
            return
        for start in range(0, len(order), self._batch_size):
            yield stack([self._sample(i) for i in order[start : start + self._batch_size]])

    def _sample(self, index):
        sample = self._load(self.file_paths[index])
        return sample if self._labels is None else (sample, self._labels[index])

    def take(self, count):
        """Yields the first batches of a new iteration."""
        for _, batch in zip(range(count), self):
            yield batch


def check_labels(labels, label_mode, class_names):
    """Checks the arguments about labels; raises a `ValueError` naming the wrong one."""
    if isinstance(labels, str) and labels != "inferred":
        raise ValueError(
            "`labels` argument should be a list/tuple of integer labels, one per file, or "
            f'"inferred", or None. Received: labels={labels}'
        )
    if labels is not None and labels != "inferred" and class_names:
        raise ValueError(
            f'You can only pass `class_names` if `labels="inferred"`. Received: labels={labels}, '
            f"and class_names={class_names}"
        )
    if label_mode not in ("int", "categorical", "binary", None):
        raise ValueError(
            '`label_mode` argument must be one of "int", "categorical", "binary", or None. '
            f"Received: label_mode={label_mode}"
        )


def check_split(validation_split, subset, shuffle, seed):
    """Checks the arguments about the split; raises a `ValueError` naming the wrong one."""
    if validation_split and not 0 < validation_split < 1:
        raise ValueError(
            f"`validation_split` must be between 0 and 1, received: {validation_split}"
        )
    if bool(validation_split) != bool(subset):
        raise ValueError(
            "If `subset` is set, `validation_split` must be set, and inversely."
        )
    if subset not in ("training", "validation", "both", None):
        raise ValueError(
            '`subset` must be either "training", "validation" or "both", '
            f"received: {subset}"
        )
    if validation_split and shuffle and seed is None:
        raise ValueError(
            "If using `validation_split` and shuffling the data, you must provide a `seed` "
            "argument, so that the two subsets do not overlap."
        )


def index_directory(directory, labels, endings, class_names, shuffle, seed, follow_links, verbose):
    """Lists the files of a folder.

    Args:
        directory: the folder. With `labels="inferred"` each of its folders is a class.
        labels: `"inferred"`, a list with one label per file in alphabetic order, or `None`.
        endings: tuple of accepted endings.
        class_names: names of the classes in the order of their labels, alphabetic by default.
        shuffle: whether to shuffle the files.
        seed: seed of the shuffling.
        follow_links: whether to enter linked folders.
        verbose: whether to report the number of files.

    Returns:
        `(paths, labels, class_names)`.
    """
    if labels == "inferred":
        folders = sorted(
            name
            for name in os.listdir(directory)
            if os.path.isdir(os.path.join(directory, name)) and not name.startswith(".")
        )
        if class_names is not None and not set(class_names) <= set(folders):
            raise ValueError(
                "The `class_names` passed did not match the names of the subdirectories of the "
                f"target directory. Expected: {folders} (or a subset of it), but received: "
                f"class_names={class_names}"
            )
        class_names = list(class_names or folders)
        groups = [_files(os.path.join(directory, name), endings, follow_links) for name in class_names]
        paths = [path for group in groups for path in group]
        labels = [label for label, group in enumerate(groups) for _ in group]
    else:
        if class_names is not None:
            raise ValueError("`class_names` can only be given with `labels='inferred'`.")
        paths = _files(directory, endings, follow_links)
        if labels is not None:
            if len(labels) != len(paths):
                raise ValueError(
                    "Expected the lengths of `labels` to match the number of files in the target "
                    f"directory. len(labels) is {len(labels)} while we found {len(paths)} files in "
                    f"directory {directory}."
                )
            class_names = [str(label) for label in sorted(set(labels))]
    if verbose:
        kinds = f" belonging to {len(class_names)} classes" if labels is not None else ""
        io_utils.print_msg(f"Found {len(paths)} files{kinds}.")
    labels = None if labels is None else np.asarray(labels, dtype="int32")
    if shuffle:
        order = np.arange(len(paths))
        np.random.RandomState(seed).shuffle(order)
        paths = [paths[i] for i in order]
        labels = None if labels is None else labels[order]
    return paths, labels, class_names


def _files(folder, endings, follow_links):
    walk = sorted(os.walk(folder, followlinks=follow_links), key=lambda entry: entry[0])
    return [
        os.path.join(root, name)
        for root, _, names in walk
        for name in sorted(names)
        if name.lower().endswith(endings)
    ]


def split_files(paths, labels, validation_split, subset):
    """Returns the part of files and labels for `"training"` or `"validation"`, all for `None`."""
    if not validation_split:
        return paths, labels
    count = len(paths) - int(validation_split * len(paths))
    rows = slice(0, count) if subset == "training" else slice(count, None)
    part = paths[rows]
    io_utils.print_msg(f"Using {len(part)} files for {subset}.")
    return part, None if labels is None else labels[rows]


def encode_labels(labels, label_mode, class_count):
    """Returns labels as class indices, as a column of 0 and 1, or as one-hot rows."""
    if labels is None or label_mode == "int":
        return labels
    if label_mode == "binary":
        return labels.astype("float32")[:, None]
    return np.eye(class_count, dtype="float32")[labels]
