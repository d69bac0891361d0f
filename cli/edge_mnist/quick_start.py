"""What makes a process that recognises a picture or two start and end sooner."""

from __future__ import annotations

import atexit
import gc
import os


def start_and_end_quickly() -> None:
    """Save a short run a third of its CPU time; to be called before numpy is imported.

    OpenBLAS, inside numpy, starts a thread for each core, and they spin while the rest is
    loading; recognition multiplies no large matrices. And at its end Python looks several
    times for cycles among all objects, although the system takes their memory anyway.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    atexit.register(gc.freeze)
