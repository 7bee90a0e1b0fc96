"""One process with one peer: makes a row ready, then times its measures as often as it is asked to.

Speaks JSON lines on its standard streams. `{"row": ..., "part": "training"}` makes the row of that part ready and warm, and
is answered with `{"measures": [...]}`; after that `{"measure": ...}` is one round of it, answered with `{"seconds": ...}` for
one unit of work. What the peer cannot do is answered with `{"missing": reason}`. Started by run.py, never by hand.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--peer", required=True)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=0)
    parser.add_argument("--bench-session")
    options = parser.parse_args()

    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever libraries print must not mix with the answers
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))[: options.threads]
        os.sched_setaffinity(0, allowed)
    sys.path.insert(0, str(Path(__file__).parent))

    measures: dict[str, Callable[[], float]] = {}
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "row" in request:
                measures = {}  # the models of the last row go before those of this one are made
                gc.collect()
                measures = prepared(request["row"], request["part"], options)
                answer: dict[str, Any] = {"measures": list(measures)}
            else:
                answer = {"seconds": measures[request["measure"]]()}
        except Exception as error:  # noqa: BLE001  a peer's limits are results too
            answer = {"missing": f"{type(error).__name__}: {(str(error).strip() or 'no message').splitlines()[0]}"}
        answers.write(json.dumps(answer) + "\n")


def prepared(row: str, part: str, options: argparse.Namespace) -> dict[str, Callable[[], float]]:
    """The peer's measures of the row, each done once: traced, compiled, its memory touched."""
    import cases
    from peers import PEERS

    case = cases.case(row)
    if options.steps:
        case = cases.smaller(case, options.steps)
    peer = importlib.import_module(PEERS[options.peer])
    measures = {"train": peer.training(case, options)} if part == "training" else peer.inference(case, options)
    for measure in measures.values():
        measure()
    return measures


if __name__ == "__main__":
    main()
