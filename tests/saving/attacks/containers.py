"""Damaged and hostile HDF5 and zip files, made by changing good ones."""

import io
import struct
import zipfile

import h5py
import numpy as np

HUGE_SHAPES = [(10**6, 10**6), (2**58, 2), (2**30, 2**30), (10**12,), (2**28,), (2**26, 3), (1,) * 31 + (2**30,)]


def changed_h5(data, change):
    """The bytes of an HDF5 file after `change(h5, path of a dataset)`."""
    buffer = io.BytesIO(data)
    with h5py.File(buffer, "r+") as h5:
        names = []
        h5.visititems(lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None)
        change(h5, next(name for name in names if "optimizer" not in name and "seed" not in name))
    return buffer.getvalue()


def hostile_h5(data, secret):
    """Yields `(name, bytes)`. `secret` is the path of a file that must stay unread."""
    for name, change in _h5_changes(secret):
        yield name, changed_h5(data, change)
    for part in range(64):
        yield f"truncated at {part}/64", data[: len(data) * part // 64]
    yield "leading byte", b"\0" + data
    yield "user block", b"\0" * 512 + data
    yield "text", b"hello"
    yield "heap without end", data.replace(b"GCOL\x01\0\0\0", b"GCOL\x01\0\0\0\xff", 1) if b"GCOL" in data else b""


def _h5_changes(secret):
    def replaced(make):
        def change(h5, path):
            value = h5[path][()]
            del h5[path]
            make(h5, path, value)

        return change

    links = {
        "soft link": lambda path: h5py.SoftLink(f"/{path}"),
        "dangling soft link": lambda path: h5py.SoftLink("/nowhere"),
        "external link": lambda path: h5py.ExternalLink(secret, f"/{path}"),
        "external link to nothing": lambda path: h5py.ExternalLink("/no/such/file", "/x"),
    }
    for name, link in links.items():
        yield f"{name} as dataset", replaced(lambda h5, path, value, link=link: h5.__setitem__(path, link(path)))
        yield f"{name} at the root", lambda h5, path, link=link: h5.__setitem__("more", link(path))
        yield f"{name} in the middle", lambda h5, path, link=link: _move_and_link(h5, path, link)
    yield "hard link cycle", lambda h5, path: h5.__setitem__(f"{path.rsplit('/', 1)[0]}/again", h5["/"])
    yield "dataset twice", lambda h5, path: h5.__setitem__("twice", h5[path])
    yield "committed type", lambda h5, path: h5.__setitem__("kind", np.dtype("f8"))
    yield "external storage", replaced(
        lambda h5, path, value: h5.create_dataset(
            path, shape=value.shape, dtype="f4", external=[(secret, 0, h5py.h5f.UNLIMITED)]
        )
    )
    yield "virtual dataset", replaced(lambda h5, path, value: _virtual(h5, path, value, secret))
    yield "virtual dataset of itself", replaced(lambda h5, path, value: _virtual(h5, path, value, "."))
    for shape in HUGE_SHAPES:
        yield f"contiguous {shape[-2:]}", replaced(
            lambda h5, path, value, shape=shape: h5.create_dataset(path, shape=shape, dtype="f4")
        )
        yield f"chunked {shape[-2:]}", replaced(
            lambda h5, path, value, shape=shape: h5.create_dataset(
                path, shape=shape, dtype="f4", chunks=(1,) * len(shape), fillvalue=1
            )
        )
    yield "gzip bomb", lambda h5, path: h5.create_dataset("bomb", data=np.zeros(2**25, "f4"), compression="gzip")
    yield "lzf", lambda h5, path: h5.create_dataset("lzf", data=np.zeros(64), chunks=(64,), compression="lzf")
    kinds = {
        "text": np.array(["a", "b"], dtype=h5py.string_dtype()),
        "fixed text": np.array([b"a"]),
        "compound": np.zeros(2, dtype=[("a", "f4"), ("b", "i4")]),
        "complex": np.zeros(2, "c8"),
        "opaque": np.zeros(2, "V7"),
        "opaque pair": np.zeros(2, "V2"),
    }
    for name, value in kinds.items():
        yield f"{name} instead of numbers", replaced(
            lambda h5, path, old, value=value: h5.create_dataset(path, data=value)
        )
    yield "references", lambda h5, path: h5.create_dataset("refs", data=h5[path].ref, dtype=h5py.ref_dtype)
    yield "lengths that vary", lambda h5, path: h5.create_dataset("v", (2,), dtype=h5py.vlen_dtype("f4"))
    yield "missing dataset", replaced(lambda h5, path, value: None)
    yield "group instead of dataset", replaced(lambda h5, path, value: h5.create_group(path))
    yield "other shape", replaced(lambda h5, path, value: h5.create_dataset(path, data=np.zeros((7, 7), "f4")))
    yield "other rank", replaced(lambda h5, path, value: h5.create_dataset(path, data=np.zeros((1, *value.shape, 1), "f4")))
    yield "no elements", replaced(lambda h5, path, value: h5.create_dataset(path, data=np.zeros((0, 2), "f4")))
    yield "300 groups deep", lambda h5, path: h5.create_group("/".join(["g"] * 300))


def _move_and_link(h5, path, link):
    first = path.split("/")[0]
    h5.move(first, "moved")
    h5[first] = link(first)


def _virtual(h5, path, value, source):
    layout = h5py.VirtualLayout(value.shape, "f4")
    layout[...] = h5py.VirtualSource(source, "x", value.shape)
    h5.create_virtual_dataset(path, layout)


def deflated(data):
    """The same archive, compressed."""
    return rebuilt(data, compression=zipfile.ZIP_DEFLATED)


def rebuilt(data, changes=None, compression=zipfile.ZIP_STORED, more=()):
    """The archive with members replaced (`None` drops one) and others added."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", compression) as new:
        for name in old.namelist():
            value = (changes or {}).get(name, old.read(name))
            if value is not None:
                new.writestr(name, value)
        for info, value in more:
            new.writestr(info, value, compress_type=compression)
    return buffer.getvalue()


def hostile_zips(data):
    """Yields `(name, bytes)`: the corpus T1..T20 and what else breaks a rule of archives."""
    for name in ["../x", "/x", "a/../../x", "..\\x", "C:x", "\\\\host\\x", "link/../x", "nul\0x", "line\nfeed"]:
        yield f"member {name!r}", rebuilt(data, more=[(_info(name), b"1")])
    for name, mode in (("symlink", 0o120777), ("fifo", 0o010644), ("device", 0o060644), ("socket", 0o140644)):
        yield name, rebuilt(data, more=[(_info("extra", mode), b"/etc/passwd")])
    for name in ("config.json", "CONFIG.JSON", "model.weights.h5"):
        yield f"second {name}", rebuilt(data, more=[(_info(name), b"{}")])
    yield "names that differ in normalization", rebuilt(data, more=[(_info("\u00e9"), b""), (_info("e\u0301"), b"")])
    yield "folder with content", rebuilt(data, more=[(_info("folder/"), b"content")])
    yield "20000 members", rebuilt(data, more=[(_info(f"m{index}"), b"") for index in range(20000)])
    yield "bytes before", b"before" + data
    yield "bytes after", data + b"after"
    yield "comment", data[:-2] + struct.pack("<H", 5) + b"aaaaa"
    yield "two end records", data + data[-22:]
    yield "two archives", data + data
    for member in ("config.json", "model.weights.h5"):
        yield f"without {member}", rebuilt(data, {member: None})
        yield f"empty {member}", rebuilt(data, {member: b""})
        yield f"text as {member}", rebuilt(data, {member: b"hello"})
    bomb = b"\0" * (80 * 2**20)
    yield "bomb as weights", rebuilt(data, {"model.weights.h5": bomb}, compression=zipfile.ZIP_DEFLATED)
    yield "bomb as config", rebuilt(data, {"config.json": bomb}, compression=zipfile.ZIP_DEFLATED)
    yield "bomb beside", rebuilt(data, more=[(_info(f"b{index}"), bomb[: 2**24]) for index in range(8)], compression=8)
    yield from _lying_headers(data)
    for part in range(64):
        yield f"truncated at {part}/64", data[: len(data) * part // 64]


def _info(name, mode=0o100644):
    info = zipfile.ZipInfo("x")
    info.filename = name
    info.external_attr = mode << 16
    info.create_system = 3
    return info


# Offsets of fields in the local header and in the directory, with their sizes.
_FIELDS = {
    "flags": (6, 8, 2),
    "method": (8, 10, 2),
    "checksum": (14, 16, 4),
    "stored size": (18, 20, 4),
    "unpacked size": (22, 24, 4),
    "name length": (26, 28, 2),
}


def _lying_headers(data):
    local, central = data.find(b"PK\x03\x04"), data.find(b"PK\x01\x02")
    for name, (local_offset, central_offset, size) in _FIELDS.items():
        for where, place in (("local", local + local_offset), ("central", central + central_offset)):
            for value in (1, 99, 2 ** (8 * size) - 1):
                changed = bytearray(data)
                changed[place : place + size] = (value ^ int.from_bytes(data[place : place + size], "little")).to_bytes(
                    size, "little"
                )
                yield f"{where} {name} ^ {value}", bytes(changed)
    second = data.find(b"PK\x01\x02", central + 4)
    changed = bytearray(data)
    changed[second + 42 : second + 46] = data[central + 42 : central + 46]
    yield "overlapping members", bytes(changed)
    for value in (1, 7, 2**31, 2**32 - 1):
        changed = bytearray(data)
        changed[central + 42 : central + 46] = value.to_bytes(4, "little")
        yield f"member at {value}", bytes(changed)


def hostile_texts(text):
    """Yields `(name, bytes)`: JSON documents that are no config."""
    good = text.encode()
    yield "empty", b""
    yield "brace", b"{"
    for value in (b"[]", b"null", b"{}", b"5", b'"text"', b"true", b"[[1]]"):
        yield value.decode(), value
    yield "not UTF-8", b"\xff\xfe" + good
    yield "byte order mark", b"\xef\xbb\xbf" + good
    yield "UTF-16", text.encode("utf-16")
    yield "duplicate key", good.replace(b'"class_name"', b'"class_name": "Sequential", "class_name"', 1)
    yield "NaN", good.replace(b'"units": 2', b'"units": NaN')
    yield "Infinity", good.replace(b'"units": 2', b'"units": Infinity')
    yield "huge number", good.replace(b'"units": 2', b'"units": 1e400')
    yield "many digits", good.replace(b'"units": 2', b'"units": ' + b"9" * 5000)
    yield "nested lists", b"[" * 100_000 + b"]" * 100_000
    yield "nested objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    yield "trailing text", good + b" x"
    yield "single quotes", good.replace(b'"', b"'")
    yield "comment", b"/* */" + good
    yield "65 MB", b" " * (65 * 2**20) + good
    for part in range(1, 16):
        yield f"truncated at {part}/16", good[: len(good) * part // 16]
