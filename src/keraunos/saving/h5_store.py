"""Store paths and arrays in an HDF5 file: the layout of `model.weights.h5`."""

import contextlib
import io

import numpy as np

from keraunos.errors import ModelFormatError, UnsafeModelError

# A chunked and compressed dataset may unpack to this many times its stored size.
_MAX_RATIO = 1000
# What tf.keras 2.12 and 2.13 call `layers`.
_OLD_LAYERS = "_layer_checkpoint_dependencies"


def import_h5py():
    """The `h5py` package, which is an optional dependency."""
    try:
        import h5py
    except ImportError:
        raise ImportError("Weights files need h5py. Install it with `pip install h5py`.") from None
    return h5py


def write_h5(file, entries):
    """Writes the result of `collect_state` to a binary file object.

    Every entry becomes the group `<store path>/vars`, with the name of the object as an attribute.

    Returns:
        Dictionary from `(store path, key)` to `(offset, dtype, shape)` of the values in the file.
    """
    h5py = import_h5py()
    buffer = io.BytesIO()
    places = {}
    # Large arrays begin at multiples of 64 bytes, so that the file can be mapped and used as it is.
    with h5py.File(buffer, "w", alignment_threshold=4096, alignment_interval=64) as h5:
        for path, (name, values) in entries.items():
            group = h5.create_group(f"{path}/vars" if path else "vars")
            if name is not None:
                group.attrs["name"] = name
            for key, value in values.items():
                dataset = _write_array(group, key, value)
                places[path, key] = (dataset.id.get_offset(), value.dtype.name, value.shape)
    file.write(buffer.getbuffer())
    return places


def _write_array(group, key, value):
    if value.dtype.name == "bfloat16":
        # HDF5 has no such type: two opaque bytes, and an attribute that says what they are.
        dataset = group.create_dataset(key, data=value.view("V2"))
        dataset.attrs["dtype"] = "bfloat16"
        return dataset
    return group.create_dataset(key, data=value)


@contextlib.contextmanager
def open_h5(file, label):
    """Opens a weights file for reading.

    Args:
        file: Path or binary file object.
        label: How error messages call it.
    """
    h5py = import_h5py()
    try:
        h5 = h5py.File(file, "r")
    except OSError as error:
        raise ModelFormatError(f"{label} is not a readable HDF5 file: {error}") from None
    try:
        yield H5Entries(h5)
    finally:
        h5.close()


class H5Entries:
    """Reads entries of an open file as `restore_state` asks for them. Follows no link out of the file."""

    def __init__(self, h5):
        self.h5 = h5

    def get(self, path, default=(None, {})):
        """Returns `(None, mapping from key to array)` for a store path."""
        group = self.h5
        has_old_numbers = False
        for part in [part for part in path.split("/") if part] + ["vars"]:
            if not _is_group(group):
                return default
            name = _numbered_child(group, part) if has_old_numbers else _child_name(group, part)
            if name is None:
                return default
            has_old_numbers = name == _OLD_LAYERS
            group = safe_child(group, name)
        if not _is_group(group):
            raise ModelFormatError(f"'{path}/vars' in the weights file is not a group.")
        return None, H5Values(group)

    def paths(self):
        """All store paths in the file that hold arrays."""
        found = []
        stack = [(self.h5, "")]
        while stack:
            group, path = stack.pop()
            for name in group:
                child = safe_child(group, name)
                if not _is_group(child):
                    continue
                if name == "vars":
                    found.append(path)
                else:
                    stack.append((child, f"{path}/{name}" if path else name))
        return sorted(found)


class H5Values:
    """The arrays of one group, read one by one."""

    def __init__(self, group):
        self.group = group

    def keys(self):
        return self.group.keys()

    def __iter__(self):
        return iter(self.group)

    def __len__(self):
        return len(self.group)

    def __contains__(self, key):
        return key in self.group

    def __getitem__(self, key):
        if key not in self.group:
            raise ModelFormatError(f"The weights file has no dataset '{self.group.name}/{key}'.")
        return read_array(safe_child(self.group, key))


def _child_name(group, part):
    """The name of a member of a store path in this file, as tf.keras up to 2.15 may have written it."""
    old_name = _OLD_LAYERS if part == "layers" else f"_{part}"
    return next((name for name in (part, old_name) if name in group), None)


def _numbered_child(group, part):
    """The member for `dense_1` in a list of tf.keras 2.12 and 2.13, which counted layers with weights twice.

    Whatever the numbers are, their order is that of the layers.
    """
    kind, number = _split_number(part)
    numbers = sorted(number for other, number in map(_split_number, group) if other == kind)
    if number >= len(numbers):
        return None
    return f"{kind}_{numbers[number]}" if numbers[number] else kind


def _split_number(name):
    kind, _, number = name.rpartition("_")
    return (kind, int(number)) if kind and number.isdecimal() and number.isascii() else (name, 0)


def safe_child(group, name):
    """A member of a group. Soft, external and user-defined links are refused."""
    h5py = import_h5py()
    try:
        link = group.get(name, getlink=True)
    except (TypeError, KeyError, RuntimeError):
        link = None
    if not isinstance(link, h5py.HardLink):
        kind = type(link).__name__ if link is not None else "user-defined link"
        raise UnsafeModelError(f"'{group.name}/{name}' in the weights file is a {kind}. Links are not followed.")
    return group[name]


def read_array(dataset):
    """The values of a dataset, after checking that they really are in the file."""
    h5py = import_h5py()
    if not isinstance(dataset, h5py.Dataset):
        raise ModelFormatError(f"'{dataset.name}' in the weights file is not a dataset.")
    if dataset.is_virtual or dataset.external:
        raise UnsafeModelError(f"'{dataset.name}' in the weights file takes its values from another file.")
    dtype = dataset.dtype
    is_bfloat16 = dataset.attrs.get("dtype") in ("bfloat16", b"bfloat16") and dtype == np.dtype("V2")
    if not is_bfloat16 and dtype.kind not in "fiub":
        raise ModelFormatError(f"'{dataset.name}' in the weights file has the dtype {dtype}, which is not numeric.")
    stored = dataset.id.get_storage_size()
    limit = stored * _MAX_RATIO if dataset.chunks is not None else stored
    if dataset.nbytes > limit:
        raise UnsafeModelError(
            f"'{dataset.name}' in the weights file declares {dataset.nbytes} bytes (shape {dataset.shape}) but "
            f"stores {stored}: a shape bomb."
        )
    value = dataset[()]
    if is_bfloat16:
        return _from_bfloat16(value)
    return np.asarray(value)


def _from_bfloat16(value):
    """Widens to float32: a bfloat16 is the upper half of one."""
    bits = np.ascontiguousarray(value).view(np.uint16).astype(np.uint32) << 16
    return bits.view(np.float32).reshape(np.shape(value))


def _is_group(item):
    return isinstance(item, import_h5py().Group)
