"""Pictures of a folder as a data set."""

import numpy as np

from keraunos import config, ops
from keraunos.utils.directory_index import (
    FileDataset,
    check_labels,
    check_split,
    encode_labels,
    index_directory,
    split_files,
)
from keraunos.utils.image_utils import img_to_array, load_img

_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")


def image_dataset_from_directory(
    directory,
    labels="inferred",
    label_mode="int",
    class_names=None,
    color_mode="rgb",
    batch_size=32,
    image_size=(256, 256),
    shuffle=True,
    seed=None,
    validation_split=None,
    subset=None,
    interpolation="bilinear",
    follow_links=False,
    crop_to_aspect_ratio=False,
    pad_to_aspect_ratio=False,
    data_format=None,
    format="tf",
    verbose=True,
):
    """Makes a data set from the pictures in a folder. Needs Pillow.

    Args:
        directory: the folder; each of its folders is a class.
        labels: `"inferred"` from the folders, a list with one label per file in alphabetic order, or
            `None` for pictures only.
        label_mode: `"int"`, `"binary"` (a column of 0 and 1), `"categorical"` (one-hot) or `None`.
        class_names: names of the classes in the order of their labels, alphabetic by default.
        color_mode: `"grayscale"`, `"rgb"` or `"rgba"`.
        batch_size: pictures per batch, `None` for single pictures.
        image_size: `(height, width)` to resize to.
        shuffle: whether to shuffle.
        seed: seed of the shuffling.
        validation_split: part of the files for validation.
        subset: `"training"`, `"validation"` or `"both"`.
        interpolation: `"bilinear"`, `"nearest"`, `"bicubic"`, `"lanczos3"` or `"lanczos5"`.
        follow_links: whether to enter linked folders.
        crop_to_aspect_ratio: whether to crop instead of distorting.
        pad_to_aspect_ratio: whether to pad instead of distorting.
        data_format: `"channels_last"` or `"channels_first"`, the configured one by default.
        format: accepted for compatibility; the result is the same for all.
        verbose: whether to report the number of files.

    Returns:
        Data set of `(pictures, labels)` to iterate over or to give to `fit`, with the attributes
        `class_names` and `file_paths`; two of them for `subset="both"`.

    Raises:
        ValueError: for wrong arguments, or if there is no picture.
    """
    check_labels(labels, label_mode, class_names)
    if labels is None or label_mode is None:
        labels = label_mode = None
    if color_mode not in ("rgb", "rgba", "grayscale"):
        raise ValueError(
            '`color_mode` must be one of {"rgb", "rgba", "grayscale"}. '
            f"Received: color_mode={color_mode}"
        )
    if isinstance(image_size, int):
        image_size = (image_size, image_size)
    if not isinstance(image_size, (list, tuple)) or len(image_size) != 2:
        raise ValueError(
            "Invalid `image_size` value. Expected a tuple of 2 integers. "
            f"Received: image_size={image_size}"
        )
    if interpolation.lower() not in _INTERPOLATIONS:
        raise ValueError(
            f"Argument `interpolation` should be one of {_INTERPOLATIONS}. "
            f"Received: interpolation={interpolation}"
        )
    if format not in ("tf", "grain"):
        raise ValueError(f'`format` should be either "tf" or "grain". Received: format={format}')
    check_split(validation_split, subset, shuffle, seed)
    seed = int(np.random.randint(10**6)) if seed is None else seed
    paths, labels, class_names = index_directory(
        directory, labels, _ENDINGS, class_names, shuffle, seed, follow_links, verbose
    )
    if label_mode == "binary" and len(class_names) != 2:
        raise ValueError(
            'When passing `label_mode="binary"`, there must be exactly 2 class_names. '
            f"Received: class_names={class_names}"
        )
    labels = encode_labels(labels, label_mode, len(class_names or ()))
    data_format = config.standardize_data_format(data_format)

    def load(path):
        picture = img_to_array(load_img(path, color_mode=color_mode), data_format=data_format)
        resized = ops.image.resize(
            picture,
            image_size,
            interpolation=interpolation.lower(),
            crop_to_aspect_ratio=crop_to_aspect_ratio,
            pad_to_aspect_ratio=pad_to_aspect_ratio,
            data_format=data_format,
        )
        return ops.convert_to_numpy(resized).astype("float32", copy=False)

    def make(part):
        part_paths, part_labels = split_files(paths, labels, validation_split, part)
        if not part_paths:
            kind = f"{part} " if subset == "both" else ""
            raise ValueError(
                f"No {kind}images found in directory {directory}. Allowed formats: {_ENDINGS}"
            )
        is_shuffled = shuffle and not (subset == "both" and part == "validation")
        return FileDataset(
            part_paths, part_labels, load, batch_size, seed if is_shuffled else None, class_names
        )

    if subset == "both":
        return [make("training"), make("validation")]
    return make(subset)
