"""Files hold one idea each, and nothing in them belongs to one machine only."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMIT = 700
# A longer file: why it is one idea.
LONGER: dict[str, str] = {}
TEXT = {".py", ".pyi", ".h", ".cpp", ".inc", ".md", ".toml", ".txt", ".cmake", ".in", ".json", ".yml", ""}
# Folders of one machine or one user.
OWN_PATHS = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w")


def files() -> list[Path]:
    """The files of the project: what git knows, or everything when this is no git checkout."""
    try:
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
        paths = [ROOT / name for name in listed if name]
    except (OSError, subprocess.CalledProcessError):
        hidden = {"build", ".venv", "__pycache__", ".git", ".pytest_cache", ".ruff_cache", ".mypy_cache"}
        paths = [path for path in ROOT.rglob("*") if not hidden & set(path.relative_to(ROOT).parts)]
    return sorted(path for path in paths if path.is_file() and path.suffix in TEXT)


SOURCES = [path for path in files() if path.suffix in {".py", ".h", ".cpp", ".inc"}]


def test_no_source_file_is_too_long():
    for path in SOURCES:
        name = str(path.relative_to(ROOT))
        count = len(path.read_text(encoding="utf-8").splitlines())
        assert count <= LIMIT or name in LONGER, f"{name} has {count} lines; split it, or say in LONGER why it is one idea"


def test_no_file_names_a_folder_of_one_machine():
    for path in files():
        if path == Path(__file__) or "seeds/data" in path.as_posix():
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not OWN_PATHS.search(line), f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"


def test_there_is_no_todo_without_an_end():
    bare = re.compile(r"\b(?:TODO|FIXME|XXX)\b(?!.*\b(?:when|once|until|after)\b)")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in SOURCES
        if path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if bare.search(line)
    ]
    assert not found, f"a TODO needs the condition that ends it: {found}"
