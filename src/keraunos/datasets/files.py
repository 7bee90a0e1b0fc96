"""Files of data sets: where they are looked for, and what is read from them."""

import io
import os
import zipfile

import numpy as np

from keraunos.datasets.plain_objects import PlainObjectReader
from keraunos.utils.file_utils import cache_folder, get_file, validate_file

_ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def find(path, file_name, file_hash=None, origin=_ORIGIN):
    """Returns the path of a data set's file.

    Args:
        path: what the user gave: a path, or a name in the cache folder.
        file_name: name of the file at its origin.
        file_hash: expected SHA-256, checked for files in the cache folder.
        origin: address of the folder it comes from, for the message.

    Raises:
        FileNotFoundError: saying which file to put where.
    """
    path = os.path.expanduser(os.fspath(path))
    if os.path.dirname(path):
        if not os.path.exists(path):
            raise FileNotFoundError(
                f"{path} does not exist. Get {origin}{file_name} and store it there."
            )
        return path
    return get_file(path, origin + file_name, file_hash=file_hash)


def find_folder(path, names, archive, origin, package=None):
    """Returns the first existing folder: `path`, or one of `names` in the cache folder.

    Args:
        path: what the user gave, or `None`.
        names: folders in the cache folder, or absolute ones.
        archive: name of the archive at its origin, for the message.
        origin: address of the folder it comes from, for the message.
        package: name of the package that Debian and Ubuntu have it in, for the message.

    Raises:
        FileNotFoundError: saying which archive to unpack where.
    """
    if path is not None:
        path = os.path.expanduser(os.fspath(path))
        candidates = [path]
    else:
        base = os.path.join(cache_folder(), "datasets")
        candidates = [os.path.join(base, name) for name in names]
    for candidate in candidates:
        if os.path.isdir(candidate):
            return candidate
    raise FileNotFoundError(
        f"{candidates[0]} does not exist, and nothing is downloaded. "
        f"Get {origin}{archive} and unpack it there."
        + (f" On Debian and Ubuntu: apt-get install {package}" if package else "")
    )


def read_npz(path):
    """Returns the arrays of an `.npz` file as a dict. Lists of numbers in it are read as data only."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            if member.endswith(".npy"):
                arrays[member[: -len(".npy")]] = _read_npy(archive.read(member))
    return arrays


def _read_npy(data):
    stream = io.BytesIO(data)
    try:
        return np.lib.format.read_array(stream, allow_pickle=False)
    except ValueError:
        stream.seek(0)
        version = np.lib.format.read_magic(stream)
        if version[0] == 1:
            np.lib.format.read_array_header_1_0(stream)
        else:
            np.lib.format.read_array_header_2_0(stream)
        return PlainObjectReader(data[stream.tell() :]).read()


def check_hash(path, file_hash):
    """Raises a `ValueError` if a file does not have the given SHA-256."""
    if not validate_file(path, file_hash, "sha256"):
        raise ValueError(
            f"{path} does not have the expected SHA-256 {file_hash}: it is incomplete or damaged"
        )


def split(x, y, test_split, seed):
    """Shuffles rows and cuts the last part off: `(x_train, y_train), (x_test, y_test)`."""
    order = np.arange(len(x))
    np.random.RandomState(seed).shuffle(order)
    x, y = x[order], y[order]
    count = int(len(x) * (1 - test_split))
    return (np.array(x[:count]), np.array(y[:count])), (np.array(x[count:]), np.array(y[count:]))


def check_test_split(test_split):
    if not 0 <= test_split < 1:
        raise ValueError(
            f"Invalid `test_split` argument: {test_split}. "
            "It must be between 0 and 1 (exclusive of 1)."
        )
