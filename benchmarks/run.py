"""Runs the benchmark cases on keraunos and on every peer that is installed; writes JSON and a Markdown table.

    python benchmarks/run.py --peer-python /path/to/peers/bin/python
    python benchmarks/run.py --rows a,b --peers keraunos,jax-scan --steps 50 --repeats 2      # a quick look

Every peer runs in a process of its own on the same CPUs, all peers of a row take turns, and the median of the rounds
counts. A peer whose round takes longer than five seconds has one round, and the table says so. The peers' environment is
separate from keraunos's; what is not installed there is left out and said so.
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

# Seconds after which one round of a peer is enough: the table says which those are.
LONGEST_ROUND = 5.0


class Worker:
    """A peer's process, see worker.py."""

    def __init__(self, python: str, peer: str, options: argparse.Namespace) -> None:
        self._errors = tempfile.TemporaryFile("w+")
        command = [python, str(HERE / "worker.py"), "--peer", peer, "--threads", str(options.threads), "--steps", str(options.steps)]
        command += ["--bench-session", options.bench_session] if options.bench_session else []
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment(options.threads),
        )

    def ask(self, **request: str) -> dict[str, Any]:
        """The answer; `missing` in it says why there is none."""
        try:
            self._process.stdin.write(json.dumps(request) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        answer = json.loads(line) if line else {"missing": self._last_words()}
        return {"missing": without_folders(answer["missing"])} if "missing" in answer else answer

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().strip().splitlines()
        named = [line for line in lines if line.partition(":")[0].endswith(("Error", "Exception"))]
        last = (named or lines or ["no message"])[-1]
        return f"ended with status {self._process.returncode}: {last}"

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait()
        self._errors.close()


class Workers:
    """The processes of all peers. They live from row to row; one that died is started anew for the next."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._options = options
        self._started: dict[str, Worker] = {}

    def of(self, case: cases.Case, part: str) -> dict[str, Worker]:
        """Those that can do that part of the case."""
        found = {}
        for peer in self._options.peers:
            python = self._options.python if peer == "keraunos" else self._options.peer_python
            if python is None or not offers(peer, case, part):
                continue
            if peer not in self._started or not self._started[peer].is_alive:
                self._started[peer] = Worker(python, peer, self._options)
            found[peer] = self._started[peer]
        return found

    def close(self) -> None:
        for worker in self._started.values():
            worker.close()


def without_folders(text: str) -> str:
    """An error message that may be published: file names without the folders of this machine."""
    return re.sub(r"(?<![\w.])/(?:[^/\s:()'\"]+/)+", "", text)


def environment(threads: int) -> dict[str, str]:
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "KERAUNOS_NUM_THREADS"]
    return {**os.environ, **{name: str(threads) for name in names}, "TF_CPP_MIN_LOG_LEVEL": "3"}


def measure(case: cases.Case, part: str, workers: dict[str, Worker], repeats: int) -> dict[str, dict[str, Any]]:
    """Every measure of the case -> what was found for each peer, all peers in turns."""
    found: dict[str, dict[str, Any]] = {name: {} for name in (["train"] if part == "training" else cases.INFERENCE)}
    turns: dict[str, list[str]] = {}
    for peer, worker in workers.items():
        answer = worker.ask(row=case.row, part=part)
        turns[peer] = answer.get("measures", [])
        if "missing" in answer:
            next(iter(found.values()))[peer] = answer
        for name in turns[peer]:
            found[name][peer] = {"seconds": []}
    for _ in range(repeats):
        for peer, worker in workers.items():
            time.sleep(PAUSE if turns[peer] else 0)
            for name in list(turns[peer]):
                start = time.perf_counter()
                answer = worker.ask(measure=name)
                if "missing" in answer:
                    found[name][peer] = answer
                else:
                    found[name][peer]["seconds"].append(answer["seconds"])
                if "missing" in answer or time.perf_counter() - start > LONGEST_ROUND:
                    turns[peer].remove(name)
    for results in found.values():
        for result in results.values():
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
    parser.add_argument("--rows", default="", help="some of the rows, such as a,b-loss; all")
    parser.add_argument("--parts", default="training,inference,static,kernels", help="some of: %(default)s")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0, help="at most so many steps per timed fit, for trying out")
    parser.add_argument("--wheel", help="the built wheel, for its size")
    parser.add_argument("--bench-kernels", help="the C++ program bench_kernels")
    parser.add_argument("--bench-session", help="the C++ program bench_session, which runs the saved models")
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
    workers = Workers(options)
    for part in ("training", "inference"):
        if part in options.parts:
            result[part] = [entry for case in asked(part, options.rows) for entry in entries(case, part, workers, options.repeats)]
    workers.close()
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


def asked(part: str, rows: list[str]) -> list[cases.Case]:
    """The cases of the part, those of `rows` only if there are any."""
    all_cases = [case for case in cases.TRAINING if part == "training" or case.questions]
    return [case for case in all_cases if not rows or case.row in rows]


def entries(case: cases.Case, part: str, workers: Workers, repeats: int) -> list[dict[str, Any]]:
    """One entry of the results for each measure of the case."""
    start, made = time.perf_counter(), []
    for name, peers in measure(case, part, workers.of(case, part), repeats).items():
        title = case.title if part == "training" else cases.inference_title(case, name)
        if peers:
            made.append({"row": case.row, "measure": name, "title": title, "peers": peers})
            report(made[-1])
    print(f"{case.row} {part}: {time.perf_counter() - start:.0f} s", file=sys.stderr, flush=True)
    return made


def report(entry: dict[str, Any]) -> None:
    name = f"{entry['row']} {entry['measure']}"
    for peer, found in entry["peers"].items():
        shown = f"{found['median'] * 1e6:12.1f} us" if "median" in found else found["missing"]
        print(f"{name:24} {peer:18} {shown}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
