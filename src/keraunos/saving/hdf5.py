"""The one place that touches HDF5: files are written here, and walked through before anything in them is read.

The walk follows hard links only and meets every object once. What it hands out (`Group`, `Array`) has been checked:
its values lie in the file itself, are numeric, and are as large as they claim to be.
"""

import contextlib
import io
import mmap
import os
import re

import numpy as np

from keraunos.errors import ModelFormatError, UnsafeModelError, shorten

_SIGNATURE = b"\x89HDF\r\n\x1a\n"
_MAX_DEPTH = 256
_MAX_OBJECTS = 1_000_000
_MAX_NAMES = 1_000_000
_MAX_NAME_BYTES = 4096
_MAX_TEXT_BYTES = 64 * 2**20
# gzip, shuffle and fletcher32: the filters that HDF5 has built in. Any other one would be loaded as a plug-in.
_FILTERS = frozenset({1, 2, 3})
# Compressed values may need this many times the bytes of the file, and some more for small files.
_MAX_RATIO = 3
_SPARE_BYTES = 64 * 2**20


def import_h5py():
    """The `h5py` package, which is an optional dependency."""
    try:
        import h5py
    except ImportError:
        raise ImportError("Weights files need h5py. Install it with `pip install h5py`.") from None
    return h5py


@contextlib.contextmanager
def create(file):
    """Opens an HDF5 file for writing, whose bytes go to a binary file object when the block ends well."""
    buffer = io.BytesIO()
    # Large arrays begin at multiples of 64 bytes, so that the file can be mapped and used as it is.
    with import_h5py().File(buffer, "w", alignment_threshold=4096, alignment_interval=64) as h5:
        yield h5
    file.write(buffer.getbuffer())


@contextlib.contextmanager
def open_root(file, label):
    """Opens a file for reading and gives its root group, after the walk.

    Args:
        file: Path or binary file object.
        label: How error messages call it.

    Raises:
        ModelFormatError: when it is not a complete HDF5 file, or holds what no model holds.
        UnsafeModelError: when something in it points out of the file, or claims more than the file holds.
    """
    h5py = import_h5py()
    size = _check_bytes(file, label)
    try:
        h5 = h5py.File(file, "r")
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise ModelFormatError(f"{label} is not a readable HDF5 file: {shorten(error, 300)}") from None
    walk = _Walk(label, size)
    try:
        yield walk.root(h5)
    finally:
        # Not `h5.close()`, which tries for ever to close what is open in a damaged file.
        for handle in [*walk.handles, h5.id]:
            with contextlib.suppress(RuntimeError, OSError):
                handle.close()


def _check_bytes(file, label):
    """Checks what can be seen without HDF5; returns the number of bytes."""
    if isinstance(file, io.BytesIO):
        return _check_content(file.getbuffer(), label)
    with contextlib.ExitStack() as stack:
        opened = file if hasattr(file, "read") else stack.enter_context(open(file, "rb"))
        if not os.fstat(opened.fileno()).st_size:
            raise ModelFormatError(f"{label} is empty (0 bytes).")
        content = stack.enter_context(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
        return _check_content(content, label)


def _check_content(content, label):
    size = len(content)
    beginning = bytes(content[:8])
    if not size:
        raise ModelFormatError(f"{label} is empty (0 bytes).")
    if beginning != _SIGNATURE:
        kind = "a zip archive" if beginning.startswith(b"PK\x03\x04") else "something else"
        raise ModelFormatError(f"{label} is not an HDF5 file but {kind}: file signature not found ({size} bytes).")
    for match in re.finditer(rb"GCOL\x01\0\0\0", content):
        _check_heap(content, match.start(), label)
    return size


def _check_heap(content, start, label):
    """The texts of attributes stand in heaps. HDF5 itself never comes back from one whose parts do not add up."""
    end = start + int.from_bytes(content[start + 8 : start + 16], "little")
    place = start + 16
    is_sound = start + 16 <= end <= len(content)
    while is_sound and place + 16 <= end:
        length = int.from_bytes(content[place + 8 : place + 16], "little")
        is_free = not any(content[place : place + 2])
        used = length if is_free else 16 + length + -length % 8
        is_sound = used >= 16 and place + used <= end
        place += used
    if not is_sound:
        raise ModelFormatError(f"{label} is damaged: the heap at byte {start} does not add up.")


class Group:
    """A group: a mapping from names to groups and arrays, with attributes."""

    def __init__(self, path, handle, label):
        self.path = path
        self._handle = handle
        self._label = label
        self._members = {}

    def __contains__(self, name):
        return name in self._members

    def __iter__(self):
        return iter(self._members)

    def __len__(self):
        return len(self._members)

    def __getitem__(self, name):
        if name not in self._members:
            raise ModelFormatError(f"{self._label}: '{self.path}' has no member '{shorten(name, 200)}'.")
        return self._members[name]

    def keys(self):
        return self._members.keys()

    def group(self, name):
        """A member that must be a group."""
        member = self[name]
        if not isinstance(member, Group):
            raise ModelFormatError(f"{self._label}: '{member.path}' is not a group.")
        return member

    def array(self, path):
        """The array at a path below this group."""
        member = self
        for part in path.split("/"):
            if not isinstance(member, Group):
                raise ModelFormatError(f"{self._label}: '{member.path}' is not a group.")
            member = member[part]
        if not isinstance(member, Array):
            raise ModelFormatError(f"{self._label}: '{member.path}' is not a dataset.")
        return member

    def stored_bytes(self):
        """The bytes that all arrays below this group have together."""
        members = self._members.values()
        return sum(one.stored_bytes() if isinstance(one, Group) else one.nbytes for one in members)

    def count_arrays(self):
        """How many arrays there are below this group."""
        return sum(one.count_arrays() if isinstance(one, Group) else 1 for one in self._members.values())

    def has_attribute(self, name):
        try:
            return import_h5py().h5a.exists(self._handle, name.encode())
        except (OSError, RuntimeError, ValueError, KeyError) as error:
            raise ModelFormatError(
                f"{self._label}: the attributes of '{self.path}' cannot be read: {shorten(error, 200)}"
            ) from None

    def text(self, name):
        """An attribute that holds one text."""
        value = self._attribute(name)
        return _decoded(value.item() if isinstance(value, np.ndarray) and value.shape == () else value, self._label)

    def has_names(self, name):
        """Whether there is a list of names, perhaps split over several attributes."""
        return self.has_attribute(name) or self.has_attribute(f"{name}0")

    def names(self, name):
        """A list of names, which may be split over attributes `name0`, `name1`, ... and has none twice."""
        if self.has_attribute(name):
            pieces = [self._attribute(name)]
        else:
            pieces = []
            while self.has_attribute(f"{name}{len(pieces)}"):
                pieces.append(self._attribute(f"{name}{len(pieces)}"))
        found = [_decoded(item, self._label) for piece in pieces for item in np.ravel(np.asarray(piece)).tolist()]
        if len(found) > _MAX_NAMES or any(len(item) > _MAX_NAME_BYTES for item in found):
            raise ModelFormatError(f"{self._label}: '{name}' of '{self.path}' has too many names, or too long ones.")
        if len(set(found)) != len(found):
            raise ModelFormatError(f"{self._label}: '{name}' of '{self.path}' has a name twice.")
        return found

    def _attribute(self, name):
        h5py = import_h5py()
        where = f"{self._label}: attribute '{name}' of '{self.path}'"
        if not self.has_attribute(name):
            raise ModelFormatError(f"{where} is missing.")
        try:
            with contextlib.closing(h5py.h5a.open(self._handle, name.encode())) as attribute:
                kind, count = attribute.get_type(), int(np.prod(attribute.shape, dtype=object))
                is_text = isinstance(kind, h5py.h5t.TypeStringID)
                if not is_text and count:
                    raise ModelFormatError(f"{where} is not text.")
                if count > _MAX_NAMES or count * kind.get_size() > _MAX_TEXT_BYTES:
                    raise UnsafeModelError(f"{where} claims {count} texts of {kind.get_size()} bytes.")
                return _read_attribute(attribute)
        except ModelFormatError:
            raise
        except (OSError, RuntimeError, TypeError, ValueError, KeyError) as error:
            raise ModelFormatError(f"{where} cannot be read: {shorten(error, 200)}") from None


class Array:
    """A dataset whose values are read when asked for."""

    def __init__(self, path, handle, is_bfloat16, label):
        self.path = path
        self.shape = handle.shape
        self.dtype = np.dtype("float32") if is_bfloat16 else handle.dtype
        self.nbytes = _declared_bytes(handle)
        self._handle = handle
        self._is_bfloat16 = is_bfloat16
        self._label = label

    def read(self):
        """The values, in the byte order of this machine; bfloat16 becomes float32."""
        try:
            value = import_h5py().Dataset(self._handle)[()]
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            raise ModelFormatError(f"{self._label}: '{self.path}' cannot be read: {shorten(error, 200)}") from None
        value = np.asarray(value)
        if self._is_bfloat16:
            # A bfloat16 is the upper half of a float32.
            bits = np.ascontiguousarray(value).view(np.uint16).astype(np.uint32) << 16
            return bits.view(np.float32).reshape(value.shape)
        return value if value.dtype.isnative else value.astype(value.dtype.newbyteorder("="))


class _Walk:
    """One walk through a file, with the caps that hold for the file as a whole."""

    def __init__(self, label, size):
        self._label = label
        self._size = size
        self.handles = []
        self._seen = set()
        self._stored = 0
        self._unpacked = 0

    def root(self, h5):
        """The root group with everything below it."""
        try:
            root = Group("", h5.id, self._label)
            self._enter(h5.id, "/")
            waiting = [(root, h5.id, 0)]
            while waiting:
                group, handle, depth = waiting.pop()
                if depth > _MAX_DEPTH:
                    raise ModelFormatError(f"{self._label}: groups are nested more than {_MAX_DEPTH} deep.")
                for raw_name in handle:
                    member, child = self._member(group, handle, raw_name)
                    group._members[_decoded(raw_name, self._label)] = member
                    if isinstance(member, Group):
                        waiting.append((member, child, depth + 1))
        except ModelFormatError:
            raise
        except (OSError, RuntimeError, ValueError, KeyError, TypeError) as error:
            raise ModelFormatError(f"{self._label} is damaged: {shorten(error, 300)}") from None
        return root

    def _enter(self, handle, path):
        info = import_h5py().h5o.get_info(handle)
        if info.addr in self._seen:
            raise UnsafeModelError(f"{self._label}: '{path}' is an object that the file holds in two places.")
        self._seen.add(info.addr)
        if len(self._seen) > _MAX_OBJECTS:
            raise UnsafeModelError(f"{self._label} has more than {_MAX_OBJECTS} objects.")

    def _member(self, group, handle, raw_name):
        h5py = import_h5py()
        path = f"{group.path}/{_decoded(raw_name, self._label)}".removeprefix("/")
        kind = handle.links.get_info(raw_name).type
        if kind != h5py.h5l.TYPE_HARD:
            names = {h5py.h5l.TYPE_SOFT: "SoftLink", h5py.h5l.TYPE_EXTERNAL: "ExternalLink"}
            kind_name = names.get(kind, "user-defined link")
            raise UnsafeModelError(f"{self._label}: '{path}' is a {kind_name}. Links are not followed.")
        child = h5py.h5o.open(handle, raw_name)
        self.handles.append(child)
        self._enter(child, path)
        if isinstance(child, h5py.h5g.GroupID):
            return Group(path, child, self._label), child
        if isinstance(child, h5py.h5d.DatasetID):
            return self._array(child, path), child
        raise UnsafeModelError(f"{self._label}: '{path}' is neither a group nor a dataset.")

    def _array(self, handle, path):
        h5py = import_h5py()
        where = f"{self._label}: '{path}'"
        plan = handle.get_create_plist()
        layout = plan.get_layout()
        if layout == h5py.h5d.VIRTUAL or plan.get_external_count():
            kind = "a virtual dataset" if layout == h5py.h5d.VIRTUAL else "external storage"
            raise UnsafeModelError(f"{where} takes its values from another file ({kind}).")
        filters = {plan.get_filter(index)[0] for index in range(plan.get_nfilters())}
        if not filters <= _FILTERS:
            raise UnsafeModelError(f"{where} uses the filters {sorted(filters)}; only gzip, shuffle and fletcher32 are read.")
        is_bfloat16 = _is_bfloat16(handle)
        if not is_bfloat16 and not _is_numeric(handle.get_type()):
            raise ModelFormatError(f"{where} has the dtype {_dtype_text(handle)}, which is not numeric.")
        self._check_size(handle, plan, layout == h5py.h5d.CHUNKED, where)
        return Array(path, handle, is_bfloat16, self._label)

    def _check_size(self, handle, plan, is_chunked, where):
        declared, stored = _declared_bytes(handle), handle.get_storage_size()
        self._stored += stored
        self._unpacked += declared
        is_bomb = declared > stored if not is_chunked else declared > _MAX_RATIO * self._size + _SPARE_BYTES
        is_bomb = is_bomb or self._stored > self._size
        is_bomb = is_bomb or self._unpacked > _MAX_RATIO * self._size + _SPARE_BYTES
        if is_chunked and declared:
            chunk = int(np.prod(plan.get_chunk(), dtype=object)) * handle.get_type().get_size()
            is_bomb = is_bomb or chunk > _MAX_RATIO * self._size + _SPARE_BYTES or not stored
        if is_bomb:
            raise UnsafeModelError(
                f"{where} declares {declared} bytes (shape {handle.shape}) but stores {stored}, in a file of "
                f"{self._size}: a shape bomb."
            )


def _declared_bytes(handle):
    return int(np.prod(handle.shape, dtype=object)) * handle.get_type().get_size()


def _is_bfloat16(handle):
    """Two opaque bytes, and an attribute that says what they are."""
    h5py = import_h5py()
    kind = handle.get_type()
    if not isinstance(kind, h5py.h5t.TypeOpaqueID) or kind.get_size() != 2 or not h5py.h5a.exists(handle, b"dtype"):
        return False
    attribute = h5py.h5a.open(handle, b"dtype")
    if attribute.shape != () or not isinstance(attribute.get_type(), h5py.h5t.TypeStringID):
        return False
    return _read_attribute(attribute).item() in ("bfloat16", b"bfloat16")


def _is_numeric(kind):
    """Integers, floats, and the two-valued enumeration that stands for bool."""
    h5py = import_h5py()
    if isinstance(kind, h5py.h5t.TypeEnumID):
        return kind.dtype == np.dtype(bool)
    if isinstance(kind, h5py.h5t.TypeIntegerID):
        return True
    return isinstance(kind, h5py.h5t.TypeFloatID) and kind.get_size() in (2, 4, 8) and kind.dtype.kind == "f"


def _dtype_text(handle):
    try:
        return str(handle.dtype)
    except (TypeError, ValueError):
        return "of no name"


def _read_attribute(attribute):
    """The values of a checked attribute as an array of `str`, `bytes` or nothing."""
    value = np.empty(attribute.shape, dtype=attribute.dtype)
    attribute.read(value)
    return value


def _decoded(value, label):
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise ModelFormatError(f"{label}: a name or text in the HDF5 file is not UTF-8.") from None
    if not isinstance(value, str):
        raise ModelFormatError(f"{label}: an attribute should be text. Received: {type(value)}")
    return value
