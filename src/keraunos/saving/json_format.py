"""JSON texts of configs, read with caps and without the freedoms that JSON parsers differ in."""

import json

from keraunos import serialization
from keraunos.errors import ModelFormatError

MAX_BYTES = 64 * 2**20


def read_json(text, where):
    """Parses a JSON document.

    Args:
        text: `str` or `bytes`.
        where: What the text is, to begin error messages with.

    Raises:
        TypeError: when it is no text.
        ModelFormatError: when it is too long or too deep, has a key twice, or is not JSON.
    """
    if not isinstance(text, (str, bytes, bytearray)):
        raise TypeError(f"{where}: expected JSON text. Received: {type(text)}")
    if len(text) > MAX_BYTES:
        raise ModelFormatError(f"{where}: the text may have at most {MAX_BYTES} bytes. Received: {len(text)}")
    if not isinstance(text, str):
        try:
            text = bytes(text).decode("utf-8")
        except UnicodeDecodeError as error:
            raise ModelFormatError(f"{where}: the text is not UTF-8: {error}") from None
    _check_nesting(text, where)
    try:
        return json.loads(text, object_pairs_hook=_without_duplicates, parse_constant=_read_constant)
    except json.JSONDecodeError as error:
        raise ModelFormatError(
            f"{where}: not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    except ModelFormatError as error:
        raise ModelFormatError(f"{where}: {error}") from None
    except ValueError as error:  # a number of thousands of digits
        raise ModelFormatError(f"{where}: not JSON: {error}") from None
    except RecursionError:
        raise ModelFormatError(f"{where}: the text is nested too deeply.") from None


def _without_duplicates(pairs):
    result = dict(pairs)
    if len(result) != len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ModelFormatError(f"the key {twice[:100]!r} occurs twice in one object.")
    return result


def _read_constant(name):
    """Python writes infinities, which bounds of layers may be. NaN is no bound of anything."""
    if name == "NaN":
        raise ModelFormatError("the number NaN has no place in a config.")
    return float(name)


def _check_nesting(text, where, limit=serialization.MAX_DEPTH):
    """Counts open brackets outside of strings, before a parser spends stack on them."""
    if text.count("[") + text.count("{") <= limit:
        return
    depth = 0
    in_string = False
    is_escaped = False
    for sign in text:
        if in_string:
            if is_escaped:
                is_escaped = False
            elif sign == "\\":
                is_escaped = True
            elif sign == '"':
                in_string = False
        elif sign == '"':
            in_string = True
        elif sign in "[{":
            depth += 1
            if depth > limit:
                raise ModelFormatError(f"{where}: the text is nested more than {limit} levels deep.")
        elif sign in "]}":
            depth -= 1
