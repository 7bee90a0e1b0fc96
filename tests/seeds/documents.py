"""Reads the user's documents: pulls their code blocks out in order, with what each block is said to print."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path
from typing import NamedTuple

from repairs import REPAIRS

DATA = Path(__file__).parent / "data"
NAMES = sorted(REPAIRS)


class Block(NamedTuple):
    kind: str  # "python", "json" or "yaml"
    source: str
    output: str  # what the document prints below it; empty if nothing


def read(name: str, *, repaired: bool = True) -> str:
    """The text of a document, without spaces at line ends."""
    lines = [line.rstrip() for line in (DATA / name).read_text(encoding="utf-8").splitlines()]
    if repaired:
        for repair in REPAIRS[name]:
            found = lines[repair.line - 1]
            assert found == repair.old, f"{name}:{repair.line}: the repair does not fit. Found: {found!r}"
            lines[repair.line - 1] = repair.new
    return "\n".join(lines) + "\n"


def blocks(name: str) -> list[Block]:
    """All blocks of a document, in order."""
    text = read(name)
    if "\nIn [" in text or text.startswith("In ["):
        found = _cells(text)
    elif "```" in text:
        found = _fenced(text)
    else:
        found = _plain(text)
    return [part for block in found for part in _statements(block)]


def _fenced(text: str) -> list[Block]:
    found, opened, kind = [], None, ""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not line.strip().startswith("```"):
            continue
        if opened is None:
            opened, kind = number, line.strip()[3:]
        else:
            source = textwrap.dedent("\n".join(lines[opened + 1 : number])).strip("\n")
            found.append(Block(kind, source, ""))
            opened = None
    assert opened is None, f"line {opened}: a fence is not closed"
    return found


def _cells(text: str) -> list[Block]:
    """Notebook cells as text: code until the first paragraph that is not Python; a summary below is its output."""
    found = []
    pieces = re.split(r"^In \[.*\]:$", text, flags=re.MULTILINE)
    for piece in pieces[1:]:
        paragraphs = re.split(r"(\n\s*\n)", piece.strip("\n"))
        source, rest = "", 0
        for i in range(0, len(paragraphs), 2):
            longer = source + "".join(paragraphs[max(i - 1, 0) : i + 1])
            if not _is_python(longer) or paragraphs[i].startswith('Model: "'):
                break
            source, rest = longer, i + 1
        after = "".join(paragraphs[rest:]).strip("\n")
        found.append(Block("python", source, after if after.startswith('Model: "') else ""))
    return found


def _is_python(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


PLAIN_CODE = re.compile(r"(from|import) [\w.]+( import .*)?$|[A-Za-z_][\w.]* = \S.*$|[\w.]+\(.*\)$|>>> \S.*$")
PROSE = "−"


def _plain(text: str) -> list[Block]:
    """Code between prose without any mark: lines that look like statements, and what stands right below them."""
    found: list[Block] = []
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        first = number
        while number < len(lines) and PLAIN_CODE.match(lines[number]) and PROSE not in lines[number]:
            number += 1
            if lines[number - 1].startswith(">>>"):
                break
        if number == first:
            number += 1
            continue
        is_transcript = lines[first].startswith(">>>")
        begin = number
        if is_transcript or lines[begin].startswith("____"):
            while lines[number].strip() and PROSE not in lines[number] and not lines[number].startswith(">>>"):
                number += 1
        found.append(Block("python", "\n".join(lines[first:begin]), "\n".join(lines[begin:number])))
    return found


def _statements(block: Block) -> list[Block]:
    """A `>>>` transcript as one block for each statement; anything else as it is."""
    if not block.source.startswith(">>>"):
        return [block]
    found: list[Block] = []
    for line in block.source.splitlines():
        if line.startswith(">>>"):
            if statement := line[3:].strip():
                found.append(Block(block.kind, statement, ""))
        else:
            last = found[-1]
            found[-1] = last._replace(output=(last.output + "\n" + line).strip("\n"))
    if block.output:
        found[-1] = found[-1]._replace(output=block.output)
    return found
