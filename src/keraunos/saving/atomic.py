"""Files that are either the old one or the complete new one, never something between."""

import contextlib
import os
import secrets


@contextlib.contextmanager
def atomic_write(path):
    """Opens a file for writing that takes the place of `path` only when the block has ended well.

    The bytes go to a temporary file in the same folder, are synced, and the file is renamed.

    Raises:
        FileNotFoundError: when the folder does not exist.
        IsADirectoryError: when `path` is a folder.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"Cannot save to '{path}': it is a directory.")
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"Cannot save to '{path}': the directory '{folder}' does not exist.")
    temporary = os.path.join(folder, f".{os.path.basename(path)}.{secrets.token_hex(6)}.tmp")
    try:
        with open(temporary, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        _keep_mode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _keep_mode(path, temporary):
    """A replaced file keeps its permissions."""
    with contextlib.suppress(OSError):
        os.chmod(temporary, os.stat(path).st_mode & 0o777)


def _sync_folder(folder):
    """Makes the rename itself survive a power loss, where the system can do that."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
