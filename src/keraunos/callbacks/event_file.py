"""Event files, as TensorBoard reads them.

A file is a sequence of records (length, checksum, data, checksum); the data is an `Event` message in the
encoding of Protocol Buffers (tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
"""

import os
import socket
import struct
import time
import zlib

import numpy as np

_BUCKETS = 30


def _crc_table():
    # CRC-32C (Castagnoli), reflected polynomial 0x82F63B78.
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def _masked_crc(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    # Masked, so that the checksum of data that holds checksums is not degenerate (TFRecord format).
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _varint(value):
    value &= 0xFFFFFFFFFFFFFFFF
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _integer(field, value):
    return _varint(field << 3) + _varint(value)


def _double(field, value):
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _float(field, value):
    return _varint(field << 3 | 5) + struct.pack("<f", value)


def _bytes(field, value):
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _doubles(field, values):
    return _bytes(field, np.asarray(values, "<f8").tobytes())


class EventFile:
    """Appends summaries to a new event file.

    Args:
        folder: folder of the file; made if it does not exist.
    """

    _count = 0

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        EventFile._count += 1
        name = (
            f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}."
            f"{os.getpid()}.{EventFile._count}.v2"
        )
        self._file = open(os.path.join(folder, name), "wb")
        self._write_event(_bytes(3, b"brain.Event:2"))

    def scalar(self, tag, value, step):
        """Writes a number."""
        self._write_value(tag, _float(2, float(value)), step)

    def histogram(self, tag, values, step):
        """Writes the distribution of the values of an array."""
        values = np.asarray(values, "float64").reshape(-1)
        finite = values[np.isfinite(values)]
        counts, edges = np.histogram(finite, bins=_BUCKETS)
        low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
        content = (
            _double(1, low)
            + _double(2, high)
            + _double(3, finite.size)
            + _double(4, finite.sum())
            + _double(5, (finite**2).sum())
            + _doubles(6, edges[1:])
            + _doubles(7, counts)
        )
        self._write_value(tag, _bytes(5, content), step)

    def image(self, tag, pixels, step):
        """Writes a picture of shape `(height, width, 1 or 3)`, stretched to the whole range of values."""
        low, high = float(pixels.min()), float(pixels.max())
        scaled = (pixels - low) * (255 / (high - low)) if high > low else np.zeros_like(pixels)
        height, width, channels = pixels.shape
        content = (
            _integer(1, height)
            + _integer(2, width)
            + _integer(3, channels)
            + _bytes(4, encode_png(scaled.astype("uint8")))
        )
        self._write_value(tag, _bytes(4, content), step)

    def flush(self):
        """Hands everything written so far to the system."""
        self._file.flush()

    def close(self):
        """Ends the file."""
        self._file.close()

    def _write_value(self, tag, content, step):
        value = _bytes(1, tag.encode()) + content
        self._write_event(_integer(2, int(step)) + _bytes(5, _bytes(1, value)))

    def _write_event(self, content):
        data = _double(1, time.time()) + content
        length = struct.pack("<Q", len(data))
        self._file.write(length + struct.pack("<I", _masked_crc(length)))
        self._file.write(data + struct.pack("<I", _masked_crc(data)))


def encode_png(pixels):
    """Returns an array of bytes `(height, width, 1 or 3)` as a PNG file (RFC 2083)."""
    height, width, channels = pixels.shape
    rows = np.zeros((height, 1 + width * channels), "uint8")
    rows[:, 1:] = pixels.reshape(height, -1)

    def chunk(kind, data):
        crc = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc)

    header = struct.pack(">IIBBBBB", width, height, 8, 0 if channels == 1 else 2, 0, 0, 0)
    body = zlib.compress(rows.tobytes())
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
    )
