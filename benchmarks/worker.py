"""One process with one peer: makes the measurement ready, then times it each time it is asked to.

Speaks JSON lines on its standard streams: after `ready`, each line read is one round, answered with
`{"seconds": ...}` for one unit of work. Started by run.py, never by hand.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", required=True)
    parser.add_argument("--row", required=True)
    parser.add_argument("--measure", default="train")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0)
    options = parser.parse_args()

    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever libraries print must not mix with the answers
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))[: options.threads]
        os.sched_setaffinity(0, allowed)

    sys.path.insert(0, str(Path(__file__).parent))
    import cases
    from peers import PEERS

    case = cases.case(options.row)
    if options.steps:
        case = cases.smaller(case, options.steps)
    module = PEERS[options.peer]
    try:
        peer = importlib.import_module(module)
        measure = peer.prepare(options.peer, case, options.measure, options.threads)
    except ImportError as error:
        answers.write(json.dumps({"missing": f"{type(error).__name__}: {error}"}) + "\n")
        return
    measure()  # warmup: tracing, compiling, first touch
    answers.write(json.dumps({"ready": True}) + "\n")
    for _ in sys.stdin:
        answers.write(json.dumps({"seconds": measure()}) + "\n")


if __name__ == "__main__":
    main()
