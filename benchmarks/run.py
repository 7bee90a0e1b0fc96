"""Runs the benchmark cases on keraunos and on every peer that is installed; writes JSON and a Markdown table.

    python benchmarks/run.py --peer-python /path/to/peers/bin/python
    python benchmarks/run.py --rows a,b --peers keraunos,jax-scan --steps 50 --repeats 2      # a quick look

Every peer runs in a process of its own on the same CPUs, all peers of a row take turns, and the median of the rounds
counts. The peers' environment is separate from keraunos's; what is not installed there is left out and said so.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import cases  # noqa: E402
import kernels  # noqa: E402
import static  # noqa: E402
import table  # noqa: E402
from peers import PEERS, offers  # noqa: E402

# Between turns, so that threads of the last peer that still spin do not disturb the next one.
PAUSE = 0.3


class Worker:
    """A peer's process for one measurement, see worker.py."""

    def __init__(self, python: str, peer: str, row: str, measure: str, options: argparse.Namespace) -> None:
        self._errors = tempfile.TemporaryFile("w+")
        command = [python, str(HERE / "worker.py"), "--peer", peer, "--row", row, "--measure", measure]
        command += ["--threads", str(options.threads), "--steps", str(options.steps)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(options.threads),
        )
        self.missing = self._answer().get("missing")

    def _answer(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        if line:
            answer = json.loads(line)
            return {"missing": without_folders(answer["missing"])} if "missing" in answer else answer
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        named = [line for line in lines if line.partition(":")[0].endswith(("Error", "Exception"))]
        last = (named or lines or ["no message"])[-1]
        return {"missing": without_folders(f"ended with status {self._process.returncode}: {last}")}

    def round(self) -> float | None:
        """Seconds of one unit, or None when the process has died."""
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        answer = self._answer()
        self.missing = answer.get("missing")
        return answer.get("seconds")

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._errors.close()


def without_folders(text: str) -> str:
    """An error message that may be published: file names without the folders of this machine."""
    return re.sub(r"(?<![\w.])/(?:[^/\s:()'\"]+/)+", "", text)


def environment(threads: int) -> dict[str, str]:
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "KERAUNOS_NUM_THREADS"]
    return {**os.environ, **{name: str(threads) for name in names}, "TF_CPP_MIN_LOG_LEVEL": "3"}


def measure(row: str, what: str, options: argparse.Namespace) -> dict[str, Any]:
    """All peers of one row, in turns."""
    workers, found = {}, {}
    for peer in options.peers:
        python = options.python if peer == "keraunos" else options.peer_python
        if python is None or not offers(peer, cases.case(row), what):
            continue
        worker = Worker(python, peer, row, what, options)
        if worker.missing is None:
            workers[peer] = worker
            found[peer] = {"seconds": []}
        else:
            found[peer] = {"missing": worker.missing}
            worker.close()
    for _ in range(options.repeats):
        for peer, worker in list(workers.items()):
            time.sleep(PAUSE)
            seconds = worker.round()
            if seconds is None:
                found[peer] = {"missing": worker.missing}
                workers.pop(peer).close()
            else:
                found[peer]["seconds"].append(seconds)
    for worker in workers.values():
        worker.close()
    for result in found.values():
        if "seconds" in result:
            result["median"] = median(result["seconds"])
    return found


def machine(options: argparse.Namespace) -> dict[str, Any]:
    model = platform.processor()
    if Path("/proc/cpuinfo").exists():
        names = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
        model = names[0].partition(":")[2].strip() if names else model
    return {
        "cpu": model,
        "cpus": os.cpu_count(),
        "threads": options.threads,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now(timezone.utc).strftime("%Y-%m-%d"),
        "versions": static.versions(options),
    }


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--python", default=sys.executable, help="the Python that has keraunos (this one)")
    parser.add_argument("--peer-python", help="the Python of the peers' environment; without it only keraunos runs")
    parser.add_argument("--peers", default=",".join(PEERS), help="some of: %(default)s")
    parser.add_argument("--rows", default="", help="training rows and rows of inference, such as a,b-loss; all")
    parser.add_argument("--parts", default="training,inference,static,kernels", help="some of: %(default)s")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help="at most so many steps per timed fit, for trying out")
    parser.add_argument("--wheel", help="the built wheel, for its size")
    parser.add_argument("--bench-kernels", help="the C++ program bench_kernels")
    parser.add_argument("--output", default=str(HERE / "results" / "latest.json"))
    parser.add_argument("--table", default=str(HERE / "RESULTS.md"), help="the Markdown file to write")
    parser.add_argument("--readme", help="also fill the block of this README")
    options = parser.parse_args()
    options.peers = [peer for peer in options.peers.split(",") if peer]
    unknown = sorted(set(options.peers) - set(PEERS))
    if unknown:
        parser.error(f"unknown peers: {', '.join(unknown)}")
    options.rows = [row for row in options.rows.split(",") if row]
    options.parts = options.parts.split(",")
    return options


def main() -> None:
    options = parse()
    result: dict[str, Any] = {"machine": machine(options), "repeats": options.repeats, "steps": options.steps}

    def wanted(row: str) -> bool:
        return not options.rows or row in options.rows

    if "training" in options.parts:
        result["training"] = []
        for case in cases.TRAINING:
            if wanted(case.row):
                entry = {"row": case.row, "title": case.title, "peers": measure(case.row, "train", options)}
                result["training"].append(entry)
                report(entry)
    if "inference" in options.parts:
        result["inference"] = []
        for row in filter(wanted, cases.INFERENCE_ROWS):
            for what, title in cases.INFERENCE.items():
                entry = {"row": row, "measure": what, "title": title, "peers": measure(row, what, options)}
                result["inference"].append(entry)
                report(entry)
    if "static" in options.parts:
        result["static"] = static.measure(options)
    if "kernels" in options.parts and options.bench_kernels:
        result["kernels"] = kernels.measure(options.bench_kernels, options.threads)

    output = Path(options.output)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(result, indent=1) + "\n")
    text = table.markdown(result)
    Path(options.table).write_text(text)
    if options.readme:
        table.fill(Path(options.readme), table.summary(result))
    print(text)


def report(entry: dict[str, Any]) -> None:
    name = f"{entry['row']} {entry.get('measure', 'train')}"
    for peer, found in entry["peers"].items():
        shown = f"{found['median'] * 1e6:12.1f} us" if "median" in found else found["missing"]
        print(f"{name:24} {peer:18} {shown}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
