"""Store paths and arrays in an HDF5 file: the layout of `model.weights.h5`."""

import contextlib

from keraunos.errors import ModelFormatError
from keraunos.saving import hdf5

# What tf.keras 2.12 and 2.13 call `layers`.
_OLD_LAYERS = "_layer_checkpoint_dependencies"


def write_h5(file, entries):
    """Writes the result of `collect_state` to a binary file object.

    Every entry becomes the group `<store path>/vars`, with the name of the object as an attribute.

    Returns:
        Dictionary from `(store path, key)` to `(offset, dtype, shape)` of the values in the file.
    """
    places = {}
    with hdf5.create(file) as h5:
        for path, (name, values) in entries.items():
            group = h5.create_group(f"{path}/vars" if path else "vars")
            if name is not None:
                group.attrs["name"] = name
            for key, value in values.items():
                dataset = write_array(group, key, value)
                places[path, key] = (dataset.id.get_offset(), value.dtype.name, value.shape)
    return places


def write_array(group, key, value):
    """Writes one array into an open group."""
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
    with hdf5.open_root(file, label) as root:
        yield H5Entries(root)


class H5Entries:
    """Reads entries of an open file as `restore_state` asks for them."""

    def __init__(self, root):
        self.root = root

    def get(self, path, default=(None, {})):
        """Returns `(None, mapping from key to array)` for a store path."""
        group = self.root
        has_old_numbers = False
        for part in [part for part in path.split("/") if part] + ["vars"]:
            if not isinstance(group, hdf5.Group):
                return default
            name = _numbered_child(group, part) if has_old_numbers else _child_name(group, part)
            if name is None:
                return default
            has_old_numbers = name == _OLD_LAYERS
            group = group[name]
        if not isinstance(group, hdf5.Group):
            raise ModelFormatError(f"'{path}/vars' in the weights file is not a group.")
        return None, H5Values(group)

    def paths(self):
        """All store paths in the file that hold arrays."""
        found = []
        stack = [(self.root, "")]
        while stack:
            group, path = stack.pop()
            for name in group:
                child = group[name]
                if not isinstance(child, hdf5.Group):
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
        return self.group.array(key).read()


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
