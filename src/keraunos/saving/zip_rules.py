"""What a `.keras` archive must keep to before one of its members is unpacked.

Programs that read zip files differ in what they believe of a damaged one. Here every byte has to belong to exactly one
member or to the one directory, and what the directory says must be what the members say themselves.
"""

import os
import stat
import struct
import unicodedata
import zipfile

from keraunos.errors import ModelFormatError

MAX_MEMBERS = 10_000
# Highest ratio of unpacked to stored bytes that deflate can honestly reach, and what all members may unpack to.
_MAX_RATIO = 1032
_MAX_TOTAL_RATIO = 4
_SPARE_BYTES = 64 * 2**20
_END = struct.Struct("<4s4H2LH")
_LOCAL = struct.Struct("<4s5H3L2H")
_HAS_DESCRIPTOR = 0x8
_DESCRIPTOR_SIZES = (12, 16, 20, 24)
_UNKNOWN_32 = 0xFFFFFFFF


def check_end(file, label):
    """The end record must be the last bytes, and must not announce more members than any model has.

    Returns:
        The number of bytes in the file.
    """
    size = file.seek(0, os.SEEK_END)
    if size < _END.size:
        raise ModelFormatError(f"{label} is not a complete zip archive: it may be truncated (no central directory).")
    file.seek(size - _END.size)
    signature, _, _, _, count, *_, comment = _END.unpack(file.read(_END.size))
    file.seek(0)
    if signature != b"PK\x05\x06" or comment:
        raise ModelFormatError(
            f"{label} is not a complete zip archive: it does not end with its central directory. It may be truncated, "
            "or something follows it."
        )
    if count > MAX_MEMBERS:
        raise ModelFormatError(f"{label} announces {count} members; a model has at most {MAX_MEMBERS}.")
    return size


def check_members(file, archive, size, label):
    """Checks the directory of an opened archive against the members themselves.

    Raises:
        ModelFormatError: for the first member that breaks a rule; the message names both.
    """
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise ModelFormatError(f"{label} has more than {MAX_MEMBERS} members.")
    names = set()
    for info in members:
        _check_member(info, label)
        key = unicodedata.normalize("NFC", info.filename).casefold()
        if key in names:
            raise ModelFormatError(f"{label} has two members '{info.filename[:100]}'.")
        names.add(key)
    if sum(info.file_size for info in members) > _MAX_TOTAL_RATIO * size + _SPARE_BYTES:
        raise ModelFormatError(f"{label} is a decompression bomb: its members unpack to too much.")
    _check_places(file, archive, members, label)


def _check_member(info, label):
    name = info.filename
    where = f"{label}: member '{name[:100]}'"
    if info.orig_filename != name or "\0" in name or not name.isprintable():
        raise ModelFormatError(f"{label}: the member name {info.orig_filename[:100]!r} is not allowed.")
    parts = name.split("/")
    if not name or name.startswith("/") or "\\" in name or ".." in parts or (len(name) > 1 and name[1] == ":"):
        raise ModelFormatError(f"{label}: the member name {name[:100]!r} leaves the archive.")
    if info.flag_bits & 0x1:
        raise ModelFormatError(f"{where} is encrypted.")
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ModelFormatError(f"{where} uses an unknown compression method.")
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG) and not (kind == stat.S_IFDIR and name.endswith("/")):
        raise ModelFormatError(f"{where} is not a plain file.")
    if name.endswith("/") and info.file_size:
        raise ModelFormatError(f"{where} is a folder with content.")
    if info.file_size > max(info.compress_size, 64) * _MAX_RATIO:
        raise ModelFormatError(f"{where} is a decompression bomb.")
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        raise ModelFormatError(f"{where} has two different sizes.")


def _check_places(file, archive, members, label):
    """Members lie one after the other, from the first byte to the directory."""
    place = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        gap = info.header_offset - place
        if gap:
            rule = "overlaps another one" if gap < 0 else "comes after bytes that belong to no member"
            raise ModelFormatError(f"{label}: member '{info.filename[:100]}' {rule}.")
        place = _end_of_member(file, info, label)
        if info.flag_bits & _HAS_DESCRIPTOR:
            place += _descriptor_size(file, place, info)
    if place != archive.start_dir:
        raise ModelFormatError(f"{label}: there are bytes between the members and the directory, or they overlap.")


def _end_of_member(file, info, label):
    where = f"{label}: member '{info.filename[:100]}'"
    file.seek(info.header_offset)
    header = file.read(_LOCAL.size)
    if len(header) != _LOCAL.size or header[:4] != b"PK\x03\x04":
        raise ModelFormatError(f"{where} is not where the directory says.")
    _, _, flags, method, _, _, crc, stored, unpacked, name_bytes, extra_bytes = _LOCAL.unpack(header)
    name = file.read(name_bytes)
    extra = file.read(extra_bytes)
    if name != info.orig_filename.encode("utf-8" if flags & 0x800 else "cp437", "replace"):
        raise ModelFormatError(f"{where} calls itself {name[:100]!r}.")
    if stored == _UNKNOWN_32 or unpacked == _UNKNOWN_32:
        unpacked, stored = _zip64_sizes(extra) or (unpacked, stored)
    sizes = (crc, stored, unpacked)
    is_later = flags & _HAS_DESCRIPTOR and not crc
    if method != info.compress_type or flags != info.flag_bits or (
        not is_later and sizes != (info.CRC, info.compress_size, info.file_size)
    ):
        raise ModelFormatError(f"{where} and the directory differ about its size, checksum or compression.")
    return file.tell() + info.compress_size


def _zip64_sizes(extra):
    while len(extra) >= 4:
        kind, length = struct.unpack("<2H", extra[:4])
        if kind == 1 and length >= 16 and len(extra) >= 20:
            return struct.unpack("<2Q", extra[4:20])
        extra = extra[4 + length :]
    return None


def _descriptor_size(file, place, info):
    """The bytes of the data descriptor at `place`: with or without a signature, 32 or 64 bits."""
    file.seek(place)
    data = file.read(max(_DESCRIPTOR_SIZES))
    start = 4 if data.startswith(b"PK\x07\x08") else 0
    for form, length in (("<3L", 12), ("<L2Q", 20)):
        try:
            found = struct.unpack(form, data[start : start + length])
        except struct.error:
            continue
        if found == (info.CRC, info.compress_size, info.file_size):
            return start + length
    return 0
