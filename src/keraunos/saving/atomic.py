"""Files that are either the old one or the complete new one, never something between."""

import contextlib
import os
import secrets

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


@contextlib.contextmanager
def atomic_write(path):
    """Opens a file for writing that takes the place of `path` only when the block has ended well.

    The bytes go to a temporary file in the same folder, are synced, and the file is renamed. A symbolic link stays
    one: the file that it names is replaced. What a process that was killed left behind is removed by the next save.

    Raises:
        FileNotFoundError: when the folder does not exist.
        IsADirectoryError: when `path` is a folder.
    """
    path = os.fspath(path)
    if os.path.isdir(path):
        raise IsADirectoryError(f"Cannot save to '{path}': it is a directory.")
    target = os.path.realpath(path)
    folder = os.path.dirname(target)
    if not os.path.isdir(folder):
        raise FileNotFoundError(f"Cannot save to '{path}': the directory '{folder}' does not exist.")
    _remove_remains(folder, os.path.basename(target))
    file, temporary = _open_temporary(folder, os.path.basename(target))
    try:
        with file:
            yield file
            file.flush()
            os.fsync(file.fileno())
            if fcntl is not None:  # under its lock
                _rename(temporary, target)
        if fcntl is None:
            _rename(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _open_temporary(folder, name):
    """A new file that is locked for as long as it is open: a file without a lock is nobody's any more."""
    while True:
        temporary = os.path.join(folder, f".{name}.{secrets.token_hex(6)}.tmp")
        file = open(temporary, "xb")
        if fcntl is None:
            return file, temporary
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.path.exists(temporary):
            return file, temporary
        file.close()  # Another process took it for a remain before it was locked.


def _remove_remains(folder, name):
    if fcntl is None:
        return
    for entry in os.listdir(folder):
        if not (entry.startswith(f".{name}.") and entry.endswith(".tmp")):
            continue
        if len(entry) != len(f".{name}.") + 12 + len(".tmp"):
            continue
        with contextlib.suppress(OSError), open(os.path.join(folder, entry), "rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.unlink(file.name)


def _rename(temporary, target):
    """A replaced file keeps its permissions."""
    with contextlib.suppress(OSError):
        os.chmod(temporary, os.stat(target).st_mode & 0o777)
    os.replace(temporary, target)


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
