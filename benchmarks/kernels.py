"""Runs the C++ program bench_kernels, whose times come without Python around them, and makes a table of its lines."""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any


def measure(program: str, threads: int) -> dict[str, Any]:
    """What `bench_kernels` prints, one JSON object a line; its first line is the measured peak of one thread."""
    environment = {**os.environ, "KERAUNOS_NUM_THREADS": str(threads)}
    finished = subprocess.run([program], capture_output=True, text=True, check=True, env=environment)
    lines = [json.loads(line) for line in finished.stdout.splitlines() if line.startswith("{")]
    peak = next(line for line in lines if line["case"] == "peak")
    return {"level": peak["level"], "peak_gflops": peak["gflops"], "rows": [line for line in lines if line is not peak]}


def markdown(kernels: dict[str, Any]) -> str:
    """Matrix products against the peak, then everything else; one column for each number of threads."""
    rows = kernels["rows"]
    threads = sorted({row["threads"] for row in rows})
    products = [row for row in rows if "gflops" in row]
    others = [row for row in rows if "gflops" not in row]
    text = f"Kernels of level {kernels['level']}; measured FMA peak of one thread: {kernels['peak_gflops']:.0f} GFLOP/s.\n\n"
    text += _pivot(
        "matrix product (M,N,K)",
        products,
        threads,
        lambda row: f"{row['us']:.4g} µs, {row['gflops']:.0f} GFLOP/s, {100 * row['of_peak']:.0f} %",
    )
    return text + "\n\n" + _pivot("kernel (elements)", others, threads, _plain)


def _plain(row: dict[str, Any]) -> str:
    each = f", {row['ns_per_element']:.3g} ns each" if "ns_per_element" in row else ""
    return f"{row['us']:.4g} µs{each}"


def _pivot(title: str, rows: list[dict[str, Any]], threads: list[int], show: Any) -> str:
    cells: dict[str, dict[int, str]] = {}
    for row in rows:
        name = row["case"] + (f" ({row['n']:,})" if "n" in row else "")
        cells.setdefault(name, {})[row["threads"]] = show(row)
    heads = [f"{count} thread{'s' if count > 1 else ''}" for count in threads]
    lines = [f"| {title} | " + " | ".join(heads) + " |", "|---|" + "---:|" * len(threads)]
    lines += [f"| {name} | " + " | ".join(found.get(count, "–") for count in threads) + " |" for name, found in cells.items()]
    return "\n".join(lines)
