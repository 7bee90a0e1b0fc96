"""Reads lists, dicts, numbers, texts and NumPy arrays from Python's object stream format.

Some data sets come as such streams. The general reader of that format can be made to run any code;
this one knows only the instructions that plain data needs. It imports nothing and calls nothing.
"""

import struct

import numpy as np

from keraunos.errors import ModelFormatError

_MARK = object()
_ARRAY_MODULES = ("numpy.core.multiarray", "numpy._core.multiarray")


class _Name:
    """A name in the stream; known ones stand for the parts of an array."""

    def __init__(self, module, name):
        self.full = f"{module}.{name}"


class _Array:
    """An array whose contents may still follow."""

    def __init__(self):
        self.value = None

    def fill(self, state):
        _, shape, dtype, is_fortran, data = state
        if isinstance(data, list):
            # An array of objects: rows of different lengths.
            self.value = np.empty(len(data), dtype=object)
            for i, item in enumerate(data):
                self.value[i] = item
            return
        array = np.frombuffer(data, dtype=np.dtype(dtype.code))
        self.value = array.reshape(shape, order="F" if is_fortran else "C")


class _Dtype:
    def __init__(self, code):
        if not (isinstance(code, str) and code[:1] in "biufO" and len(code) <= 3):
            raise ModelFormatError(f"plain objects: unexpected dtype {code!r}")
        self.code = code


class PlainObjectReader:
    """Reads one object from bytes.

    Args:
        data: the bytes.
        text_encoding: encoding of texts that Python 2 wrote.

    Raises:
        ModelFormatError: for anything that is not plain data.
    """

    def __init__(self, data, text_encoding="latin1"):
        self._data = data
        self._at = 0
        self._encoding = text_encoding
        self._stack = []
        self._memo = {}

    def read(self):
        """Returns the object."""
        try:
            while True:
                code = self._take(1)
                if code == b".":
                    return _finish(_plain(self._stack.pop()))
                self._step(code)
        except ModelFormatError:
            raise
        except (LookupError, ValueError, TypeError, AttributeError, struct.error) as error:
            raise ModelFormatError(
                f"plain objects: the stream is damaged at byte {self._at}"
            ) from error

    def _take(self, count):
        part = self._data[self._at : self._at + count]
        if count < 0 or len(part) != count:
            raise ModelFormatError("plain objects: the stream is truncated")
        self._at += count
        return part

    def _number(self, layout):
        return struct.unpack("<" + layout, self._take(struct.calcsize("<" + layout)))[0]

    def _line(self):
        end = self._data.index(b"\n", self._at)
        line = self._data[self._at : end].decode("ascii")
        self._at = end + 1
        return line

    def _since_mark(self):
        start = len(self._stack) - 1
        while self._stack[start] is not _MARK:
            start -= 1
        items = self._stack[start + 1 :]
        del self._stack[start:]
        return items

    def _step(self, code):
        simple = _SIMPLE.get(code)
        if simple is not None:
            self._stack.append(simple())
        elif code in _NUMBERS:
            self._stack.append(self._number(_NUMBERS[code]))
        elif code in _BYTES:
            self._stack.append(bytes(self._take(self._number(_BYTES[code]))))
        elif code in _TEXTS:
            self._stack.append(self._take(self._number(_TEXTS[code])).decode("utf-8"))
        elif code in _TUPLES:
            count = _TUPLES[code]
            self._stack[-count:] = [tuple(self._stack[-count:])]
        else:
            action = _ACTIONS.get(code)
            if action is None:
                raise ModelFormatError(
                    f"plain objects: instruction {code!r} at byte {self._at - 1} is not plain data"
                )
            action(self)

    def _long(self):
        self._stack.append(int.from_bytes(self._take(self._number("B")), "little", signed=True))

    def _big_float(self):
        self._stack.append(struct.unpack(">d", self._take(8))[0])

    def _global_line(self):
        module = self._line()
        self._stack.append(_Name(module, self._line()))

    def _global_stack(self):
        name, module = self._stack.pop(), self._stack.pop()
        self._stack.append(_Name(module, name))

    def _put(self, layout):
        self._memo[self._number(layout)] = self._stack[-1]

    def _get(self, layout):
        self._stack.append(self._memo[self._number(layout)])

    def _memoize(self):
        self._memo[len(self._memo)] = self._stack[-1]

    def _tuple(self):
        self._stack.append(tuple(self._since_mark()))

    def _append(self):
        item = _plain(self._stack.pop())
        self._stack[-1].append(item)

    def _appends(self):
        items = self._since_mark()
        for item in items:
            if type(item) is not int:
                _plain(item)
        self._stack[-1].extend(items)

    def _set_item(self):
        value, key = self._stack.pop(), self._stack.pop()
        self._stack[-1][key] = _plain(value)

    def _set_items(self):
        items = [_plain(item) for item in self._since_mark()]
        self._stack[-1].update(zip(items[::2], items[1::2]))

    def _reduce(self):
        arguments, name = self._stack.pop(), self._stack.pop()
        full = name.full if isinstance(name, _Name) else repr(name)[:100]
        module, _, last = full.rpartition(".")
        if module in _ARRAY_MODULES and last == "_reconstruct":
            self._stack.append(_Array())
        elif full == "numpy.dtype":
            code = arguments[0]
            self._stack.append(_Dtype(code.decode("ascii") if isinstance(code, bytes) else code))
        elif full == "_codecs.encode":
            # How Python 3 writes bytes in the older protocols.
            self._stack.append(arguments[0].encode("latin1"))
        else:
            raise ModelFormatError(f"plain objects: {full} is not plain data")

    def _build(self):
        state = self._stack.pop()
        target = self._stack[-1]
        if isinstance(target, _Array):
            target.fill(state)
        elif not isinstance(target, _Dtype):
            raise ModelFormatError("plain objects: only arrays may be filled")


def _plain(value):
    """Returns the value unless it is, or holds in tuples, something other than data."""
    if isinstance(value, (_Name, _Dtype)) or value is _MARK:
        raise ModelFormatError("plain objects: a name is not plain data")
    if isinstance(value, tuple):
        for item in value:
            _plain(item)
    return value


def _finish(value):
    """Replaces the stand-ins of arrays by the arrays."""
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, dict):
        return {key: _finish(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finish(item) for item in value] if any(_is_array(i) for i in value) else value
    return value


def _is_array(value):
    return isinstance(value, (_Array, dict, list))


_SIMPLE = {
    b"]": list,
    b"}": dict,
    b")": tuple,
    b"N": lambda: None,
    b"\x88": lambda: True,
    b"\x89": lambda: False,
    b"(": lambda: _MARK,
}
_NUMBERS = {b"K": "B", b"M": "H", b"J": "i"}
_BYTES = {b"C": "B", b"B": "I", b"U": "B", b"T": "i"}
_TEXTS = {b"\x8c": "B", b"X": "I"}
_TUPLES = {b"\x85": 1, b"\x86": 2, b"\x87": 3}
_ACTIONS = {
    b"\x80": lambda reader: reader._take(1),
    b"\x95": lambda reader: reader._take(8),
    b"\x8a": PlainObjectReader._long,
    b"G": PlainObjectReader._big_float,
    b"c": PlainObjectReader._global_line,
    b"\x93": PlainObjectReader._global_stack,
    b"q": lambda reader: reader._put("B"),
    b"r": lambda reader: reader._put("I"),
    b"h": lambda reader: reader._get("B"),
    b"j": lambda reader: reader._get("I"),
    b"\x94": PlainObjectReader._memoize,
    b"t": PlainObjectReader._tuple,
    b"a": PlainObjectReader._append,
    b"e": PlainObjectReader._appends,
    b"s": PlainObjectReader._set_item,
    b"u": PlainObjectReader._set_items,
    b"R": PlainObjectReader._reduce,
    b"b": PlainObjectReader._build,
}
