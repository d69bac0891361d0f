"""One thread for everybody: programs that are timed side by side get the same core."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager

import cv2


@contextmanager
def on_one_core() -> Generator[None]:
    """Keep OpenCV to one thread and, where the system can, this process to one core.

    Processes that are started within inherit the core.
    """
    threads = cv2.getNumThreads()
    # Not on macOS or Windows: each program is told to use one thread there, and no more.
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    try:
        cv2.setNumThreads(1)
        if cores is not None:
            os.sched_setaffinity(0, {max(cores)})
        yield
    finally:
        cv2.setNumThreads(threads)
        if cores is not None:
            os.sched_setaffinity(0, cores)
