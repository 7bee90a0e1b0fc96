"""Compares what a block prints with what the document says, up to what may differ.

Object addresses, counters in names and random numbers differ by nature. The documents are of three ages of Keras; an
object or a symbolic tensor is compared by what is said of it in every age: its class, or its shape and dtype.
"""

from __future__ import annotations

import re

OBJECTS = [
    r"<keras\.layers\.core\.(\w+) object at 0x[0-9A-F]+>",  # Keras 2
    r"<(\w+) name=\w+, built=\w+>",  # Keras 3
]
TENSORS = [
    r"<tf\.Tensor '[^']*' shape=(\([^)]*\)) dtype=(\w+)>",  # Keras 2, in a list
    r"Tensor\(\"[^\"]*\", shape ?=(\([^)]*\)), dtype ?= ?(\w+)\)",  # Keras 2, printed
    r"<KerasTensor shape=(\([^)]*\)), dtype=(\w+)[^>]*>",  # Keras 3
]


def essence(text: str) -> str:
    """The text with addresses and counters gone and every run of white space and rules as one space."""
    for pattern in OBJECTS:
        text = re.sub(pattern, r"<\1>", text)
    for pattern in TENSORS:
        text = re.sub(pattern, lambda match: f"<tensor {match[1].replace('?', 'None')} {match[2]}>", text)
    return " ".join(re.sub(r"[_=─━]{5,}", " ", without_counters(text)).split()).replace("[ ", "[").replace(" ]", "]")


def without_counters(text: str) -> str:
    """Names without their number, and with the word that this age of Keras uses."""
    text = re.sub(r"\b([a-z]+(?:_[a-z]+)*)_\d+\b", r"\1", text)
    return re.sub(r"\binput_layer\b", "input", re.sub(r"\bfunctional\b", "model", text))
