"""Files in the cache folder: finding, checking, unpacking. Nothing is downloaded."""

import hashlib
import os
import shutil
import tarfile
import tempfile
import urllib.parse
import urllib.request
import warnings
import zipfile

_ARCHIVE_ENDINGS = (".tar.gz", ".tar.bz2", ".tar.bz", ".tgz", ".tar", ".zip")


def cache_folder():
    """The folder for cached files: `$KERAS_HOME`, or `~/.keras`."""
    return os.environ.get("KERAS_HOME") or os.path.expanduser(os.path.join("~", ".keras"))


def hash_file(fpath, algorithm="sha256", chunk_size=65535):
    """Returns the hash of a file as hexadecimal digits.

    Args:
        fpath: path of the file.
        algorithm: `"sha256"`, `"md5"`, `"auto"`, or a `hashlib` object.
        chunk_size: bytes read at once.
    """
    hasher = _hasher(algorithm) if isinstance(algorithm, str) else algorithm
    with open(fpath, "rb") as file:
        while chunk := file.read(chunk_size):
            hasher.update(chunk)
    return hasher.hexdigest()


def _hasher(algorithm, file_hash=None):
    is_sha256 = algorithm == "auto" and file_hash is not None and len(file_hash) == 64
    if algorithm == "sha256" or is_sha256:
        return hashlib.sha256()
    return hashlib.md5(usedforsecurity=False)


def validate_file(fpath, file_hash, algorithm="auto", chunk_size=65535):
    """Returns whether a file has the given SHA-256 or MD5 hash."""
    return hash_file(fpath, _hasher(algorithm, file_hash), chunk_size) == str(file_hash)


def extract_archive(file_path, path=".", archive_format="auto"):
    """Unpacks a tar or zip file. Only plain files and folders inside `path` are written.

    Args:
        file_path: path of the archive.
        path: folder to unpack into.
        archive_format: `"auto"`, `"tar"`, `"zip"`, a list of those, or `None`.

    Returns:
        Whether the file was an archive of such a format.

    Raises:
        ValueError: for a member that is a link, a device, or would land outside; nothing is
            written then.
    """
    if archive_format is None:
        return False
    formats = ["tar", "zip"] if archive_format == "auto" else archive_format
    formats = [formats] if isinstance(formats, str) else formats
    for kind in formats:
        if kind not in ("tar", "zip"):
            raise NotImplementedError(f"extract_archive: unknown format {kind!r}")
        if kind == "tar" and tarfile.is_tarfile(file_path):
            with tarfile.open(file_path) as archive:
                members = archive.getmembers()
                for member in members:
                    _check_member(member.name, path, member.isfile() or member.isdir())
                for member in members:
                    source = archive.extractfile(member) if member.isfile() else None
                    _write_member(member.name, path, source)
            return True
        if kind == "zip" and zipfile.is_zipfile(file_path):
            with zipfile.ZipFile(file_path) as archive:
                members = archive.infolist()
                for member in members:
                    is_link = (member.external_attr >> 16) & 0o170000 == 0o120000
                    _check_member(member.filename, path, not is_link)
                for member in members:
                    source = None if member.is_dir() else archive.open(member)
                    _write_member(member.filename, path, source)
            return True
    return False


def _check_member(name, folder, is_plain):
    folder = os.path.realpath(folder)
    target = os.path.realpath(os.path.join(folder, name))
    is_inside = target == folder or target.startswith(folder.rstrip(os.sep) + os.sep)
    if not is_plain or not is_inside or "\\" in name or "\0" in name:
        rule = "is a link or device" if not is_plain else "lies outside of the target folder"
        raise ValueError(f"extract_archive: the member {name[:200]!r} {rule}")


def _write_member(name, folder, source):
    target = os.path.join(folder, name)
    if source is None:
        os.makedirs(target, exist_ok=True)
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with source, open(target, "wb") as file:
        shutil.copyfileobj(source, file)


def get_file(
    fname=None,
    origin=None,
    untar=False,
    md5_hash=None,
    file_hash=None,
    cache_subdir="datasets",
    hash_algorithm="auto",
    extract=False,
    archive_format="auto",
    cache_dir=None,
    force_download=False,
):
    """Returns the path of a file in the cache folder. Downloads nothing.

    An `origin` that begins with `file://` is copied into the cache. For any other the file must be
    there already; the error says where to put it.

    Args:
        fname: name of the file; by default the last part of `origin`.
        origin: address of the file.
        untar: older form of `extract`.
        md5_hash: older form of `file_hash`.
        file_hash: expected SHA-256 or MD5 hash.
        cache_subdir: folder below the cache folder, or an absolute path.
        hash_algorithm: `"sha256"`, `"md5"` or `"auto"`.
        extract: whether to unpack the file; the folder is returned then.
        archive_format: `"tar"`, `"zip"`, `"auto"` or `None`.
        cache_dir: cache folder, `$KERAS_HOME` or `~/.keras` by default.
        force_download: whether to copy a `file://` origin even if it is cached.

    Raises:
        FileNotFoundError: if the file is not there.
        ValueError: if its hash is not the expected one.
    """
    if origin is None:
        raise ValueError('Please specify the "origin" argument (URL of the file to download).')
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    fname = os.fspath(fname) if fname else os.path.basename(urllib.parse.urlsplit(origin).path)
    _check_file_name(fname, origin)
    folder = os.path.join(os.path.expanduser(cache_dir or cache_folder()), cache_subdir)
    extract = extract or untar
    target = folder_of_archive = os.path.join(folder, fname)
    if extract:
        ending = next((end for end in _ARCHIVE_ENDINGS if fname.endswith(end)), None)
        if ending is None:
            target += "_archive"
        else:
            folder_of_archive = target[: -len(ending)] + "_extracted"
    if not _is_cached(target, file_hash, hash_algorithm) or force_download:
        if extract and os.path.isdir(folder_of_archive) and not _is_local(origin):
            # Unpacked by hand, or by Keras, which keeps no archive.
            return folder_of_archive
        _copy_local_origin(origin, target, file_hash, hash_algorithm)
        if extract and os.path.isdir(folder_of_archive):
            shutil.rmtree(folder_of_archive)
    if not extract:
        return target
    if not os.path.isdir(folder_of_archive):
        _unpack(target, folder_of_archive, "tar" if untar else archive_format)
    return folder_of_archive


def _check_file_name(fname, origin):
    if not fname:
        raise ValueError(
            f"Can't parse the file name from the origin provided: '{origin}'. "
            "Please specify the `fname` argument."
        )
    if os.sep in fname or "/" in fname or "\\" in fname:
        raise ValueError(
            "Paths are no longer accepted as the `fname` argument. To specify the file's parent "
            f"directory, use the `cache_dir` argument. Received: fname={fname}"
        )
    if fname in (".", ".."):
        raise ValueError(f"get_file: the file name must not be '.' or '..'. Received: {fname!r}")


def _is_cached(path, file_hash, algorithm):
    if not os.path.isfile(path):
        return False
    return file_hash is None or validate_file(path, file_hash, algorithm)


def _is_local(origin):
    return origin.startswith("file:")


def _copy_local_origin(origin, target, file_hash, algorithm):
    if not _is_local(origin):
        if os.path.isfile(target):
            raise ValueError(
                f"Incomplete or corrupted file detected: {target} does not have the expected hash "
                f"{file_hash}. Replace it by the file from {origin}"
            )
        raise FileNotFoundError(
            f"{target} does not exist, and nothing is downloaded. Get {origin} and store it there."
        )
    source = urllib.request.url2pathname(urllib.parse.urlsplit(origin).path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    unfinished = f"{target}.tmp"
    shutil.copyfile(source, unfinished)
    if file_hash is not None and not validate_file(unfinished, file_hash, algorithm):
        os.remove(unfinished)
        raise ValueError(
            "Incomplete or corrupted file detected. "
            f"The file hash does not match the provided value of {file_hash}."
        )
    os.replace(unfinished, target)


def _unpack(archive, folder, archive_format):
    # Beside its place, so that a broken-off unpacking is not taken for a whole one.
    unfinished = tempfile.mkdtemp(dir=os.path.dirname(folder))
    try:
        if not extract_archive(archive, unfinished, archive_format):
            warnings.warn("Could not extract archive.", stacklevel=3)
        os.chmod(unfinished, 0o755)
        os.replace(unfinished, folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
