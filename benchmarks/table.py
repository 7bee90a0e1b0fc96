"""Markdown from the results of run.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kernels
from peers import KERAS_PEERS

BEGIN = "<!-- benchmarks: begin (written by benchmarks/run.py --readme) -->"
END = "<!-- benchmarks: end -->"


def markdown(result: dict[str, Any]) -> str:
    """The whole report."""
    parts = [_heading(result)]
    if result.get("training"):
        parts.append("## Training: ms per step through `fit`\n\n" + _timings(result["training"], 1e3, "ms"))
        parts += _shortened(result["training"], result["repeats"])
        if own := _own_code(result["training"]):
            parts.append(own)
    if result.get("inference"):
        parts.append("## Inference: µs per call\n\n" + _timings(result["inference"], 1e6, "µs"))
        parts += _shortened(result["inference"], result["repeats"])
    if result.get("static"):
        parts.append("## Start and size\n\n" + _static(result["static"]))
    if result.get("kernels"):
        parts.append("## Kernels\n\n" + kernels.markdown(result["kernels"]))
    missing = _missing(result)
    if missing:
        parts.append("## Not measured\n\n" + missing)
    return "\n\n".join(parts) + "\n"


def summary(result: dict[str, Any]) -> str:
    """The short table of the README: us against the fastest Keras and the fastest of all."""
    lines = ["| training, ms per step | keraunos | fastest Keras | times | fastest peer of any kind | times |"]
    lines.append("|---|---:|---:|---:|---:|---:|")
    for entry in result.get("training", []):
        lines.append(_against(entry, 1e3))
    if own := _own_code(result.get("training", [])):
        lines += ["", own]
    if result.get("inference"):
        lines += ["", "| inference, µs per call | keraunos | fastest Keras | times | fastest peer of any kind | times |"]
        lines.append("|---|---:|---:|---:|---:|---:|")
        for entry in result["inference"]:
            lines.append(_against(entry, 1e6))
    if result.get("static"):
        lines += ["", _static(result["static"])]
    lines += ["", _conditions(result)]
    return "\n".join(lines)


def fill(readme: Path, text: str) -> None:
    """Replaces the marked block of the README."""
    content = readme.read_text(encoding="utf-8")
    before, _, rest = content.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"{readme}: the lines {BEGIN!r} and {END!r} must both be there")
    readme.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _heading(result: dict[str, Any]) -> str:
    return f"# Benchmark results\n\nWritten by `benchmarks/run.py`. {_conditions(result)}"


def _conditions(result: dict[str, Any]) -> str:
    machine = result["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    short = f" Short runs of at most {result['steps']} steps: not for comparing." if result["steps"] else ""
    return (
        f"{machine['cpu']}, {machine['threads']} threads, Python {machine['python']}, {machine['date']}; medians of "
        f"{result['repeats']} rounds, peers in turns.{short}" + (f" Peers: {versions}." if versions else "")
    )


def _medians(entry: dict[str, Any]) -> dict[str, float]:
    return {peer: found["median"] for peer, found in entry["peers"].items() if "median" in found}


def _name(entry: dict[str, Any]) -> str:
    return f"({entry['row']}) {entry['title']}" if not entry["title"].startswith("(") else entry["title"]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _timings(entries: list[dict[str, Any]], scale: float, unit: str) -> str:
    peers = [peer for peer in entries[0]["peers"] if any(peer in _medians(entry) for entry in entries)]
    peers += [peer for entry in entries for peer in _medians(entry) if peer not in peers]
    peers = list(dict.fromkeys(peers))
    lines = [f"| {unit} | " + " | ".join(peers) + " |", "|---|" + "---:|" * len(peers)]
    for entry in entries:
        found = _medians(entry)
        ours = found.get("keraunos")
        cells = []
        for peer in peers:
            if peer not in found:
                cells.append("–")
            elif ours is None or peer == "keraunos":
                cells.append(_number(found[peer] * scale))
            else:
                cells.append(f"{_number(found[peer] * scale)} ({found[peer] / ours:.2f}×)")
        lines.append(f"| {_name(entry)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _shortened(entries: list[dict[str, Any]], repeats: int) -> list[str]:
    """Who did not have all rounds."""
    short = [
        f"{peer} ({entry['row']}) {len(found['seconds'])}"
        for entry in entries
        for peer, found in entry["peers"].items()
        if len(found.get("seconds", [])) < repeats and "median" in found
    ]
    return [f"Fewer rounds than {repeats}, because one took more than five seconds: {', '.join(short)}."] if short else []


def _against(entry: dict[str, Any], scale: float) -> str:
    found = _medians(entry)
    ours = found.pop("keraunos", None)
    cells = ["–" if ours is None else _number(ours * scale)]
    for peers in ({peer: found[peer] for peer in KERAS_PEERS if peer in found}, found):
        if not peers or ours is None:
            cells += ["–", "–"]
            continue
        best = min(peers, key=peers.__getitem__)
        cells += [f"{_number(peers[best] * scale)} ({best})", f"{peers[best] / ours:.1f}×"]
    return f"| {_name(entry)} | " + " | ".join(cells) + " |"


def _own_code(entries: list[dict[str, Any]]) -> str:
    """What code of the user's own costs keraunos, against the plain row of the same network."""
    found = {entry["row"]: _medians(entry).get("keraunos") for entry in entries}
    plain = found.get("b")
    times = [f"{row[2:]} {value / plain:.2f}×" for row, value in found.items() if row.startswith("b-") and value and plain]
    return "keraunos with the user's own code, against plain (b): " + ", ".join(times) + "." if times else ""


STATIC_ROWS = [
    ("import_seconds", "import, s", 1.0),
    ("numpy_seconds", "of which numpy, s", 1.0),
    ("first_use_seconds", "import and a first compiled model, s", 1.0),
    ("rss_bytes", "memory after import, MB", 1e-6),
    ("first_use_rss_bytes", "memory after a first compiled model, MB", 1e-6),
    ("wheel_bytes", "wheel, MB", 1e-6),
    ("own_installed_bytes", "installed, MB", 1e-6),
    ("installed_bytes", "installed with what it needs, MB", 1e-6),
    ("first_step_seconds", "process start to the end of the first step of (b), s", 1.0),
    ("first_epoch_seconds", "process start to the end of the first epoch of (b), s", 1.0),
]


def _static(static: dict[str, Any]) -> str:
    peers = [peer for peer in static if "missing" not in static[peer]]
    lines = ["| | " + " | ".join(peers) + " |", "|---|" + "---:|" * len(peers)]
    for key, title, scale in STATIC_ROWS:
        if any(key in static[peer] for peer in peers):
            cells = [_number(static[peer][key] * scale) if key in static[peer] else "–" for peer in peers]
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _missing(result: dict[str, Any]) -> str:
    reasons: dict[str, list[str]] = {}
    for entry in [*result.get("training", []), *result.get("inference", [])]:
        for peer, found in entry["peers"].items():
            if "missing" in found:
                where = f"({entry['row']}) {entry['measure']}"
                reasons.setdefault(f"{peer}: {found['missing']}", []).append(where)
    for peer, found in result.get("static", {}).items():
        if "missing" in found:
            reasons.setdefault(f"{peer}: {found['missing']}", []).append("static")
    return "\n".join(f"* {reason} — {', '.join(places)}" for reason, places in reasons.items())
