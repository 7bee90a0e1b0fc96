"""What does not repeat: import time, sizes, memory after import, and the time until a model has learnt something."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from statistics import median
from typing import Any

from peers import KERAS_PEERS

HERE = Path(__file__).resolve().parent
DISTRIBUTIONS = {
    "keraunos": ["keraunos"],
    "keras-tensorflow": ["keras", "tensorflow-cpu", "tensorflow"],
    "keras-jax": ["keras", "jax"],
    "keras-torch": ["keras", "torch"],
}
VERSIONS = ["keras", "tensorflow-cpu", "tensorflow", "jax", "torch", "scikit-learn", "onnxruntime", "ai-edge-litert"]

MEMORY = """
def resident():
    import sys
    status = dict(line.split(":", 1) for line in open("/proc/self/status")) if sys.platform == "linux" else {{}}
    return 1024 * int(status.get("VmRSS", "0 kB").split()[0])
"""

IMPORT = MEMORY + """
import time
start = time.perf_counter()
import numpy
middle = time.perf_counter()
import {module}
end = time.perf_counter()
print([end - start, middle - start, resident()])
"""

# Names are resolved when they are first used: the import alone says little.
FIRST_USE = MEMORY + """
import time
start = time.perf_counter()
import {module} as keras
model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
model.compile(optimizer="adam", loss="mse")
print([time.perf_counter() - start, resident()])
"""

SIZES = """
import importlib.metadata as metadata, importlib.util, json, pathlib, re, sys
seen, names = {}, list(sys.argv[1:])
while names:
    name = re.sub(r"[-_.]+", "-", names.pop()).lower()
    if name in seen:
        continue
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        spec = importlib.util.find_spec(name) if name == "keraunos" else None
        if spec is not None:  # used from its source folder
            folder = pathlib.Path(spec.origin).parent
            seen[name] = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
        continue
    seen[name] = sum(
        path.stat().st_size for path in map(found.locate_file, found.files or []) if path.is_file() and path.suffix != ".pyc"
    )
    for requirement in found.requires or []:
        if "extra ==" not in requirement:
            names.append(re.match(r"[\\w.-]+", requirement).group())
print(json.dumps(seen))
"""

LEARN = """
import sys
sys.path.insert(0, {here!r})
import cases
from dataclasses import replace
from peers.keras_api import load
keras = load({peer!r}, {threads})
case = replace(cases.case("b"), epochs=1)
model = cases.build(case, keras)
x, y = cases.data(case)
if {until!r} == "step":
    model.train_on_batch(x[:case.batch_size], y[:case.batch_size])
else:
    model.fit(x, y, batch_size=case.batch_size, epochs=1, verbose=0)
print("done", flush=True)
"""


def versions(options: argparse.Namespace) -> dict[str, str]:
    """Versions of what is installed in the peers' environment."""
    if options.peer_python is None:
        return {}
    code = (
        "import importlib.metadata as m, json, sys\nfound = {}\nfor name in sys.argv[1:]:\n"
        "    try: found[name] = m.version(name)\n    except m.PackageNotFoundError: pass\nprint(json.dumps(found))"
    )
    return json.loads(_output(options.peer_python, code, VERSIONS, {}))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All static rows of keraunos and of Keras on its backends."""
    result: dict[str, Any] = {}
    for peer in ["keraunos", *KERAS_PEERS]:
        python = options.python if peer == "keraunos" else options.peer_python
        if peer not in options.peers or python is None:
            continue
        try:
            result[peer] = _measure(peer, python, options)
        except subprocess.CalledProcessError as error:
            last = (error.stderr.strip().splitlines() or ["no message"])[-1]
            result[peer] = {"missing": last.rpartition(" (/")[0] or last}
        print(f"static {peer}: {result[peer]}", file=sys.stderr, flush=True)
    if options.wheel and "keraunos" in result:
        result["keraunos"]["wheel_bytes"] = Path(options.wheel).stat().st_size
        # What pip unpacks: a checkout has no static library and no headers beside the package.
        with zipfile.ZipFile(options.wheel) as wheel:
            unpacked = sum(member.file_size for member in wheel.infolist())
        result["keraunos"].update(own_installed_bytes=unpacked, installed_bytes=unpacked)
    return result


def _measure(peer: str, python: str, options: argparse.Namespace) -> dict[str, Any]:
    module = "keraunos" if peer == "keraunos" else "keras"
    backend = {} if peer == "keraunos" else {"KERAS_BACKEND": peer.removeprefix("keras-")}
    imports = [json.loads(_output(python, IMPORT.format(module=module), [], backend)) for _ in range(options.repeats)]
    first_uses = [json.loads(_output(python, FIRST_USE.format(module=module), [], backend)) for _ in range(options.repeats)]
    sizes = json.loads(_output(python, SIZES, DISTRIBUTIONS[peer], {}))
    learn = {
        until: median(
            _seconds(python, LEARN.format(here=str(HERE), peer=peer, threads=options.threads, until=until), backend)
            for _ in range(options.repeats)
        )
        for until in ("step", "epoch")
    }
    return {
        "import_seconds": median(total for total, _, _ in imports),
        "numpy_seconds": median(numpy for _, numpy, _ in imports),
        "first_use_seconds": median(seconds for seconds, _ in first_uses),
        "rss_bytes": median(rss for _, _, rss in imports),
        "first_use_rss_bytes": median(rss for _, rss in first_uses),
        "own_installed_bytes": sizes.get(module, 0),
        "installed_bytes": sum(sizes.values()),
        "first_step_seconds": learn["step"],
        "first_epoch_seconds": learn["epoch"],
    }


def _output(python: str, code: str, arguments: list[str], environment: dict[str, str]) -> str:
    command = [python, "-c", code, *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return finished.stdout.strip().splitlines()[-1]


def _seconds(python: str, code: str, environment: dict[str, str]) -> float:
    """From the start of the process until its last work is done; its end is not waited for."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [python, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
    )
    for line in process.stdout:
        if line.strip() == "done":
            break
    seconds = time.perf_counter() - start
    _, errors = process.communicate()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, python, stderr=errors)
    return seconds
