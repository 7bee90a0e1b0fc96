"""Files that layers keep beside their weights in a `.keras` archive, such as vocabularies: `assets/<store path>/<file>`.

A built-in layer has `asset_files()`, which returns them as `{name: bytes}`, and `load_asset_files(files)`. They never
touch the disk. An application's own layer may have Keras's `save_assets(folder)` and `load_assets(folder)` instead; its
own files, and no others, then pass through a temporary folder.
"""

import os
import tempfile

from keraunos.errors import ModelFormatError
from keraunos.saving.state import children

FOLDER = "assets"


def collect_assets(root):
    """Returns the files of an object and everything inside it, as `{member name: bytes}`."""
    members = {}
    for obj, path in _objects(root):
        files = {}
        if hasattr(obj, "asset_files"):
            files = obj.asset_files()
        elif hasattr(obj, "save_assets"):
            with tempfile.TemporaryDirectory() as folder:
                obj.save_assets(folder)
                files = _read_folder(folder)
        for name, data in (files or {}).items():
            members["/".join(part for part in (FOLDER, path, name) if part)] = data
    return members


def restore_assets(root, members):
    """Gives the files back to the objects that wrote them.

    Args:
        root: Model or layer.
        members: Mapping from member name to a function that returns the bytes.
    """
    folders = {}
    for member in members:
        folder, _, name = member.rpartition("/")
        folders.setdefault(folder, []).append((name, member))
    for obj, path in _objects(root):
        place = f"{FOLDER}/{path}" if path else FOLDER
        if hasattr(obj, "load_asset_files"):
            files = {name: members[member]() for name, member in folders.get(place, ())}
            if files:
                obj.load_asset_files(files)
        elif hasattr(obj, "load_assets"):
            with tempfile.TemporaryDirectory() as folder:
                _write_folder(folder, place, members)
                obj.load_assets(folder)


def _objects(root):
    """All objects with their store paths, each once and at its first place."""
    visited = {id(root)}
    waiting = [(root, "")]
    while waiting:
        obj, path = waiting.pop(0)
        yield obj, path
        for child, child_path in children(obj, path):
            if id(child) not in visited:
                visited.add(id(child))
                waiting.append((child, child_path))


def _read_folder(folder):
    files = {}
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            with open(path, "rb") as file:
                files[os.path.relpath(path, folder).replace(os.sep, "/")] = file.read()
    return files


def _write_folder(folder, place, members):
    for member, read in members.items():
        name = member.removeprefix(f"{place}/")
        if name == member or name.endswith("/"):
            continue
        if any(part in ("", ".", "..") for part in name.split("/")):
            raise ModelFormatError(f"The asset '{member}' leaves its folder.")
        path = os.path.join(folder, *name.split("/"))
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(read())
