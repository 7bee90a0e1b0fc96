"""The `.keras` file: a zip archive of `metadata.json`, `config.json` and `model.weights.h5`."""

import contextlib
import datetime
import functools
import io
import json
import os
import struct
import time
import zipfile

from keraunos import serialization
from keraunos.errors import ModelFormatError, ModelNotFoundError
from keraunos.saving import json_format, zip_rules
from keraunos.saving.assets import FOLDER as ASSETS
from keraunos.saving.assets import collect_assets
from keraunos.saving.h5_store import open_h5, write_h5
from keraunos.saving.state import collect_state

# The version of Keras whose format is written.
KERAS_VERSION = "3.15.1"
CONFIG = "config.json"
METADATA = "metadata.json"
WEIGHTS = "model.weights.h5"
# Extra field of zip members that is only there to be skipped, as Android's zipalign has it.
_PADDING = 0xD935


def config_json(model):
    """The text of `config.json`."""
    with serialization.ObjectSharingScope():
        return json.dumps(serialization.serialize_keras_object(model))


def metadata_json():
    """The text of `metadata.json`."""
    saved = datetime.datetime.now().strftime("%Y-%m-%d@%H:%M:%S")
    return json.dumps({"keras_version": KERAS_VERSION, "date_saved": saved})


def write_archive(file, model):
    """Writes a model to a binary file object. Members are stored, not deflated."""
    from keraunos.saving.native_functions import trace_model

    weights = io.BytesIO()
    functions = trace_model(model)
    config = config_json(model)
    assets = collect_assets(model)
    sources = {}
    places = write_h5(weights, collect_state(model, sources=sources))
    native = functions.members(sources, places, weights.getbuffer()) if functions else {}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(METADATA, metadata_json())
        archive.writestr(CONFIG, config)
        for name, content in {WEIGHTS: weights.getbuffer(), **native, **assets}.items():
            archive.writestr(_aligned_member(archive, name), content)


def _aligned_member(archive, name):
    """A member whose content begins at a multiple of 64 bytes, so that the file can be mapped and used as it is."""
    member = zipfile.ZipInfo(name, time.localtime()[:6])
    member.external_attr = 0o600 << 16
    last = archive.infolist()[-1]
    begin = last.header_offset + len(last.FileHeader()) + last.file_size
    padding = -(begin + 30 + len(name) + 4) % 64
    member.extra = struct.pack("<HH", _PADDING, padding) + bytes(padding)
    return member


def write_folder(path, model):
    """Writes the members of the archive into a folder."""
    from keraunos.saving.atomic import atomic_write

    config = config_json(model).encode()
    entries = collect_state(model)
    members = {METADATA: metadata_json().encode(), CONFIG: config, **collect_assets(model)}
    os.makedirs(path, exist_ok=True)
    for name, data in members.items():
        member_path = os.path.join(path, *name.split("/"))
        os.makedirs(os.path.dirname(member_path), exist_ok=True)
        with atomic_write(member_path) as file:
            file.write(data)
    with atomic_write(os.path.join(path, WEIGHTS)) as file:
        write_h5(file, entries)


@contextlib.contextmanager
def open_archive(source):
    """Opens a `.keras` file, a folder with its members, or a binary file object.

    Raises:
        ModelNotFoundError: when there is no such file.
        ModelFormatError: when it is not such a file; the message says what it is.
    """
    if hasattr(source, "read"):
        with _open_zip(source, "the file object") as archive:
            yield ZipSource(archive, "the file object")
        return
    path = os.fspath(source)
    path = path.decode() if isinstance(path, bytes) else path
    if os.path.isdir(path):
        yield FolderSource(path)
        return
    if not os.path.exists(path):
        raise ModelNotFoundError(
            f"File not found: filepath={path}. Please ensure the file is an accessible `.keras` zip file."
        )
    _check_beginning(path)
    with open(path, "rb") as file, _open_zip(file, f"'{path}'") as archive:
        yield ZipSource(archive, f"'{path}'")


def _check_beginning(path):
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        beginning = file.read(8)
    if not size:
        raise ModelFormatError(f"'{path}' is empty (0 bytes).")
    if beginning.startswith(b"\x89HDF"):
        raise ModelFormatError(
            f"'{path}' is an HDF5 file, not a `.keras` zip archive. Give it the ending `.h5`, or `.weights.h5` and "
            "call `load_weights`."
        )
    if not beginning.startswith(b"PK"):
        raise ModelFormatError(f"'{path}' is not a zip archive ({size} bytes).")


@contextlib.contextmanager
def _open_zip(file, label):
    size = zip_rules.check_end(file, label)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError, struct.error) as error:
        raise ModelFormatError(
            f"{label} is not a complete zip archive: {error}. It may be truncated (no central directory)."
        ) from None
    with archive:
        zip_rules.check_members(file, archive, size, label)
        yield archive


class ZipSource:
    """The members of an archive that keeps to the rules (`zip_rules.py`)."""

    def __init__(self, archive, label):
        self.label = label
        self._archive = archive
        self._members = {info.filename: info for info in archive.infolist()}

    def __contains__(self, name):
        return name in self._members

    def read(self, name, limit=None):
        """The bytes of a member, at most `limit`."""
        info = self._members.get(name)
        if info is None:
            raise ModelFormatError(f"{self.label} has no member '{name}'. Is it a `.keras` file?")
        if limit is not None and info.file_size > limit:
            raise ModelFormatError(f"{self.label}: member '{name}' may have at most {limit} bytes.")
        try:
            with self._archive.open(info) as file:
                data = file.read(info.file_size + 1)
        except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            raise ModelFormatError(f"{self.label}: member '{name}' cannot be read: {error}") from None
        except Exception as error:  # zlib.error, where zlib is there at all
            raise ModelFormatError(f"{self.label}: member '{name}' cannot be unpacked: {error}") from None
        if len(data) != info.file_size:
            raise ModelFormatError(f"{self.label}: member '{name}' has not the size that the directory says.")
        return data

    def assets(self):
        """Functions that read the assets, by member name."""
        names = [name for name in self._members if name.startswith(f"{ASSETS}/") and not name.endswith("/")]
        return {name: functools.partial(self.read, name) for name in names}

    def open_weights(self):
        """The entries of the weights member."""
        return open_h5(io.BytesIO(self.read(WEIGHTS)), f"{self.label}: member '{WEIGHTS}'")


class FolderSource:
    """A folder with the members of an archive as files."""

    def __init__(self, path):
        self.label = f"'{path}'"
        self._path = path

    def __contains__(self, name):
        return os.path.isfile(os.path.join(self._path, name))

    def read(self, name, limit=None):
        path = os.path.join(self._path, name)
        if name not in self:
            raise ModelFormatError(f"{self.label} has no file '{name}'. Is it an unzipped `.keras` file?")
        if limit is not None and os.path.getsize(path) > limit:
            raise ModelFormatError(f"{self.label}: file '{name}' may have at most {limit} bytes.")
        with open(path, "rb") as file:
            return file.read()

    def assets(self):
        found = {}
        for place, _, names in os.walk(os.path.join(self._path, ASSETS)):
            for name in names:
                member = os.path.relpath(os.path.join(place, name), self._path).replace(os.sep, "/")
                found[member] = functools.partial(self.read, member)
        return found

    def open_weights(self):
        if WEIGHTS not in self:
            raise ModelFormatError(f"{self.label} has no file '{WEIGHTS}'.")
        return open_h5(os.path.join(self._path, WEIGHTS), f"{self.label}: file '{WEIGHTS}'")


def read_config(source):
    """The config of the model in an opened archive."""
    data = source.read(CONFIG, limit=json_format.MAX_BYTES)
    return json_format.read_json(data, f"{source.label}: {CONFIG}")


def version_of(source):
    """The version of Keras in the metadata, or `None`."""
    if METADATA not in source:
        return None
    metadata = json_format.read_json(source.read(METADATA, limit=2**20), f"{source.label}: {METADATA}")
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return version if isinstance(version, str) else None
