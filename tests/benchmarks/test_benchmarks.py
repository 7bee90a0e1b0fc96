"""The benchmark runner works from one end to the other; its numbers are not looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(folder, *arguments):
    command = [sys.executable, str(ROOT / "benchmarks/run.py"), "--peers", "keraunos", "--steps", "2", "--repeats", "1"]
    command += ["--output", str(folder / "results.json"), "--table", str(folder / "table.md"), *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
    assert finished.returncode == 0, finished.stderr
    return json.loads((folder / "results.json").read_text()), (folder / "table.md").read_text()


def test_every_small_training_row_runs_and_stands_in_the_table(tmp_path):
    rows = ["a", "b", "e", "b-layer", "b-loss", "b-metric", "b-train_step", "T5"]
    result, table = run(tmp_path, "--parts", "training", "--rows", ",".join(rows))
    assert [entry["row"] for entry in result["training"]] == rows
    for entry in result["training"]:
        assert entry["peers"]["keraunos"]["median"] > 0, entry
        assert entry["title"] in table


def test_every_row_of_inference_runs_and_stands_in_the_table(tmp_path):
    result, table = run(tmp_path, "--parts", "inference")
    found = {(entry["row"], entry["measure"]) for entry in result["inference"]}
    rows = ["a", "c", "T5", "T6", "T7", "T8", "T9", "T10"]
    assert found == {(row, measure) for row in rows for measure in ("predict", "predict_on_batch", "call", "batches")}
    for entry in result["inference"]:
        assert entry["peers"]["keraunos"]["median"] > 0, entry
        assert f"({entry['row']}) {entry['title']}" in table


def test_the_table_says_who_had_fewer_rounds(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import table

    peers = {"keraunos": {"seconds": [1.0, 1.1], "median": 1.05}, "jax-scan": {"seconds": [9.0], "median": 9.0}, "jax": {"missing": "no jax"}}
    entry = {"row": "T5", "measure": "train", "title": "images", "peers": peers}
    machine = {"cpu": "any", "threads": 2, "python": "3", "date": "today", "versions": {}}
    text = table.markdown({"machine": machine, "repeats": 2, "steps": 0, "training": [entry]})
    assert "Fewer rounds than 2, because one took more than five seconds: jax-scan (T5) 1." in text
    assert "* jax: no jax — (T5) train" in text


def test_static_rows_and_the_block_of_the_readme_are_written(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text((ROOT / "README.md").read_text(encoding="utf-8"), encoding="utf-8")
    result, _ = run(tmp_path, "--parts", "static,inference", "--rows", "a", "--readme", str(readme))
    static = result["static"]["keraunos"]
    assert 0 < static["numpy_seconds"] < static["import_seconds"]
    assert static["installed_bytes"] > 0 and static["first_epoch_seconds"] > 0
    text = readme.read_text(encoding="utf-8")
    assert "one sample, model(x)" in text and "medians of 1 rounds" in text
    assert text.count("benchmarks: begin") == text.count("benchmarks: end") == 1


def test_the_lines_of_bench_kernels_become_a_table(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    import kernels

    program = tmp_path / "bench_kernels"
    lines = [
        {"case": "peak", "level": "avx2", "gflops": 80.0},
        {"case": "gemm NN 32,32,8", "threads": 1, "us": 0.3, "gflops": 54.6, "of_peak": 0.68},
        {"case": "gemm NN 32,32,8", "threads": 2, "us": 0.3, "gflops": 54.6, "of_peak": 0.34},
        {"case": "map exp", "threads": 1, "n": 4096, "us": 2.0, "ns_per_element": 0.49},
    ]
    printed = "\n".join(json.dumps(line) for line in lines)
    program.write_text(f"#!/bin/sh\ncat <<'END'\n{printed}\nEND\n")
    program.chmod(0o755)
    text = kernels.markdown(kernels.measure(str(program), 2))
    assert "80 GFLOP/s" in text
    assert "| gemm NN 32,32,8 | 0.3 µs, 55 GFLOP/s, 68 % | 0.3 µs, 55 GFLOP/s, 34 % |" in text
    assert "| map exp (4,096) | 2 µs, 0.49 ns each | – |" in text


@pytest.mark.parametrize("wrong", [["--peers", "abacus"], ["--rows"]])
def test_wrong_arguments_are_named(wrong, tmp_path):
    command = [sys.executable, str(ROOT / "benchmarks/run.py"), *wrong]
    finished = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert finished.returncode == 2 and wrong[-1].strip("-") in finished.stderr
