"""From nothing to the first answer: started as a file in a fresh process, timed from outside.

Nothing but the runtime is imported before the last moment is noted. ``perf_counter`` counts
from the same moment in every process of a machine, so the caller's start can be subtracted.
"""

from __future__ import annotations

import json
import sys
import time


def main(model: str, threads: int) -> None:
    """Recognise one blank image; print the moments and the processor time, in s, and memory."""
    moments = {"started": time.perf_counter()}
    import numpy as np

    from edge_infer import Classifier

    moments["imported"] = time.perf_counter()
    classifier = Classifier.load(model, threads=threads)
    moments["loaded"] = time.perf_counter()
    classifier.classify_batch(np.zeros((1, 28, 28), np.uint8))
    moments["answered"] = time.perf_counter()
    cpu_s = time.process_time()

    from edge_bench.memory import own_memory

    memory = own_memory()
    held = [memory.steady_bytes, memory.peak_bytes]
    print(json.dumps({"moments": moments, "cpu_s": cpu_s, "memory": held}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
