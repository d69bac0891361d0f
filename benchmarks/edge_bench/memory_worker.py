"""Memory of one case with one model, in a process that does nothing else.

Run as a module with the case as JSON; prints what it holds and held at most.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Final

from edge_bench.memory import own_memory
from edge_bench.pictures import Pictures
from edge_bench.scenarios import make_call
from edge_bench.summary import Case

# Memory is steady after some calls; those of a large batch or a folder take their time.
_CALLS: Final = 20
_LIMIT_S: Final = 0.5


def main(words: str) -> None:
    """Do what the case is about some times."""
    document = json.loads(words)
    pictures = Pictures(Path(document["pictures"]))
    call = make_call(Case(**document["case"]), document["model"], pictures)
    ends_s = time.perf_counter() + _LIMIT_S
    for _ in range(_CALLS):
        call()
        if time.perf_counter() > ends_s:
            break
    memory = own_memory()
    print(json.dumps([memory.steady_bytes, memory.peak_bytes]))


if __name__ == "__main__":
    main(sys.argv[1])
