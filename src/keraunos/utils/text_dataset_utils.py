"""Text files of a folder as a data set."""

import numpy as np

from keraunos.utils.directory_index import (
    FileDataset,
    check_labels,
    check_split,
    encode_labels,
    index_directory,
    split_files,
)


def text_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    batch_size=32,
    max_length=None,
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    follow_links=False,
    format="tf",
    verbose=True,
):
    """Makes a data set from the `.txt` files in a folder.

    Args:
        directory: the folder; each of its folders is a class.
        labels: `"inferred"` from the folders, a list with one label per file in alphabetic order, or
            `None` for texts only.
        label_mode: `"int"`, `"binary"` (a column of 0 and 1), `"categorical"` (one-hot) or `None`.
        class_names: names of the classes in the order of their labels, alphabetic by default.
        batch_size: texts per batch, `None` for single texts.
        max_length: longest text in bytes; longer ones are cut.
        shuffle: whether to shuffle.
        seed: seed of the shuffling.
        validation_split: part of the files for validation.
        subset: `"training"`, `"validation"` or `"both"`.
        follow_links: whether to enter linked folders.
        format: accepted for compatibility; the result is the same for all.
        verbose: whether to report the number of files.

    Returns:
        Data set of `(texts, labels)` with the attributes `class_names` and `file_paths`; two of them for
        `subset="both"`. Texts are NumPy arrays of strings.

    Raises:
        ValueError: for wrong arguments, or if there is no text file.
    """
    check_labels(labels, label_mode, class_names)
    if labels is None or label_mode is None:
        labels = label_mode = None
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')
    check_split(validation_split, subset, shuffle, seed)
    seed = int(np.random.randint(10**6)) if seed is None else seed
    paths, labels, class_names = index_directory(
        directory, labels, (".txt",), class_names, shuffle, seed, follow_links, verbose
    )
    if label_mode == "binary" and len(class_names) != 2:
        raise ValueError(
            'When passing `label_mode="binary"`, there must be exactly 2 class_names. '
            f"Received: class_names={class_names}"
        )
    labels = encode_labels(labels, label_mode, len(class_names or ()))

    def load(path):
        with open(path, "rb") as file:
            data = file.read() if max_length is None else file.read(max_length)
        # A cut may fall into the middle of a sign.
        return np.asarray(data.decode("utf-8", errors="ignore"))

    def make(part):
        part_paths, part_labels = split_files(paths, labels, validation_split, part)
        if not part_paths:
            kind = f"{part} " if subset == "both" else ""
            raise ValueError(
                f"No {kind}text files found in directory {directory}. Allowed format: .txt"
            )
        is_shuffled = shuffle and not (subset == "both" and part == "validation")
        return FileDataset(
            part_paths, part_labels, load, batch_size, seed if is_shuffled else None, class_names
        )

    if subset == "both":
        return [make("training"), make("validation")]
    return make(subset)
