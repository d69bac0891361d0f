"""The program of the new processes: a cold start, or one case repeated for its memory.

``worker.py cold MODEL THREADS`` imports nothing but the runtime before the last moment is
taken. ``perf_counter`` has the same origin in every process of a machine, so the caller can
subtract the moment at which it started this process.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Final

_STATUS: Final = Path("/proc/self/status")
# Memory is steady after some calls. A large batch or a folder needs a time limit.
_CALLS: Final = 20
_LIMIT_S: Final = 0.5


def start_cold(model: str, threads: int) -> None:
    """Classify one blank image; print moments and processor time in seconds, and memory."""
    moments = {"started": time.perf_counter()}
    import numpy as np

    from edge_infer import Classifier

    moments["imported"] = time.perf_counter()
    classifier = Classifier.load(model, threads=threads)
    moments["loaded"] = time.perf_counter()
    classifier.classify_batch(np.zeros((1, 28, 28), np.uint8))
    moments["answered"] = time.perf_counter()
    cpu_s = time.process_time()
    print(json.dumps({"moments": moments, "cpu_s": cpu_s, "memory": own_memory_bytes()}))


def repeat_case(words: str) -> None:
    """Run the case that the JSON text describes some times; print the memory."""
    from edge_bench.pictures import Pictures
    from edge_bench.scenarios import make_call
    from edge_bench.summary import Case

    document = json.loads(words)
    pictures = Pictures(Path(document["pictures"]))
    call = make_call(Case(**document["case"]), document["model"], pictures)
    ends_s = time.perf_counter() + _LIMIT_S
    for _ in range(_CALLS):
        call()
        if time.perf_counter() > ends_s:
            break
    print(json.dumps(own_memory_bytes()))


def own_memory_bytes() -> list[int | None]:
    """Return the resident and the peak memory of this process; None where it is unknown."""
    if _STATUS.is_file():
        lines = (line.split() for line in _STATUS.read_text(encoding="ascii").splitlines())
        kib = {words[0]: int(words[1]) for words in lines if words[0] in {"VmRSS:", "VmHWM:"}}
        return [1024 * kib[name] if name in kib else None for name in ("VmRSS:", "VmHWM:")]
    try:
        import resource
    except ImportError:  # Windows has no such module.
        return [None, None]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # getrusage(2) counts bytes on macOS and KiB elsewhere.
    return [None, peak if sys.platform == "darwin" else 1024 * peak]


if __name__ == "__main__":
    if sys.argv[1] == "cold":
        start_cold(sys.argv[2], int(sys.argv[3]))
    else:
        repeat_case(sys.argv[2])
